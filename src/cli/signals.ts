import type { EventLog } from '../log/log-events.js';

let log: EventLog | undefined;
let hangUp: (() => void) | undefined;

/**
 * Without a handler SIGUSR1 would open Node's debugger, in which anyone on this machine can run code, and SIGUSR2 and
 * SIGHUP would end the process. The program runs this file before it loads the others, which takes most of the time
 * until it is ready.
 */
for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
  process.on(signal, () =>
    log?.notice(`${signal} is ignored; SIGHUP reloads the configuration, SIGTERM stops respite`, {
      event: 'signal',
      signal,
    }),
  );
}
process.on('SIGHUP', onHangUp);

function onHangUp(): void {
  // Until there is a server, its files have not been read: there is nothing to reload.
  hangUp?.();
}

/** Logs ignored signals from now on. */
export function logIgnoredSignals(to: EventLog): void {
  log = to;
}

/** Calls a function at each SIGHUP from now on. */
export function onSighup(action: () => void): void {
  hangUp = action;
}

/** SIGHUP ends the process again: that is right for commands that belong to a terminal. */
export function endOnSighup(): void {
  process.off('SIGHUP', onHangUp);
}
