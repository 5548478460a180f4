import type { Command } from 'commander';
import { ConfigError, withDefaults } from '../config.js';
import { counted } from '../counted.js';
import { createServer, ListenError, type Server, UnusableStoreError } from '../index.js';
import { JournalError } from '../journal/index.js';
import type { EventLog } from '../log/log-events.js';
import { refuseExposure } from '../server/protected-mode.js';
import { inlineMore } from './compiler.js';
import { configFileOf } from './config-argument.js';
import { unknownVariables } from './given-options.js';
import { ProgramConfig } from './program-config.js';
import { ProgramLog } from './program-log.js';
import { readyLine } from './ready-line.js';
import { logIgnoredSignals, onSighup } from './signals.js';
import { limitYoungGeneration } from './young-generation.js';

/** Runs a server with the options of the program, until it is stopped. */
export async function serve(program: Command): Promise<void> {
  const output = new ProgramLog();
  try {
    const source = new ProgramConfig(program, configFileOf(program));
    const config = withDefaults(source.read());
    output.configure(config);
    if (config.store === '') inlineMore();
    for (const message of unknownVariables(process.env)) output.warning(message, { event: 'unknown-variable' });
    const server = createServer(config, { log: output, source });
    const log: EventLog = server.log;
    refuseExposure(config, server.isProtected);
    stopOnSignals(server, log);
    reloadOnSignal(server, log, output);
    logIgnoredSignals(log);
    const loading = output.loadingDisplay(log);
    await server.listen(({ loaded, total }) => loading.update(loaded, total)).finally(() => loading.end());
    // Loading a journal goes faster without the limit.
    limitYoungGeneration();
    // The server may have been stopped while it loaded the journal.
    if (server.isListening) {
      const { message, fields } = readyLine(server, config);
      log.notice(message, fields);
    }
    await server.closed;
    log.notice('stopped', { event: 'stopped' });
    process.exit(server.lostChanges ? 1 : 0);
  } catch (error) {
    if (REFUSALS.some((kind) => error instanceof kind)) {
      const { message } = error as Error;
      if (output.hasFile) output.warning(`cannot start: ${message}`, { event: 'start-failure' });
      program.error(message.replace(/^/gm, 'error: '));
    }
    throw error;
  }
}

/** Errors whose message says all that the operator needs. */
const REFUSALS = [ConfigError, ListenError, JournalError, UnusableStoreError];

/** The first signal stops the server, a second one ends the process immediately. */
function stopOnSignals(server: Server, log: EventLog): void {
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) {
        const { unsaved } = server;
        const what = unsaved === 0 ? '' : `, without writing ${counted(unsaved, 'change')} to disk`;
        log.warning(`${signal} again: exiting at once${what}`, { event: 'signal', signal });
        process.exit(1);
      }
      isStopping = true;
      log.notice(`${signal}: stopping`, { event: 'signal', signal });
      server.stop().catch(() => {
        // SHUTDOWN ABORT cancelled it.
        isStopping = false;
      });
    });
  }
}

/** SIGHUP opens the log file again and reloads the configuration. */
function reloadOnSignal(server: Server, log: EventLog, output: ProgramLog): void {
  onSighup(() => {
    output.reopen();
    try {
      server.reload();
    } catch (error) {
      // The server has logged what is wrong with the configuration.
      if (error instanceof ConfigError) return;
      log.warning(`cannot reload: ${(error as Error).message}`, { event: 'reload' });
    }
  });
}
