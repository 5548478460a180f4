import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Requests, and the only replies to them that are right. Both as they go over the wire, in ASCII. */
export interface Exchange {
  readonly request: string;
  readonly reply: string;
}

/** A request as RESP has it, of words in ASCII. */
export function encodeRequest(...words: readonly (string | number)[]): string {
  let text = `*${words.length}\r\n`;
  for (const word of words.map(String)) text += encodeBulk(word);
  return text;
}

/** A string as RESP has it where it may hold any bytes. */
export function encodeBulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/** Connects to a server on this machine. @throws Error if there is none on the port. */
export async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  // Whoever uses the connection minds that it closes, which comes next.
  socket.on('error', () => {});
  return socket;
}

/**
 * Sends requests and waits for their replies. There is no client library in between, whose own work would be measured
 * along with the server's, and none is needed: all replies are known beforehand.
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
