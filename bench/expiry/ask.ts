import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Requests and the only correct replies, as they are sent, in ASCII. */
export interface Exchange {
  readonly request: string;
  readonly reply: string;
}

/** Encodes a request in RESP. The words are ASCII. */
export function encodeRequest(...words: readonly (string | number)[]): string {
  let text = `*${words.length}\r\n`;
  for (const word of words.map(String)) text += encodeBulk(word);
  return text;
}

/** Encodes a RESP bulk string. */
export function encodeBulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/**
 * Connects to a server on this machine.
 * @throws Error if none listens on the port.
 */
export async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  // After an error the socket closes, which the user of the connection handles.
  socket.on('error', () => {});
  return socket;
}

/**
 * Sends requests and waits for their replies. It uses no client library, because the library's own work would be
 * measured too. All replies are known in advance.
 *
 * @throws Error if another reply comes, or the connection ends.
 */
export async function ask(socket: Socket, { request, reply }: Exchange): Promise<void> {
  const { promise, resolve, reject } = withResolvers();
  let received = '';
  const receive = (chunk: Buffer) => {
    received += chunk.toString('latin1');
    if (received === reply) resolve();
    else if (!reply.startsWith(received)) reject(new Error(`the server replied ${JSON.stringify(received)}`));
  };
  const close = () => reject(new Error('the server closed the connection'));
  socket.on('data', receive).once('close', close).write(request);
  try {
    await promise;
  } finally {
    socket.off('data', receive).off('close', close);
  }
}

function withResolvers() {
  let resolve = () => {};
  let reject = (_: Error) => {};
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
