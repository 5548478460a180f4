/** How much to measure. Times are in seconds. */
export interface Plan {
  readonly acts: {
    readonly rounds: number;
    /** Sessions that reads and writes cycle through. */
    readonly sessions: number;
    /** How long to measure a repeatable operation each time. */
    readonly seconds: number;
    /**
     * How many logins or logouts to measure each time, by depth. Each needs a separate session. At half a µs each there
     * must be many, because the CPU clock in /proc ticks every 10 ms.
     */
    readonly once: ReadonlyMap<number, number>;
  };
  readonly memory: {
    readonly rounds: number;
    readonly sessions: number;
  };
  /** For the memory that is left when all sessions have expired. */
  readonly expired: {
    readonly rounds: number;
    readonly sessions: number;
    readonly ttl: number;
  };
  readonly tail: {
    readonly rounds: number;
    /** Sessions that exist at a time. */
    readonly live: number;
    readonly warmUp: number;
    readonly seconds: number;
  };
  readonly growth: {
    readonly rounds: number;
    readonly seconds: number;
    /** Numbers of sessions to measure at. */
    readonly sessions: readonly number[];
    /** Numbers of keys of a single session to measure at. */
    readonly keys: readonly number[];
  };
  readonly journal: {
    readonly rounds: number;
    /** Sessions that writes cycle through. */
    readonly written: number;
    /** How long to measure writes each time. */
    readonly seconds: number;
    /** Sessions to restore in a restart. */
    readonly sessions: number;
  };
}

/** Pipeline depths at which operations are measured. */
export const DEPTHS = [1, 16, 64] as const;

const KEYS = [1, 10, 100, 1_000, 10_000, 100_000];

export const FULL: Plan = {
  acts: {
    rounds: 5,
    sessions: 10_000,
    seconds: 1.5,
    once: new Map([
      [1, 40_000],
      [16, 250_000],
      [64, 400_000],
    ]),
  },
  memory: { rounds: 5, sessions: 1_000_000 },
  expired: { rounds: 2, sessions: 1_000_000, ttl: 15 },
  tail: { rounds: 3, live: 1_000_000, warmUp: 5, seconds: 60 },
  growth: { rounds: 5, seconds: 1, sessions: [1_000, 10_000, 100_000, 1_000_000, 5_000_000], keys: KEYS },
  journal: { rounds: 5, written: 10_000, seconds: 1.5, sessions: 1_000_000 },
};

export const QUICK: Plan = {
  acts: {
    rounds: 3,
    sessions: 10_000,
    seconds: 0.4,
    once: new Map([
      [1, 12_000],
      [16, 50_000],
      [64, 80_000],
    ]),
  },
  memory: { rounds: 1, sessions: 100_000 },
  expired: { rounds: 1, sessions: 100_000, ttl: 3 },
  tail: { rounds: 1, live: 100_000, warmUp: 1, seconds: 6 },
  growth: { rounds: 3, seconds: 0.3, sessions: [1_000, 10_000, 100_000], keys: KEYS },
  journal: { rounds: 1, written: 10_000, seconds: 0.5, sessions: 100_000 },
};
