#!/usr/bin/env node
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  type Config,
  ConfigError,
  describeDefault,
  environmentName,
  OPTIONS,
  type OptionName,
  optionNames,
  parseOption,
  withDefaults,
} from './config.js';
import { createServer, ListenError, type Log, type Server, streamLog } from './index.js';
import { checkJournal, checkLines, JournalError } from './journal/index.js';
import { bindAddresses } from './server/listen.js';
import { isLoopback, PROTECTED_MODE } from './server/protected-mode.js';
import { version } from './version.js';

const EXAMPLES = `
Each option can also be given in the environment: --port as RESPITE_PORT, and so on.

Examples:
  respite                                    serve this machine on 127.0.0.1:6379
  respite --port 7000                        on another port
  RESPITE_REQUIREPASS=… respite --bind '*'   serve other machines, with a password
  respite --bind '' --unixsocket /run/respite.sock   serve a unix socket alone, as a sidecar does
  respite --appendonly yes --dir /var/lib/respite    keep sessions over restarts, crashes and power failures
  respite check /var/lib/respite/journal     see whether what is kept is what was written
  respite --secret-file /run/secrets/respite give shared sessions the same tokens on several servers

  redis-cli SESSION.NEW user:42 1800         then, in another terminal: make a session for half an hour
  redis-cli SESSION.HELP                     and see what else there is`;

/** Milliseconds between two lines that tell how far the journal has been read. */
const LOG_PROGRESS_MS = 1000;

const program = new Command('respite')
  .description('A session server that speaks the Redis protocol. Sessions end exactly on time.')
  .version(version)
  .helpOption('-h, --help', 'show this help')
  .addHelpText('after', EXAMPLES)
  .allowExcessArguments(false)
  .action(run);

// Who reads the log may go away; the sessions of others are not to go with him.
process.stdout.on('error', () => {});
// A mistyped option may hold a password.
program.configureOutput({
  outputError: (text, write) => write(text.replace(/^(error: unknown option '[^=']*)=.*'/, "$1'")),
});

for (const name of optionNames) program.addOption(commanderOption(name));

program
  .command('check')
  .description('check a file of the journal, or its manifest or directory and all that it lists')
  .argument('<file>')
  .option('--fix', 'keep what is good, and put the original beside it')
  .helpOption('-h, --help', 'show this help')
  .action(check);
program.helpCommand(false);

await program.parseAsync();

function commanderOption(name: OptionName): Option {
  const { kind, help, group } = OPTIONS[name];
  const byDefault = describeDefault(name);
  const option = new Option(
    `--${name} <${kind.placeholder}>`,
    byDefault === '' ? help : `${help} (default: ${byDefault})`,
  );
  return option
    .env(environmentName(name))
    .helpGroup(`${group}:`)
    .argParser((value) => {
      try {
        return parseOption(name, value);
      } catch (error) {
        throw new InvalidArgumentError(`${(error as Error).message}.`);
      }
    });
}

async function run(): Promise<void> {
  const log = streamLog(process.stdout);
  try {
    const config = withDefaults(givenOptions());
    const server = createServer(config, { log });
    refuseToBeExposed(server, config);
    stopOnSignals(server, log);
    await listen(server, log);
    // It may have been stopped while it loaded.
    if (server.isListening) {
      log.notice(`respite ${version} is ready on ${whereIs(server)} - try: ${invitation(server, config)}`);
    }
    await server.closed;
    log.notice('stopped');
    process.exit(server.lostChanges ? 1 : 0);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ListenError || error instanceof JournalError) {
      program.error(`error: ${error.message}`);
    }
    throw error;
  }
}

/** Listens, and shows how far the journal has been read: as a bar on a terminal, else as a line now and then. */
async function listen(server: Server, log: Log): Promise<void> {
  const show = process.stdout.isTTY ? progressBar() : progressLines(log);
  try {
    await server.listen(({ loaded, total }) => show.update(loaded, total));
  } finally {
    show.end();
  }
}

function progressBar() {
  const bar = new SingleBar({ format: 'loading {bar} {percentage}% of {total} MB', hideCursor: true });
  let shown = false;
  return {
    update(loaded: number, total: number) {
      if (!shown) bar.start(Math.round(total / 1e6), 0);
      shown = true;
      bar.update(Math.round(loaded / 1e6));
    },
    end() {
      if (shown) bar.stop();
    },
  };
}

function progressLines(log: Log) {
  let next = Date.now() + LOG_PROGRESS_MS;
  return {
    update(loaded: number, total: number) {
      if (Date.now() < next) return;
      next = Date.now() + LOG_PROGRESS_MS;
      log.notice(`loading: ${Math.round((loaded / total) * 100)} % of ${Math.round(total / 1e6)} MB`);
    },
    end() {},
  };
}

async function check(file: string, options: { fix?: boolean }): Promise<void> {
  try {
    const report = await checkJournal(file, options);
    for (const line of checkLines(report)) console.log(line);
    if (!report.isGood) process.exitCode = 1;
  } catch (error) {
    if (error instanceof JournalError) program.error(`error: ${error.message}`);
    throw error;
  }
}

function whereIs(server: Server): string {
  const addresses = server.addresses.map(({ address, port, family }) =>
    family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`,
  );
  const { unixSocket } = server;
  return (unixSocket === undefined ? addresses : [...addresses, unixSocket]).join(' and ');
}

/** The command that reaches the server. redis-cli tries 127.0.0.1 unless told otherwise. */
function invitation(server: Server, config: Config): string {
  return ['redis-cli', ...wayIn(server, config), ...(config.requirepass === '' ? [] : ['--askpass'])].join(' ');
}

function wayIn(server: Server, config: Config): string[] {
  const { unixSocket } = server;
  if (unixSocket !== undefined) return ['-s', unixSocket];
  const [{ address, port }] = server.addresses;
  const host = ['127.0.0.1', '0.0.0.0', '::'].includes(address) ? [] : ['-h', address];
  return [...host, '-p', String(port), ...(config['tls-cert'] === '' ? [] : ['--tls'])];
}

/** The options given on the command line or in the environment. */
function givenOptions(): Partial<Config> {
  return Object.fromEntries(
    optionNames
      .map(
        (name) => [name, program.getOptionValue(name.replace(/-(.)/g, (_, letter) => letter.toUpperCase()))] as const,
      )
      .filter(([, value]) => value !== undefined),
  );
}

/** @throws ConfigError if others could reach a server that has no password. */
function refuseToBeExposed(server: Server, config: Config): void {
  const exposed = bindAddresses(config.bind).find(({ host }) => !isLoopback(host));
  if (exposed !== undefined && server.isProtected) {
    throw new ConfigError(`will not listen on ${exposed.host}: ${PROTECTED_MODE}`);
  }
}

/** The first signal has the server stop, a second one ends the process at once. */
function stopOnSignals(server: Server, log: Log): void {
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) {
        const { unsaved } = server;
        const what = unsaved === 0 ? '' : `; the disk does not have ${unsaved} changes`;
        log.warning(`${signal} again: ends at once${what}`);
        process.exit(1);
      }
      isStopping = true;
      log.notice(`${signal}: stopping`);
      server.stop().catch(() => {
        // SHUTDOWN ABORT has it go on.
        isStopping = false;
      });
    });
  }
}
