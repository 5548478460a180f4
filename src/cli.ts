#!/usr/bin/env node
import { Command, Option } from 'commander';
import { type Given, readGiven, unknownVariables } from './cli/given-options.js';
import { EXAMPLES, HELP_LAYOUT } from './cli/help.js';
import { LoadingBar, loadingLines } from './cli/loading.js';
import { strayArgument } from './cli/stray-argument.js';
import {
  type Config,
  ConfigError,
  describeDefault,
  environmentName,
  OPTIONS,
  type OptionName,
  optionNames,
  withDefaults,
} from './config.js';
import { counted } from './counted.js';
import { createServer, ListenError, type Log, type Server, streamLog } from './index.js';
import { checkJournal, checkLines, JournalError } from './journal/index.js';
import { bindAddresses } from './server/listen.js';
import { isLoopback, PROTECTED_MODE } from './server/protected-mode.js';
import { version } from './version.js';

const program = new Command('respite')
  .description('A session server that speaks the Redis protocol. Sessions end exactly on time.')
  .usage('[--option value ...]\n       respite check [--fix] <file>')
  .version(version, '-V, --version', 'Show the version.')
  .helpOption('-h, --help', 'Show this help.')
  .configureHelp(HELP_LAYOUT)
  .addHelpText('after', EXAMPLES)
  .allowExcessArguments()
  .action(run);

// The server keeps running if the program that reads its log ends.
process.stdout.on('error', () => {});
// A mistyped option may hold a password.
program.configureOutput({
  outputError: (text, write) => write(text.replace(/^(error: unknown option '[^=']*)=.*'/, "$1'")),
});

for (const name of optionNames) program.addOption(commanderOption(name));

program
  .command('check')
  .usage('[--fix] <file>')
  .description('Check the journal, one file of it, or a saved data set for damage.')
  .allowExcessArguments(false)
  .argument('<file>', 'The directory of the journal, its manifest, or one file.')
  .option('--fix', 'Keep what is good, and move the original aside.')
  .helpOption('-h, --help', 'Show this help.')
  .action(check);
program.helpCommand(false);

await program.parseAsync();

function commanderOption(name: OptionName): Option {
  const { kind, help, group } = OPTIONS[name];
  const byDefault = describeDefault(name);
  const option = new Option(
    `--${name} <${kind.placeholder}>`,
    byDefault === '' ? help : `${help} Default: ${byDefault}`,
  );
  return option.env(environmentName(name)).helpGroup(`${group}:`);
}

async function run(): Promise<void> {
  const terminal = process.stdout.isTTY ? new LoadingBar(process.stdout) : undefined;
  const log = streamLog(terminal ?? process.stdout);
  try {
    refuseStrayArgument();
    for (const warning of unknownVariables(process.env)) log.warning(warning);
    const config = withDefaults(givenOptions());
    const server = createServer(config, { log });
    refuseToBeExposed(server, config);
    stopOnSignals(server, log);
    const loading = terminal ?? loadingLines(log.notice);
    await server.listen(({ loaded, total }) => loading.update(loaded, total)).finally(() => loading.end());
    // The server may have been stopped while it loaded the journal.
    if (server.isListening) {
      log.notice(`respite ${version} is ready on ${whereIs(server)} - try: ${connectCommand(server, config)}`);
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

/** Returns a command that connects to the server. redis-cli uses 127.0.0.1 by default. */
function connectCommand(server: Server, config: Config): string {
  return ['redis-cli', ...connectionFlags(server, config), ...(config.requirepass === '' ? [] : ['--askpass'])].join(
    ' ',
  );
}

function connectionFlags(server: Server, config: Config): string[] {
  const { unixSocket } = server;
  if (unixSocket !== undefined) return ['-s', unixSocket];
  const [{ address, port }] = server.addresses;
  const host = ['127.0.0.1', '0.0.0.0', '::'].includes(address) ? [] : ['-h', address];
  return [...host, '-p', String(port), ...(config['tls-cert'] === '' ? [] : ['--tls'])];
}

/**
 * Returns the options given on the command line or in the environment.
 * @throws ConfigError for a value that is not allowed.
 */
function givenOptions(): Partial<Config> {
  const given = new Map<OptionName, Given>();
  for (const option of program.options) {
    const value: string | undefined = program.getOptionValue(option.attributeName());
    if (option.envVar === undefined || value === undefined) continue;
    const source = program.getOptionValueSource(option.attributeName()) === 'env' ? 'environment' : 'command line';
    given.set(option.name() as OptionName, { value, source });
  }
  return readGiven(given);
}

/** @throws ConfigError if there is an argument that is not an option. */
function refuseStrayArgument(): void {
  const [argument] = program.args;
  if (argument === undefined) return;
  const position = process.argv.indexOf(argument, 2) - 1;
  throw new ConfigError(
    strayArgument(
      argument,
      position,
      program.commands.map((command) => command.name()),
    ),
  );
}

/** @throws ConfigError if others could reach a server that has no password. */
function refuseToBeExposed(server: Server, config: Config): void {
  const exposed = bindAddresses(config.bind).find(({ host }) => !isLoopback(host));
  if (exposed !== undefined && server.isProtected) {
    throw new ConfigError(`cannot listen on ${exposed.host}: ${PROTECTED_MODE}`);
  }
}

/** The first signal stops the server, a second one ends the process immediately. */
function stopOnSignals(server: Server, log: Log): void {
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) {
        const { unsaved } = server;
        const what = unsaved === 0 ? '' : `, without writing ${counted(unsaved, 'change')} to disk`;
        log.warning(`${signal} again: exiting at once${what}`);
        process.exit(1);
      }
      isStopping = true;
      log.notice(`${signal}: stopping`);
      server.stop().catch(() => {
        // SHUTDOWN ABORT cancelled it.
        isStopping = false;
      });
    });
  }
}
