import type { Socket } from 'node:net';
import type { Clock } from '../engine/index.js';

/** How often, in ms, it is checked whether a client reads what it is sent. */
const CHECK_EVERY = 500;

/**
 * A connection is cut when this many checks in a row, 5 s in all, find that the client has read nothing. Checks are counted instead of time: if this
 * process itself is held up, the client gets that much longer.
 */
const IDLE_CHECKS = 10;

/** Sends the rest of the output and ends the connection; cuts it if the client reads nothing for a while, or does not end its side soon. */
export function endSoon(socket: Socket, clock: Clock, last = ''): void {
  // What still comes is thrown away: unread, it would make the system drop the replies on their way.
  socket.resume();
  socket.end(last);
  cutWhenIdle(socket, clock);
}

/**
 * Cuts a connection whose client has stopped reading. A client that has read everything must end its side before the next check.
 * @param keepsWaiting Whether the client is waiting for the server now.
 */
export function cutWhenIdle(socket: Socket, clock: Clock, keepsWaiting: () => boolean = () => false): void {
  let untaken = untakenBytes(socket);
  let idleChecks = 0;
  const check = () => {
    const before = untaken;
    untaken = untakenBytes(socket);
    idleChecks = untaken !== before || keepsWaiting() ? 0 : idleChecks + 1;
    if (idleChecks >= (untaken === 0 ? 1 : IDLE_CHECKS)) socket.destroy();
    else cancel = clock.after(CHECK_EVERY, check);
  };
  let cancel = clock.after(CHECK_EVERY, check);
  socket.once('close', () => cancel());
}

/**
 * Bytes that the system has not taken yet: it takes them as the client reads. `writableLength` alone would count a large reply until
 * all of it is taken, so that a slow reader and one that has stopped would look the same; Node's own timeouts look here, too.
 */
export function untakenBytes(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return socket.writableLength === 0 ? 0 : socket.writableLength + (handle?.writeQueueSize ?? 0);
}
