import type { Clock } from '../engine/index.js';
import { redacted } from '../execution/observing/redaction.js';
import type { Log } from './log.js';
import type { RepeatedLines } from './repeated-lines.js';

/** A message is logged up to so many characters. */
const LOGGED = 500;

/**
 * Catches faults: our own, and those of callbacks of the embedding program. A fault in a listener, a timer or a subscriber must not stop its caller
 * half-way, so those calls are contained. Faults are logged, at most once a second, without anything that could be a token.
 */
export class Faults {
  readonly #lines: RepeatedLines;

  constructor(lines: RepeatedLines) {
    this.#lines = lines;
  }

  /** Logs an internal error. */
  readonly report = (fault: unknown): void => {
    this.#lines.warning('fault', `internal error, please report it: ${describe(fault)}`);
  };

  /** Logs a fault of the embedding program's session listener. */
  readonly reportListener = (fault: unknown): void => {
    this.#lines.warning('listener fault', `the session listener failed: ${describe(fault)}`);
  };

  /** Calls something that may throw; a fault is logged. */
  contain(act: () => void): void {
    try {
      act();
    } catch (fault) {
      this.report(fault);
    }
  }

  /** A clock whose calls are contained: what a timer throws ends the process. */
  containedClock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      wall: () => clock.wall(),
      after: (delay, callback) => clock.after(delay, () => this.contain(callback)),
    };
  }
}

/** A log that never throws, whatever the embedding program's does. */
export function containedLog(log: Log): Log {
  const contained = (level: 'notice' | 'warning') => (line: string) => {
    try {
      log[level](line);
    } catch {
      // There is nowhere left to report it.
    }
  };
  return { notice: contained('notice'), warning: contained('warning') };
}

/** Describes a fault. It can be any value, and may itself throw when it is read. */
function describe(fault: unknown): string {
  try {
    if (!(fault instanceof Error)) return withoutTokens(String(fault));
    const { name, message, stack = '' } = fault;
    // Behind the message, which the stack repeats, are places in the code.
    const places = stack.includes(message) ? stack.slice(stack.indexOf(message) + message.length) : '';
    return withoutTokens(`${name}: ${message}`) + places;
  } catch {
    return 'it cannot be described';
  }
}

const withoutTokens = (text: string): string => redacted(Buffer.from(text), LOGGED);
