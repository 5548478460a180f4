import type { Command } from 'commander';
import { type Config, ConfigError, withDefaults } from '../../config.js';
import { withPassword } from '../../credential-files.js';
import { endpoint, reachable } from '../../endpoint.js';
import { bindAddresses } from '../../server/listen.js';
import { ProgramConfig } from '../program-config.js';
import { askWithPing, type PingTarget } from './ask-with-ping.js';
import { Unhealthy } from './unhealthy.js';

/** Where to ask a server. */
type Target = { readonly url: URL } | PingTarget;

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
    console.log(await ask(target, config));
  } catch (error) {
    if (error instanceof Unhealthy || error instanceof ConfigError)
      command.error(error.message.replace(/^/gm, 'error: '));
    throw error;
  }
}

/** Returns what to print. @throws Unhealthy */
async function ask(target: Target, config: Config): Promise<string> {
  if (!('url' in target)) return askWithPing(target, withPassword(config).requirepass);
  // Loaded only here: `node:http` loads undici, which takes a tenth of the time that the server needs to start.
  const { askOverHttp } = await import('./ask-over-http.js');
  return askOverHttp(target.url);
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
