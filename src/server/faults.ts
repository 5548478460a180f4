import { redacted } from '../commands/redact.js';
import type { Clock } from '../engine/index.js';
import type { Log } from './log.js';
import type { RepeatedLines } from './repeated-lines.js';

/** A message is logged up to so many characters. */
const LOGGED = 500;

/**
 * Where faults end: ours, and those of what the embedding program has us call. Nobody who calls a listener, a timer or a subscriber is to be
 * stopped half-way by it, so those calls are contained, and their faults told to the log: once a second at most, without what could be a token.
 */
export class Faults {
  readonly #lines: RepeatedLines;

  constructor(lines: RepeatedLines) {
    this.#lines = lines;
  }

  /** Tells of a fault of ours. */
  readonly report = (fault: unknown): void => {
    this.#lines.warning('fault', `internal error, please report it: ${describe(fault)}`);
  };

  /** Tells of a fault of the session listener that the embedding program brought along. */
  readonly reportListener = (fault: unknown): void => {
    this.#lines.warning('listener fault', `the session listener failed: ${describe(fault)}`);
  };

  /** Does something that may fail. */
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
      // There is nowhere left to tell it.
    }
  };
  return { notice: contained('notice'), warning: contained('warning') };
}

/** What is known of a fault. It can be anything, and may itself throw when it is looked at. */
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
