import type { Socket } from 'node:net';
import type { Clock } from '../engine/index.js';

/** How often to check whether a client reads its output, in ms. */
const CHECK_EVERY = 500;

/**
 * A connection is cut when this many checks in a row, 5 s in all, find that the client has read nothing. Counting
 * checks instead of time gives the client longer if this process itself is held up.
 */
const IDLE_CHECKS = 10;

/**
 * Sends the remaining output and ends the connection. Cuts it if the client reads nothing for a while, or does not end
 * its side soon.
 */
export function endSoon(socket: Socket, clock: Clock, last = ''): void {
  // Input is discarded. Left unread, it would make the system drop the replies that it has not delivered yet.
  socket.resume();
  socket.end(last);
  cutWhenIdle(socket, clock);
}

/**
 * Cuts a connection whose client has stopped reading. A client that has read everything must end its side before the
 * next check.
 * @param keepsWaiting Whether the client is currently waiting for the server.
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
 * Returns how many bytes the system has not accepted yet; it accepts more as the client reads. `writableLength` alone
 * would count a large reply until all of it is accepted, so a slow reader would look like one that has stopped. Node's
 * own timeouts use this value too.
 */
export function untakenBytes(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return socket.writableLength === 0 ? 0 : socket.writableLength + (handle?.writeQueueSize ?? 0);
}
