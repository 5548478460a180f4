import type { Clock } from '../engine/index.js';
import type { Log } from '../log/log.js';

/** At most one line of each kind is logged per this many ms. */
const INTERVAL_MS = 1000;

/** The kinds of log lines that a client can cause as often as it likes. */
type RepeatedKind =
  | 'accept error'
  | 'authentication'
  | 'certificate'
  | 'client limit'
  | 'eviction'
  | 'fault'
  | 'listener fault'
  | 'output limit'
  | 'password guessing'
  | 'unauthenticated';

interface State {
  /** When a line of this kind was last logged, in ms. */
  at: number;
  /** Lines omitted since then. */
  omitted: number;
  /** The latest omitted line. */
  latest: string;
}

/**
 * Log lines that clients can cause. At most one of each kind is logged a second, so nobody can fill the disk or hide
 * other events. The first line is logged immediately; the next one says how many were omitted in between.
 */
export class RepeatedLines {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #states = new Map<RepeatedKind, State>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  warning(kind: RepeatedKind, line: string): void {
    const state = this.#states.get(kind) ?? { at: -Infinity, omitted: 0, latest: '' };
    this.#states.set(kind, state);
    const now = this.#clock.now();
    state.omitted++;
    state.latest = line;
    if (now - state.at >= INTERVAL_MS) this.#write(state, now);
  }

  /**
   * Logs omitted lines that no later line has reported. Call this about once a second.
   * @param now In ms.
   */
  flush(now: number): void {
    for (const state of this.#states.values()) {
      if (state.omitted > 0 && now - state.at >= INTERVAL_MS) this.#write(state, now);
    }
  }

  /** Logs all omitted lines, however recent. Call this when the server stops. */
  close(): void {
    for (const state of this.#states.values()) if (state.omitted > 0) this.#write(state, this.#clock.now());
  }

  #write(state: State, now: number): void {
    const more = state.omitted - 1;
    this.#log.warning(
      more === 0 ? state.latest : `${state.latest} (and ${more.toLocaleString('en-US')} more of these)`,
    );
    state.at = now;
    state.omitted = 0;
    state.latest = '';
  }
}
