import { setTimeout as wait } from 'node:timers/promises';
import { type Connection, type Request, scanSessions } from '../../tools/connection.js';
import { eventually } from '../../tools/eventually.js';
import { Failure, mapOf, type Reply, show } from '../../tools/replies.js';
import { memberOf, nameIn, type OutboxEvent, type RawStore } from './raw-store.js';
import { isTransient, type StoreClient } from './store-client.js';
import type { Observation, TrackedSession } from './tracked-session.js';

/** Nothing of the clients is due within this time after the load, in ms. Sessions that last are due much later. */
const SOON = 60_000;
/** How long something that must happen may take, in ms. It only guards against waiting for ever. */
const GUARD = 120_000;
const PAUSE = 50;
const MANY = 500;

const ENDS = new Set(['ended', 'expired', 'maxage', 'limit']);

/** A session, according to the outboxes. */
interface Life {
  readonly origin: string;
  readonly name: string;
  readonly created: string;
  token: string;
}

/** Rejects if something has not happened for much too long. */
export async function guarded<Result>(what: string | (() => string), promise: Promise<Result>): Promise<Result> {
  const timer = new AbortController();
  const late = wait(GUARD, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`not after ${GUARD / 1000} s: ${typeof what === 'string' ? what : what()}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}

/** Sends requests that change nothing, or may run twice, until the store has answered them all. */
export async function askPatiently(connection: Connection, requests: readonly Request[]): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let from = 0; from < requests.length; from += MANY) {
    const some = requests.slice(from, from + MANY);
    for (const [i, reply] of (await connection.askAll(some)).entries()) {
      let answer = reply;
      while (isTransient(answer)) {
        await wait(PAUSE);
        [answer] = await connection.askAll([some[i]]);
      }
      replies.push(answer);
    }
  }
  return replies;
}

/**
 * Compares what the store has with what the clients know: sessions, tokens, names, events, and the store's own keys.
 * The load must have stopped, and the store must be healthy.
 */
export class Auditor {
  readonly #store: RawStore;
  readonly #clients: readonly StoreClient[];
  /** Sessions of the torture itself, by their tokens. */
  readonly #own: ReadonlyMap<string, string>;
  /** The sessions that exist according to the outboxes, by their origins. */
  readonly #lives = new Map<string, Life>();
  events = 0;

  /** @param own Tokens and names. */
  constructor(store: RawStore, clients: readonly StoreClient[], own: ReadonlyMap<string, string>) {
    this.#store = store;
    this.#clients = clients;
    this.#own = own;
  }

  get sessions(): number {
    return this.#lives.size;
  }

  /** Returns what has happened since the last audit. @throws Error for anything that must not be. */
  async audit(connection: Connection): Promise<readonly OutboxEvent[]> {
    let due = new Map<number, number>();
    await guarded(
      () => `all that is due has ended: in partitions ${show([...due.keys()])}, due in ${show([...due.values()])} ms`,
      eventually(async () => {
        due = await this.#store.dueWithin(SOON);
        return due.size === 0;
      }),
    );
    const happened = await this.#store.events();
    const events = this.#readEvents(happened);
    const data = await this.#readData(connection);
    const live = await this.#liveTokens(connection);
    this.#compare(events, data, live);
    await this.#checkNames(connection);
    await this.#checkStore();
    return happened;
  }

  /** Waits until the store is tidy, and checks that it has nothing too many. Returns how many ms this took. */
  async auditTidiness(): Promise<number> {
    const began = performance.now();
    await guarded(
      'all indexes are exact',
      eventually(async () => (await this.#store.marks()).size === 0),
    );
    const took = performance.now() - began;
    const names = new Map<string, string[]>();
    for (const { name } of this.#lives.values()) names.set(name, []);
    for (const life of this.#lives.values()) names.get(life.name)?.push(memberOf(life));
    for (const client of this.#clients) for (const { name } of client.names) if (!names.has(name)) names.set(name, []);
    for (const [name, members] of names) {
      const index = await this.#store.index(name);
      const extra = index.filter((member) => !members.includes(member));
      if (extra.length > 0) throw new Error(`the index of ${name} has ${extra.length} entries without a session`);
    }
    const keys = new Set(await this.#store.keys());
    for (const { name, origin, token } of this.#lives.values()) {
      for (const key of [`s:${origin}`, `t:${token}`, `n:${name}`]) keys.delete(key);
    }
    for (const client of this.#clients) {
      for (const { sessions } of client.names) {
        for (const { certain } of sessions) for (const token of certain?.old ?? []) keys.delete(`t:${token}`);
      }
    }
    if (keys.size > 0) throw new Error(`the store has keys without a session: ${[...keys].slice(0, 5).join(', ')}`);
    return took;
  }

  /** Follows the lives of all sessions. Returns the events of each, by origin. */
  #readEvents(events: readonly OutboxEvent[]): Map<string, OutboxEvent[]> {
    const byOrigin = new Map<string, OutboxEvent[]>();
    this.events += events.length;
    for (const one of events) {
      const { event, origin, name, token, created } = one;
      const life = this.#lives.get(origin);
      const fail = (problem: string): never => {
        throw new Error(`the outbox has ${event} of a session ${JSON.stringify(name)} ${problem}`);
      };
      if (event === 'new') {
        if (life !== undefined) fail('that exists');
        this.#lives.set(origin, { origin, name, created, token });
      } else {
        if (life === undefined || life.created !== created) return fail('that does not exist');
        if (life.name !== name) fail(`that has the name ${JSON.stringify(life.name)}`);
        if (event === 'rotated') life.token = token;
        else if (life.token !== token) fail('with another token');
        if (ENDS.has(event)) this.#lives.delete(origin);
      }
      byOrigin.set(origin, [...(byOrigin.get(origin) ?? []), one]);
    }
    return byOrigin;
  }

  /** Returns the data of each session that exists according to the outboxes, by origin. */
  async #readData(connection: Connection): Promise<Map<string, ReadonlyMap<string, string>>> {
    const lives = [...this.#lives.values()];
    const replies = await askPatiently(
      connection,
      lives.map(({ token }) => ['SESSION.GETALL', token]),
    );
    return new Map(
      lives.map(({ origin, name }, i) => {
        const reply = replies[i];
        if (reply instanceof Failure) throw new Error(`${name} has ended without an event: ${show(reply)}`);
        return [origin, mapOf(reply) as ReadonlyMap<string, string>];
      }),
    );
  }

  /** Returns which of all tokens that there have ever been lead to a session. */
  async #liveTokens(connection: Connection): Promise<Set<string>> {
    const tokens = new Set<string>();
    for (const { token, origin } of this.#lives.values()) tokens.add(token).add(origin);
    for (const client of this.#clients) {
      for (const token of client.gone) tokens.add(token);
      for (const { sessions } of client.names)
        for (const one of sessions) for (const token of one.tokens) tokens.add(token);
    }
    const all = [...tokens];
    const live = new Set<string>();
    for (let i = 0; i < all.length; i += MANY) {
      const some = all.slice(i, i + MANY);
      const [flags] = await askPatiently(connection, [['SESSION.MEXISTS', ...some]]);
      some.forEach((token, j) => {
        if ((flags as Reply[])[j] === 1) live.add(token);
      });
    }
    for (const client of this.#clients) {
      for (const token of client.gone) if (live.has(token)) throw new Error('an ended token leads to a session');
    }
    return live;
  }

  #compare(
    events: ReadonlyMap<string, readonly OutboxEvent[]>,
    data: ReadonlyMap<string, ReadonlyMap<string, string>>,
    live: ReadonlySet<string>,
  ): void {
    const unclaimed = new Set([...events.keys(), ...this.#lives.keys()]);
    for (const origin of this.#own.keys()) {
      unclaimed.delete(origin);
      if (!this.#lives.has(origin)) throw new Error('a session of the torture itself is missing');
    }
    const observe = (origin: string): Observation => {
      const life = this.#lives.get(origin);
      return {
        session: life && { token: life.token, data: data.get(origin) ?? new Map() },
        events: (events.get(origin) ?? []).map(({ text }) => text),
        live,
      };
    };
    const nothing: Observation = { session: undefined, events: [], live };
    const nameless: { client: StoreClient; session: TrackedSession }[] = [];
    for (const client of this.#clients) {
      for (const { sessions } of client.names) {
        for (const session of sessions) {
          if (session.origin === undefined) nameless.push({ client, session });
          else this.#resolve(client, session, observe(session.origin), unclaimed);
        }
      }
    }
    for (const origin of unclaimed) {
      const name = this.#lives.get(origin)?.name ?? events.get(origin)?.at(0)?.name;
      const observation = observe(origin);
      const candidates = nameless.filter(({ session }) => session.origin === undefined && session.name === name);
      const one = candidates.find(({ session }) => session.matches(observation));
      if (one === undefined) {
        const known =
          candidates.length === 0 ? 'which no client created' : 'which is like none that may have been created';
        throw new Error(`there is or was a session ${name}, ${known}; its events: ${observation.events.join(', ')}`);
      }
      one.session.origin = origin;
      one.session.tokens.add(origin);
      this.#resolve(one.client, one.session, observation, unclaimed);
    }
    for (const { client, session } of nameless) {
      if (session.origin === undefined) this.#resolve(client, session, nothing, unclaimed);
    }
    for (const client of this.#clients) client.clean();
  }

  #resolve(client: StoreClient, session: TrackedSession, observation: Observation, unclaimed: Set<string>): void {
    try {
      session.resolve(observation);
    } catch (error) {
      throw new Error(`client ${client.number}: ${(error as Error).message}`, { cause: error });
    }
    if (session.origin !== undefined) unclaimed.delete(session.origin);
  }

  /** Checks what SESSION.TOKENS, SESSION.LIST and SESSION.SCAN say. */
  async #checkNames(connection: Connection): Promise<void> {
    const names = new Map<string, Life[]>();
    for (const client of this.#clients) for (const { name } of client.names) names.set(name, []);
    for (const life of this.#lives.values()) {
      if (!this.#own.has(life.origin)) names.get(life.name)?.push(life);
    }
    const all = [...names];
    const listed = await askPatiently(
      connection,
      all.flatMap(([name]) => [
        ['SESSION.TOKENS', name],
        ['SESSION.LIST', name, 'COUNT', '1000'],
      ]),
    );
    for (const [i, [name, lives]] of all.entries()) {
      const expected = lives.toSorted((a, b) => (a.created < b.created ? -1 : 1)).map(({ token }) => token);
      const tokens = listed[2 * i];
      if (show(tokens) !== show(expected)) {
        throw new Error(`SESSION.TOKENS ${name} replied ${show(tokens)}, and these sessions exist: ${show(expected)}`);
      }
      const list = (listed[2 * i + 1] as Reply[])[1] as Reply[];
      if (list.length !== lives.length) {
        throw new Error(`SESSION.LIST ${name} shows ${list.length} sessions, and ${lives.length} exist`);
      }
    }
    const scanned = await scanSessions(connection, 1000);
    const expected = new Map([...this.#lives.values()].map(({ token, name }) => [token, name]));
    for (const [token, name] of expected)
      if (scanned.get(token) !== name) throw new Error(`SESSION.SCAN misses ${name}`);
    for (const [token, name] of scanned)
      if (!expected.has(token)) throw new Error(`SESSION.SCAN shows an ended ${name}`);
  }

  /** Checks the sets of what is due, and that each index entry has a session or is marked to be removed. */
  async #checkStore(): Promise<void> {
    const members = new Set([...this.#lives.values()].map(memberOf));
    const due = new Set(await this.#store.due());
    for (const member of members) if (!due.has(member)) throw new Error(`${nameIn(member)} will never be looked at`);
    for (const member of due) if (!members.has(member)) throw new Error(`${nameIn(member)} has ended and is due`);
    // A mark is removed after the entry. So the marks are read first.
    const marks = await this.#store.marks();
    const names = new Set(this.#clients.flatMap((client) => client.names.map(({ name }) => name)));
    for (const name of this.#own.values()) names.add(name);
    for (const name of names) {
      const index = new Set(await this.#store.index(name));
      for (const member of index) {
        if (!members.has(member) && !marks.has(member)) {
          throw new Error(`the index of ${name} has an entry without a session, and nothing will remove it`);
        }
      }
      for (const member of members) {
        if (nameIn(member) === name && !index.has(member)) throw new Error(`the index of ${name} misses a session`);
      }
    }
  }
}
