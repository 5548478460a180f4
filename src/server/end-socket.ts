import type { Socket } from 'node:net';

/** After the last reply a client has this long, in ms, to read it before the connection is cut. */
const LINGER_MS = 500;

/** Sends what is to be sent and the end; cuts the connection if the other side does not follow soon. */
export function endSoon(socket: Socket, last = ''): void {
  // What still comes is thrown away: unread, it would make the system drop the replies on their way.
  socket.resume();
  socket.end(last);
  cutSoon(socket);
}

/** Cuts a connection unless it ends soon by itself. */
export function cutSoon(socket: Socket): void {
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(cut));
}
