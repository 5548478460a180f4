import type { Socket } from 'node:net';
import type { Clock } from '../engine/index.js';

/** How often, in ms, it is checked whether a client takes what it is sent. */
const CHECK_EVERY = 500;

/**
 * So many checks in a row may find that a client has taken nothing, 5 s in all, before it is cut. Checks are counted, not time: if this
 * process is held up itself, the client gets as much longer.
 */
const IDLE_CHECKS = 10;

/** Sends what is to be sent and the end; cuts the connection if the client takes nothing for a while, or does not end its side soon. */
export function endSoon(socket: Socket, clock: Clock, last = ''): void {
  // What still comes is thrown away: unread, it would make the system drop the replies on their way.
  socket.resume();
  socket.end(last);
  cutWhenIdle(socket, clock);
}

/**
 * Cuts a connection whose client has stopped taking what it is sent. One that has taken everything is to end it within a check.
 * @param keepsWaiting Whether it is not the client's turn now.
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
