import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Command } from 'commander';
import { type Config, ConfigError, withDefaults } from '../config.js';
import { withPassword } from '../credential-files.js';
import { endpoint, reachable } from '../endpoint.js';
import { isLoopback } from '../origin.js';
import { encodeRequest } from '../resp/encode-request.js';
import { bindAddresses } from '../server/listen.js';
import { reasonOf } from '../system-error.js';
import { ProgramConfig } from './program-config.js';

/** How many ms a server may take to answer. */
const TIMEOUT_MS = 5000;

/** The longest answer that is read, in characters. */
const MAX_ANSWER = 64 * 1024;

/** A server is not healthy. The message is one line that says why. */
class Unhealthy extends Error {}

/** Where to ask a server. */
type Target =
  | { readonly url: URL }
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly tls: boolean };

/** The options of the command. */
interface Given {
  readonly url?: string;
  readonly socket?: string;
}

/** Adds `respite health`. */
export function addHealthCommand(program: Command): void {
  program
    .command('health')
    .usage('[--url URL | --socket path] [file]')
    .description('Ask a running server whether it is ready. Exits with 0 if it is, otherwise with 1 and the reason.')
    .allowExcessArguments(false)
    .argument('[file]', 'The configuration file of the server, if it has one.')
    .option('--url <URL>', 'Where to ask over HTTP. Default: http-port, if it is set.')
    .option('--socket <path>', 'The unix socket to ask. Default: the port or the unix socket, if http-port is not set.')
    .helpOption('-h, --help', 'Show this help.')
    .action((file: string | undefined, given: Given, command: Command) => health(program, file, given, command));
}

async function health(program: Command, file: string | undefined, given: Given, command: Command): Promise<void> {
  try {
    const config = withDefaults(new ProgramConfig(program, file).read());
    const target = targetOf(config, given);
    console.log('url' in target ? await get(target.url) : await ping(target, withPassword(config).requirepass));
  } catch (error) {
    if (error instanceof Unhealthy || error instanceof ConfigError)
      command.error(error.message.replace(/^/gm, 'error: '));
    throw error;
  }
}

/** @throws ConfigError if it does not know where the server is. */
function targetOf(config: Config, { url, socket }: Given): Target {
  if (url !== undefined && socket !== undefined) throw new ConfigError('give either --url or --socket');
  if (url !== undefined) return { url: healthUrl(url) };
  if (socket !== undefined) return { path: socket };
  const tls = config['tls-cert'] !== '';
  const httpPort = config['http-port'];
  if (httpPort !== undefined && httpPort !== 0) {
    return {
      url: new URL(`${tls ? 'https' : 'http'}://${endpoint(hostOf(config['http-bind']), httpPort)}/readyz`),
    };
  }
  if (config.bind.trim() !== '' && config.port !== 0) return { host: hostOf(config.bind), port: config.port, tls };
  if (config.unixsocket !== '') return { path: config.unixsocket };
  throw new ConfigError('the port of the server is not known: set http-port or port, or give --url or --socket');
}

/** @throws ConfigError if it is not a URL of HTTP. */
function healthUrl(given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError('--url must be a URL such as http://127.0.0.1:8080');
  }
  if (url.pathname === '/') url.pathname = '/readyz';
  return url;
}

/** Returns the first address of a `bind` option, as seen from this machine. */
function hostOf(bind: string): string {
  const [{ host }] = bindAddresses(bind);
  return reachable(host);
}

/** Asks over HTTP. Returns what to print. @throws Unhealthy */
async function get(url: URL): Promise<string> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  // On the same machine nobody else can pretend to be the server, so its certificate may be any.
  const options = { signal: AbortSignal.timeout(TIMEOUT_MS), agent: false, rejectUnauthorized: !isLoopback(host) };
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = (url.protocol === 'https:' ? requestTls : request)(url, options, async (response) => {
      let received = '';
      try {
        for await (const chunk of response.setEncoding('utf8')) {
          received += chunk;
          if (received.length > MAX_ANSWER) break;
        }
        resolve({ status: response.statusCode ?? 0, text: received });
      } catch (error) {
        reject(error);
      }
    });
    asked.once('error', reject).end();
  }).catch((error) => {
    throw new Unhealthy(`${url.host}: ${describe(error)}`);
  });
  if (status === 200) return `${url.host}: ready`;
  const failed = text.split('\n').filter((line) => line.startsWith('[-]'));
  const reason = failed.map((line) => line.slice('[-]'.length)).join('; ') || `it answers with the status ${status}`;
  throw new Unhealthy(`${url.host}: not ready: ${reason}`);
}

/** Asks with PING. Returns what to print. @throws Unhealthy */
async function ping(target: Exclude<Target, { url: URL }>, password: string): Promise<string> {
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
    throw error instanceof Unhealthy ? error : new Unhealthy(`${where}: ${describe(error)}`);
  } finally {
    socket?.destroy();
  }
}

function open(target: Exclude<Target, { url: URL }>): Socket {
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

function describe(error: unknown): string {
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || name === 'AbortError') return `it has not answered within ${TIMEOUT_MS / 1000} s`;
  return code?.startsWith('E') ? reasonOf(error) : message.split('\n', 1)[0];
}
