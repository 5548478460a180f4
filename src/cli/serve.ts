import type { Command } from 'commander';
import { type Config, ConfigError, type OptionName, withDefaults } from '../config.js';
import { counted } from '../counted.js';
import { createServer, ListenError, type Log, type Server } from '../index.js';
import { JournalError } from '../journal/index.js';
import { isLoopback } from '../origin.js';
import { bindAddresses } from '../server/listen.js';
import { PROTECTED_MODE } from '../server/protected-mode.js';
import { type Given, readGiven, unknownVariables } from './given-options.js';
import { ProgramLog } from './program-log.js';
import { readyLine } from './ready-line.js';
import { strayArgument } from './stray-argument.js';

/** Runs a server with the options of the program, until it is stopped. */
export async function serve(program: Command): Promise<void> {
  const output = new ProgramLog();
  try {
    refuseStrayArgument(program);
    for (const warning of unknownVariables(process.env)) output.warning(warning);
    const config = withDefaults(givenOptions(program));
    output.configure(config);
    const server = createServer(config, { log: output });
    const { log } = server;
    refuseToBeExposed(server, config);
    stopOnSignals(server, log);
    process.on('SIGHUP', () => output.reopen());
    const loading = output.loadingDisplay(log.notice);
    await server.listen(({ loaded, total }) => loading.update(loaded, total)).finally(() => loading.end());
    // The server may have been stopped while it loaded the journal.
    if (server.isListening) {
      const { message, fields } = readyLine(server, config);
      log.notice(message, fields);
    }
    await server.closed;
    log.notice('stopped');
    process.exit(server.lostChanges ? 1 : 0);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ListenError || error instanceof JournalError) {
      if (output.hasFile) output.warning(`cannot start: ${error.message}`);
      program.error(`error: ${error.message}`);
    }
    throw error;
  }
}

/**
 * Returns the options given on the command line or in the environment.
 * @throws ConfigError for a value that is not allowed.
 */
function givenOptions(program: Command): Partial<Config> {
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
function refuseStrayArgument(program: Command): void {
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
  if (!server.isProtected) return;
  const addresses = config['http-port'] === undefined ? config.bind : `${config.bind} ${config['http-bind']}`;
  const exposed = bindAddresses(addresses).find(({ host }) => !isLoopback(host));
  if (exposed !== undefined) throw new ConfigError(`cannot listen on ${exposed.host}: ${PROTECTED_MODE}`);
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
