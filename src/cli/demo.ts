import type { Command } from 'commander';
import { ConfigError, type OptionName } from '../config.js';
import { counted } from '../counted.js';
import { createServer, type GivenLog, ListenError, type Server, systemClock } from '../index.js';
import { type Given, readGiven } from './given-options.js';

/** Adds `respite demo`. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .usage('[--port port] [--http-port port]')
    .description('Start a server with a simulated shop, and a page to watch its sessions on.')
    .allowExcessArguments(false)
    .option('--port <port>', 'Port for Redis clients. Default: a free one.', '0')
    .option('--http-port <port>', 'Port of the page. Default: a free one.', '0')
    .helpOption('-h, --help', 'Show this help.')
    .action(demo);
}

async function demo(given: { port: string; httpPort: string }, command: Command): Promise<void> {
  try {
    const ports = readGiven(
      new Map<OptionName, Given>([
        ['port', { value: given.port, source: 'command line' }],
        ['http-port', { value: given.httpPort, source: 'command line' }],
      ]),
    );
    // A lower limit than the default, so that the page has slow commands to show.
    const server = createServer({ ...ports, 'slowlog-log-slower-than': SLOW_US }, { log });
    await server.listen();
    await show(server);
    process.exit(0);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ListenError) command.error(`error: ${error.message}`);
    throw error;
  }
}

/** What counts as a slow command, in µs. */
const SLOW_US = 500;

/** The terminal belongs to the demo. Only warnings are shown. */
const log: GivenLog = { notice() {}, warning: (line) => console.error(line) };

/** Runs the shop until somebody stops the server. */
async function show(server: Server): Promise<void> {
  // A server that is started without the demo does not load it.
  const { Demo } = await import('../demo/demo.js');
  const shop = await Demo.open(server.addresses[0].port, systemClock);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      shop.close();
      void server.close();
    });
  }
  console.log(invitation(server));
  await server.closed;
  shop.close();
  const { created, expired, lateP99 } = server.engine.stats();
  const onTime = expired === 0 ? '' : `, 99 % of them at most ${lateP99} ms late`;
  console.log(`\nThe shop is closed. It had ${counted(created, 'session')}; ${expired} expired${onTime}.`);
}

function invitation(server: Server): string {
  const { httpUrl: url } = server;
  const [{ port }] = server.addresses;
  return `A simulated shop is open: visitors fill baskets and forget them, customers log in, order and log out.

  page           ${url}
  Redis clients  127.0.0.1:${port}

Three things to try:

1. Open the page and watch a basket expire. Nobody touches it for 8 seconds, and it is gone.

2. Log a customer out everywhere:
     redis-cli -p ${port} SESSION.ENDNAME user:ada
   The same without redis-cli:
     node -e "net.connect(${port}).end('SESSION.ENDNAME user:ada\\r\\n').pipe(process.stdout)"

3. Follow the events in a terminal, as the page does:
     curl -N ${url}live

Some requests come after their customer has logged out. respite refuses them, by design: a late write does not bring a
session back. The page counts them as NOSESSION.

Everything is in memory. Press Ctrl+C to close the shop.`;
}
