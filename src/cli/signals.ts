import type { Log } from '../index.js';

let log: Log | undefined;

/**
 * Without a handler SIGUSR1 would open Node's debugger, in which anyone on this machine can run code, and SIGUSR2 would
 * end the process. The program imports this file first, because a signal may come while the others are loaded.
 */
for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
  process.on(signal, () =>
    log?.notice(`${signal} is ignored; SIGHUP reloads the configuration, SIGTERM stops respite`),
  );
}

/** Logs ignored signals from now on. */
export function logIgnoredSignals(to: Log): void {
  log = to;
}
