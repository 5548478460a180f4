import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { eventually } from '../../tools/eventually.js';
import type { Reply } from '../../tools/replies.js';
import { Client } from './client.js';
import type { Stand, StoreUnderTest } from './store-under-test.js';
import { Subscriber } from './subscriber.js';

const KEPT_WAITING = 'the machine kept this test waiting for longer than its store allows';

/** Where time really passes, a test that failed is repeated if it was kept waiting, and only then. */
export const RETRY = { count: 2, condition: new RegExp(KEPT_WAITING) };

/** What the tests of one store share: the store, which runs for all of them, and the clients of the current test. */
export class Suite {
  /** The commands that the store has not refused, in lower case. */
  readonly accepted = new Set<string>();
  readonly #clients: Client[] = [];
  #stand: Stand | undefined;
  /** When the test began, on the clock of this machine, in ms. */
  #began = 0;
  /** How many ms the test has let pass. */
  #passed = 0;

  /** Call this inside `describe`. It starts the store before the tests, and ends all sessions after each. */
  constructor(store: StoreUnderTest) {
    beforeAll(async () => {
      this.#stand = await store.start();
    });
    beforeEach(() => {
      this.#began = performance.now();
      this.#passed = 0;
    });
    afterEach(async ({ task }) => {
      const { drift } = this.stand;
      const wasLate = drift > 0 && performance.now() - this.#began - this.#passed > drift;
      await (await this.connect()).ask('SESSION.ENDALL');
      for (const client of this.#clients.splice(0)) client.close();
      if (wasLate && task.result?.state === 'fail') throw new Error(`${KEPT_WAITING}, and it has failed`);
    });
    afterAll(() => this.#stand?.stop());
  }

  get stand(): Stand {
    if (this.#stand === undefined) throw new Error('the store has not started');
    return this.#stand;
  }

  /** Connects a client for the current test. */
  async connect(): Promise<Client> {
    const client = new Client(await this.stand.connect(), (command) => this.accepted.add(command));
    this.#clients.push(client);
    return client;
  }

  /** Subscribes to channels that match a pattern, with a client of its own. */
  async subscribe(pattern: string): Promise<Subscriber> {
    return Subscriber.to(pattern, await this.connect());
  }

  pass(ms: number): Promise<void> {
    this.#passed += ms;
    return this.stand.pass(ms);
  }

  passUnnoticed(ms: number): Promise<void> {
    this.#passed += ms;
    return this.stand.passUnnoticed(ms);
  }

  /**
   * Checks what a store may know only a moment later: how many sessions a name has after some have ended. A store with
   * an injected clock knows it at once.
   */
  async soon(check: () => Promise<void>): Promise<void> {
    if (this.stand.drift === 0) return check();
    await eventually(() => check().then(() => true));
  }

  /** Expects a time in ms, of which a little may have passed already. */
  expectLeft(left: Reply, ms: number): void {
    expect(left).toBeLessThanOrEqual(ms);
    expect(left).toBeGreaterThanOrEqual(ms - this.stand.drift);
  }

  /** Expects a time in ms that has passed, or a little more. */
  expectPassed(passed: number, ms: number): void {
    expect(passed).toBeGreaterThanOrEqual(ms);
    expect(passed).toBeLessThanOrEqual(ms + this.stand.drift);
  }
}
