/** How much to measure. Times are in seconds. */
export interface Plan {
  /** Rounds of everything that takes little time. */
  readonly rounds: number;
  /** How long to run each operation before it is measured, so that V8 compiles its code. */
  readonly warmUp: number;
  /** How long to measure an operation that can be repeated on the same sessions. */
  readonly seconds: number;
  /** How many logins or logouts to measure at each depth. Each needs a separate session. */
  readonly once: Readonly<Record<number, number>>;
  /** How long to measure at a fixed rate. */
  readonly rateSeconds: number;
  /** How long a server gets before its memory is measured. What is freed promptly is free by then. */
  readonly settle: number;
  /** Sessions for memory, lateness and the restart. */
  readonly many: number;
  /** Rounds of the memory of sessions. */
  readonly memoryRounds: number;
  /** The time over which sessions are due. */
  readonly dueSeconds: number;
  readonly tail: {
    readonly rounds: number;
    /** Sessions that exist at a time. */
    readonly live: number;
    readonly warmUp: number;
    readonly seconds: number;
  };
  readonly growth: {
    readonly rounds: number;
    /** Numbers of sessions to measure at. */
    readonly sessions: readonly number[];
    /** Numbers of keys of a single session to measure at. */
    readonly keys: readonly number[];
  };
  readonly restarts: number;
}

export const FULL: Plan = {
  rounds: 5,
  warmUp: 0.7,
  seconds: 0.5,
  once: { 1: 15_000, 16: 60_000, 64: 100_000 },
  rateSeconds: 1.2,
  settle: 2,
  many: 1_000_000,
  memoryRounds: 2,
  dueSeconds: 60,
  tail: { rounds: 2, live: 300_000, warmUp: 2, seconds: 15 },
  growth: { rounds: 3, sessions: [1_000, 100_000, 1_000_000], keys: [1, 100, 10_000, 100_000] },
  restarts: 3,
};

export const QUICK: Plan = {
  rounds: 2,
  warmUp: 0.4,
  seconds: 0.1,
  once: { 1: 2_000, 16: 10_000, 64: 15_000 },
  rateSeconds: 0.3,
  settle: 0.5,
  many: 100_000,
  memoryRounds: 1,
  dueSeconds: 4,
  tail: { rounds: 1, live: 20_000, warmUp: 0.5, seconds: 2 },
  growth: { rounds: 1, sessions: [1_000, 100_000], keys: [1, 10_000] },
  restarts: 1,
};
