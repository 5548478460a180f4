import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { endpoint } from '../../endpoint.js';
import { isLoopback } from '../../origin.js';
import { encodeRequest } from '../../resp/encode-request.js';
import { MAX_ANSWER, TIMEOUT_MS, Unhealthy, whyUnasked } from './unhealthy.js';

/** Where a server accepts clients. */
export type PingTarget =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly tls: boolean };

/** Asks with PING. Returns what to print. @throws Unhealthy */
export async function askWithPing(target: PingTarget, password: string): Promise<string> {
  const where = 'path' in target ? target.path : endpoint(target.host, target.port);
  const logIn = password === '' ? [] : [['AUTH', 'default', password]];
  const requests = [...logIn, ['PING']];
  let socket: Socket | undefined;
  try {
    socket = open(target);
    const replies = await exchange(socket, Buffer.concat(requests.map(encodeRequest)), requests.length);
    const error = replies.find((reply) => reply.startsWith('-'));
    if (error === undefined) return `${where}: ready`;
    // It cannot be asked more without a password, but it answers.
    if (error.startsWith('-NOAUTH ')) return `${where}: alive; it needs a password to say whether it is ready`;
    throw new Unhealthy(`${where}: not ready: ${error.slice(1)}`);
  } catch (error) {
    throw error instanceof Unhealthy ? error : new Unhealthy(`${where}: ${whyUnasked(error)}`);
  } finally {
    socket?.destroy();
  }
}

function open(target: PingTarget): Socket {
  if ('path' in target) return connect({ path: target.path });
  const { host, port, tls } = target;
  return tls ? connectTls({ host, port, rejectUnauthorized: !isLoopback(host) }) : connect({ host, port });
}

/** Sends requests and returns the lines of the replies. */
async function exchange(socket: Socket, requests: Buffer, replies: number): Promise<string[]> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  signal.addEventListener('abort', () => socket.destroy(signal.reason));
  socket.write(requests);
  let received = '';
  for await (const chunk of socket.setEncoding('latin1')) {
    received += chunk;
    const lines = received.split('\r\n');
    if (lines.length > replies) return lines.slice(0, replies);
    if (received.length > MAX_ANSWER) break;
  }
  throw new Error('it does not answer as respite does');
}
