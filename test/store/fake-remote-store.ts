import { Lateness, type Session, SessionEngine, type SessionEvent, systemClock } from '../../src/engine/index.js';
import { atOnce } from '../../src/engine/time/in-slices.js';
import { CodedError } from '../../src/errors.js';
import { MemoryStore } from '../../src/store/memory/memory-store.js';
import type { RemoteStore, StoreHost, StoreStatus } from '../../src/store/remote-store.js';
import type { SessionStore } from '../../src/store/session-store.js';
import type { Transaction } from '../../src/store/store.js';

/**
 * A store outside of the server, as far as the server can see: an engine of its own, whose answers come later, and
 * which a test can make unreachable.
 */
export class FakeRemoteStore implements RemoteStore {
  readonly sessions: SessionStore;
  readonly lateness = new Lateness(0);
  status: StoreStatus = {
    kind: 'cluster',
    version: 'Valkey 9.1.2',
    nodes: ['10.0.0.1:6379', '10.0.0.2:6379'],
    partitions: 16,
    owned: 5,
    processes: 3,
    reachable: true,
    since: 1_700_000_000_000,
    lastError: undefined,
    calls: 10,
    failures: 1,
    totalMs: 20,
  };
  /** `follow` resolves after this. */
  following = Promise.resolve();
  /** What the server has asked for, in order. */
  readonly log: string[] = [];
  readonly engine: SessionEngine;
  readonly #host: StoreHost;
  #wanted = false;

  constructor(host: StoreHost) {
    this.#host = host;
    this.engine = new SessionEngine({ clock: host.clock ?? systemClock });
    this.engine.attach({ onSession: (event, session) => this.#publish(event, session) });
    const memory = new MemoryStore(this.engine, host.clock, atOnce);
    this.sessions = new Proxy(memory as SessionStore, {
      get:
        (target, name: keyof SessionStore) =>
        (...args: never[]) =>
          this.#answer(target, name, args),
    });
  }

  /** Makes it fail, or work again. */
  setReachable(reachable: boolean): void {
    this.status = { ...this.status, reachable, lastError: reachable ? this.status.lastError : 'connect ECONNREFUSED' };
  }

  watch(): undefined {
    return undefined;
  }

  begin(): Transaction {
    return { sessions: this.sessions, commit: () => true };
  }

  async start(): Promise<void> {
    this.log.push('start');
  }

  async follow(wanted: boolean): Promise<void> {
    this.log.push(wanted ? 'follow' : 'unfollow');
    await this.following;
    this.#wanted = wanted;
  }

  async close(): Promise<void> {
    this.log.push('close');
    this.engine.close();
  }

  async #answer(target: SessionStore, name: keyof SessionStore, args: readonly never[]): Promise<unknown> {
    if (!this.status.reachable) throw new CodedError('TRYAGAIN', 'the store does not answer: it has not run');
    return Reflect.apply(target[name], target, args);
  }

  #publish(event: SessionEvent, session: Session): void {
    if (!this.#wanted) return;
    const { engine } = this;
    const data: Buffer[] = [];
    engine.data.peek(session, (key, value) => data.push(key.copy(), value.copy()));
    this.#host.onEvent({
      event,
      token: engine.token(session),
      name: engine.name(session),
      created: engine.state(session).created,
      at: this.#host.clock.wall(),
      data: data.length === 0 ? undefined : data,
      sizes: undefined,
    });
  }
}
