import type { Clock } from '../engine/index.js';
import { redacted } from '../execution/observing/redaction.js';
import type { Incidents } from './incidents.js';

/** The most characters of a message that are logged. */
const LOGGED = 500;

/**
 * Catches faults: the server's own, and those of the embedding program's callbacks. A fault in a listener, a timer or a
 * subscriber must not stop its caller half-way, so those calls are contained. Each kind of fault is logged as an
 * incident, without anything that could be a token.
 */
export class Faults {
  readonly #incidents: Incidents;

  constructor(incidents: Incidents) {
    this.#incidents = incidents;
  }

  /** Logs an internal error. */
  readonly report = (fault: unknown): void => {
    const description = describe(fault);
    const subject = kindOf(description);
    this.#incidents.report('fault', { message: `internal error, please report it: ${description}`, subject });
  };

  /** Logs a fault of the embedding program's session listener. */
  readonly reportListener = (fault: unknown): void => {
    const description = describe(fault);
    const subject = kindOf(description);
    this.#incidents.report('listener-fault', { message: `the session listener failed: ${description}`, subject });
  };

  /** Calls a function and logs what it throws. */
  contain(action: () => void): void {
    try {
      action();
    } catch (fault) {
      this.report(fault);
    }
  }

  /** Returns a clock whose callbacks are contained: an error in a timer would end the process. */
  containedClock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      wall: () => clock.wall(),
      after: (delay, callback) => clock.after(delay, () => this.contain(callback)),
    };
  }
}

/** Returns what distinguishes a fault from others: its message, and the place in the code. */
function kindOf(description: string): string {
  return description.split('\n', 2).join(' ');
}

/** Describes a fault, which can be any value and may itself throw when it is read. */
function describe(fault: unknown): string {
  try {
    if (!(fault instanceof Error)) return withoutTokens(String(fault));
    const { name, message, stack = '' } = fault;
    // The stack repeats the message, followed by the places in the code.
    const places = stack.includes(message) ? stack.slice(stack.indexOf(message) + message.length) : '';
    return withoutTokens(`${name}: ${message}`) + places;
  } catch {
    return 'it cannot be described';
  }
}

const withoutTokens = (text: string): string => redacted(Buffer.from(text), LOGGED);
