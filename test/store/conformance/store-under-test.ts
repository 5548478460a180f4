import type { RawClient } from '../../raw-client.js';

/** A store that the suite can run against. */
export interface StoreUnderTest {
  /** What the tests are listed under. */
  readonly name: string;
  /** Starts an empty store and what serves it. Called once for all tests. */
  start(): Promise<Stand>;
}

/** A store that runs, the servers in front of it, and its clock. */
export interface Stand {
  /**
   * Connects a client that may run every command. If several servers serve the store, each call takes the next one, so
   * that the clients of a test are at different servers.
   */
  connect(): Promise<RawClient>;
  /** Lets time pass: moves the clock, or waits at least that long. */
  pass(ms: number): Promise<void>;
  /**
   * Lets time pass while the timers of the store stand still, as if it were too busy to notice what falls due. A store
   * that cannot do this lets time pass as usual.
   */
  passUnnoticed(ms: number): Promise<void>;
  /** Moves the wall clock by some ms, and no other clock. Left out if the wall clock cannot be moved. */
  moveWallClock?(ms: number): void;
  /**
   * The most ms, less than 1000, that pass by themselves between two steps of a test. 0 for an injected clock: the
   * suite then checks times to the millisecond.
   */
  readonly drift: number;
  /** The fields of SESSION.STATS that the store does not count. */
  readonly uncounted?: readonly string[];
  /** Stops everything that was started. */
  stop(): Promise<void>;
}
