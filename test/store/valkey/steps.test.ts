import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Slice } from '../../../src/slice.js';
import type { SessionStore, Settings } from '../../../src/store/session-store.js';
import { type Argument, type Reply, StoreError } from '../../../src/store/valkey/nodes/nodes.js';
import { settingsOf } from '../../../src/store/valkey/store-settings.js';
import { ValkeyStore } from '../../../src/store/valkey/valkey-store.js';
import { eventually } from '../../tools/eventually.js';
import { RedisServer } from '../../tools/redis-server.js';
import { PlainNodes } from './plain-nodes.js';

const timers = () => ({ tickMs: 0, wheelSlots: 0, pending: 0, lateP99: 0 });
const slice = (text: string) => Slice.of(text);

/** Calls functions, unless a test stops one. */
class Stoppable {
  readonly #nodes: PlainNodes;
  /** Called before each call. */
  before: (fn: string) => Promise<void> | void = () => {};

  constructor(nodes: PlainNodes) {
    this.#nodes = nodes;
  }

  async call(partition: number, fn: string, args: readonly Argument[]): Promise<Reply> {
    const copies = args.map((arg) => (arg instanceof Slice ? arg.copy() : arg));
    await this.before(fn);
    return this.#nodes.call(partition, fn, copies);
  }

  /** Lets calls of a function fail. */
  fail(fn: string, mayHaveRun: boolean): void {
    this.before = (called) => {
      if (called === fn) throw new StoreError('TRYAGAIN', 'stopped by the test', mayHaveRun);
    };
  }
}

describe.skipIf(!RedisServer.there)('operations of several steps', () => {
  let server: RedisServer;
  let plain: PlainNodes;
  let nodes: Stoppable;
  let store: ValkeyStore;
  let sessions: SessionStore;
  let runs = 0;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    plain?.close();
    plain = await PlainNodes.connect(server, `test${++runs}:`);
    nodes = new Stoppable(plain);
    store = new ValkeyStore(nodes, await settingsOf(nodes, 16), { maxValueBytes: 1000, timers });
    sessions = store.sessions;
  });
  afterAll(async () => {
    plain?.close();
    await server.stop();
  });

  /** Returns all keys that tell of sessions. */
  async function keys(): Promise<string[]> {
    const found = (await server.ask('KEYS', `test${runs}:*`)) as string[];
    return found
      .map((key) => key.replace(/^.*?\}:/, '').replace(/:.*/, ''))
      .filter((kind) => !/^(store|stats|events)$/.test(kind));
  }

  /** Settings of a session that is not in the partition of its name, so that it is created in three steps. */
  function elsewhere(name: string, settings: Settings = {}): Settings {
    const { partitions } = store;
    const home = partitions.ofName(Buffer.from(name));
    return { ...settings, token: slice(partitions.newTokenIn((home + 1) % partitions.count)) };
  }

  async function namesFound(): Promise<string[]> {
    const { items } = await sessions.scanNames({ cursor: 0, count: 1000, matches: () => true });
    return items.map(({ name, sessions: count }) => `${name} ${count}`);
  }

  it('do not say that they have not run if a part of them has', async () => {
    const settings = { duration: 0 };
    const tokens = [await sessions.create(slice('a'), settings), await sessions.create(slice('a'), settings)];
    const refusal = new StoreError('TRYAGAIN', 'Stopped by the test. The operation has not run.', false);
    const partly = { code: 'TRYAGAIN', message: 'Stopped by the test. The operation may have run in part.' };
    const refuse = (fn: string, count: number) => {
      let calls = 0;
      nodes.before = (called) => {
        if (called === fn && ++calls === count) throw refusal;
      };
    };
    refuse('end', 1);
    await expect(sessions.end(tokens[0])).rejects.toBe(refusal);
    await expect(sessions.endMany(tokens.slice(0, 1))).resolves.toBe(1);
    refuse('end', 2);
    await expect(sessions.endMany(tokens)).rejects.toMatchObject(partly);
    await sessions.create(slice('a'), settings);
    refuse('end', 1);
    await expect(sessions.endName(slice('a'))).rejects.toMatchObject(partly);
    refuse('createathome', 1);
    await expect(sessions.create(slice('b'), { ...settings, limit: 1 })).rejects.toBe(refusal);
    refuse('create', 1);
    await expect(sessions.create(slice('b'), elsewhere('b', { ...settings, limit: 1 }))).rejects.toBe(refusal);
    refuse('indexed', 1);
    await expect(sessions.create(slice('b'), elsewhere('b', { ...settings, limit: 1 }))).rejects.toMatchObject(partly);
    refuse('end', 1);
    await expect(sessions.create(slice('b'), { ...settings, limit: 1 })).rejects.toMatchObject(partly);
    nodes.before = () => {};
    expect((await sessions.tokens(slice('b'))).length).toBe(2 * 22);
  });

  it('begin nothing more after a failure', async () => {
    const secret = Buffer.alloc(32);
    const { sessions } = new ValkeyStore(nodes, { partitions: 64, secret }, { maxValueBytes: 1000, timers });
    let begun = 0;
    let goOn = () => {};
    const failed = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    nodes.before = (fn) => {
      if (fn === 'endsome' && ++begun === 1) throw new StoreError('TRYAGAIN', 'stopped by the test', false);
      return failed;
    };
    await expect(sessions.endAll()).rejects.toMatchObject({ code: 'TRYAGAIN' });
    const before = begun;
    goOn();
    await setImmediate();
    // The calls that waited have been answered before this one.
    await plain.call(0, 'endsome', ['0', 1]);
    await setImmediate();
    expect(begun).toBe(before);
  });

  it('nothing is left of a session after its end', async () => {
    const token = await sessions.create(slice('user:1'), { duration: 10_000, data: [slice('k'), slice('1')] });
    await sessions.create(slice('user:1'), { shared: true });
    const next = await sessions.rotate(token, 10_000);
    await sessions.rotate(next, 10_000);
    expect(await keys()).not.toEqual([]);
    expect(await sessions.endName(slice('user:1'))).toBe(2);
    expect(await keys()).toEqual([]);
  });

  it('a session with a new token is created and ends in one call', async () => {
    const called: string[] = [];
    nodes.before = (fn) => {
      called.push(fn);
    };
    const token = await sessions.create(slice('user:1'), { limit: 1 });
    expect((await sessions.tokens(slice('user:1'))).toString()).toBe(token.toString());
    expect(await sessions.end(token)).toBe(true);
    expect(called).toEqual(['createathome', 'page', 'tokens', 'end']);
    expect(await keys()).toEqual([]);
  });

  it('the sessions of a name are in its partition only while they are few', async () => {
    const { partitions } = store;
    const home = partitions.ofName(Buffer.from('guest'));
    const isAtHome = async () => partitions.ofToken(await sessions.create(slice('guest'), {})) === home;
    const first = await Promise.all(Array.from({ length: 16 }, isAtHome));
    expect(first).toEqual(first.map(() => true));
    const next = await Promise.all(Array.from({ length: 40 }, isAtHome));
    expect(next.filter(Boolean).length).toBeLessThan(20);
    await eventually(async () => !(await keys()).includes('creating'));
    expect((await sessions.tokens(slice('guest'))).length).toBe(56 * 22);
    await sessions.create(slice('guest'), { limit: 3 });
    expect((await sessions.tokens(slice('guest'))).length).toBe(3 * 22);
    expect(await sessions.endAll()).toBe(3);
    expect(await keys()).toEqual([]);
  });

  it('what has ended is not among the names, though it leaves their indexes together with others', async () => {
    const tokens = [];
    for (const name of ['a', 'a', 'b']) tokens.push(await sessions.create(slice(name), elsewhere(name)));
    expect(await sessions.endMany(tokens)).toBe(3);
    expect(await namesFound()).toEqual([]);
    await eventually(async () => (await keys()).length === 0);
  });

  it('a session that cannot be created is not in the index of its name', async () => {
    nodes.fail('create', false);
    await expect(sessions.create(slice('user:1'), elsewhere('user:1'))).rejects.toMatchObject({ code: 'TRYAGAIN' });
    expect(await keys()).toEqual([]);
  });

  it('to find that a shared session is there, nothing is written', async () => {
    await sessions.create(slice('news'), { shared: true });
    const called: string[] = [];
    nodes.before = (fn) => {
      called.push(fn);
    };
    await expect(sessions.create(slice('news'), { shared: true })).rejects.toMatchObject({ code: 'SESSIONEXISTS' });
    expect(called).toEqual(['exists']);
  });

  it('one that may have been created is in the list, and waits for the repair', async () => {
    nodes.fail('create', true);
    await expect(sessions.create(slice('user:1'), elsewhere('user:1'))).rejects.toMatchObject({ code: 'TRYAGAIN' });
    expect((await keys()).sort()).toEqual(['creating', 'n', 'names']);
    expect((await sessions.tokens(slice('user:1'))).length).toBe(0);
  });

  it('a session of which the list could not be told ends nevertheless', async () => {
    const token = await sessions.create(slice('user:1'), elsewhere('user:1'));
    nodes.fail('unindex', true);
    expect(await sessions.end(token)).toBe(true);
    expect((await sessions.tokens(slice('user:1'))).length).toBe(0);
    expect(
      (await sessions.list(slice('user:1'), { cursor: undefined, count: 10, sizes: false, keys: [] })).sessions,
    ).toEqual([]);
    expect((await keys()).sort()).toEqual(['n', 'names', 'unindexing']);
    nodes.before = () => {};
    expect(await sessions.endName(slice('user:1'))).toBe(0);
  });

  it('a name that is shared again at once stays in the list, however late the first end is noted', async () => {
    await sessions.create(slice('news'), { shared: true });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    nodes.before = (fn) => (fn === 'unindex' ? held : undefined);
    expect(await sessions.end(slice('@news'))).toBe(true);
    const token = await sessions.create(slice('news'), { shared: true });
    release();
    nodes.before = () => {};
    await eventually(async () => (await namesFound()).join() === 'news 1');
    expect((await sessions.tokens(slice('news'))).toString()).toBe(token.toString());
    expect(await sessions.endName(slice('news'))).toBe(1);
    expect(await keys()).toEqual([]);
  });

  it('of logins at the same time with LIMIT, as many remain as it allows', async () => {
    for (let round = 0; round < 10; round++) {
      const name = slice(`user:${round}`);
      await Promise.all(Array.from({ length: 12 }, () => sessions.create(name, { limit: 2 })));
      const tokens = (await sessions.tokens(name)).toString().match(/.{22}/g) ?? [];
      expect(tokens.length).toBe(2);
    }
  });

  describe('changes to a value', () => {
    const key = slice('k');
    const addOne = (value: Slice | undefined) => slice(String(Number(value ?? 0) + 1));
    const start = async () => {
      const token = await sessions.create(slice('a'), { duration: 0 });
      return { token, value: async () => String(await sessions.get(token, key, false)) };
    };
    /** Counts the calls of `swap`. Before each, `interfere` may do what another process would. */
    const countSwaps = (interfere: (swaps: number) => Promise<unknown>) => {
      const counted = { swaps: 0 };
      nodes.before = async (fn) => {
        if (fn === 'swap') await interfere(++counted.swaps);
      };
      return counted;
    };

    it('are tried again if another process changes it, creates it or removes it meanwhile', async () => {
      const { token, value } = await start();
      const other = new ValkeyStore(plain, await settingsOf(plain, 16), { maxValueBytes: 1000, timers }).sessions;
      const counted = countSwaps(async (swaps) => {
        if (swaps === 1) await other.set(token, [key, slice('10')], false);
        if (swaps === 2) await other.delete(token, [key], false);
        if (swaps === 3) await other.add(token, [key, slice('20')], false);
      });
      await sessions.update(token, key, addOne, false);
      expect([await value(), counted.swaps]).toEqual(['21', 4]);
    });

    it('are given up after fifty tries', async () => {
      const { token, value } = await start();
      const other = new ValkeyStore(plain, await settingsOf(plain, 16), { maxValueBytes: 1000, timers }).sessions;
      const counted = countSwaps((swaps) => Promise.resolve(other.set(token, [key, slice(String(swaps))], false)));
      await expect(sessions.update(token, key, addOne, false)).rejects.toMatchObject({ code: 'TRYAGAIN' });
      expect([await value(), counted.swaps]).toEqual(['50', 50]);
    });

    it('wait for each other in one process, whatever becomes of them', async () => {
      const { token, value } = await start();
      const counted = countSwaps(async () => {});
      const changes = Array.from({ length: 20 }, (_, i) =>
        sessions.update(
          token,
          key,
          (before) => {
            if (i % 5 === 4) throw new Error('not changed');
            return addOne(before);
          },
          false,
        ),
      );
      const settled = await Promise.allSettled(changes);
      expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(4);
      expect([await value(), counted.swaps]).toEqual(['16', 16]);
    });
  });

  describe('transactions', () => {
    it('run on the sessions of one partition only', async () => {
      const tokens = await Promise.all(Array.from({ length: 40 }, () => sessions.create(slice('user:1'), {})));
      const one = tokens[0];
      const other = tokens.find((token) => store.partitions.ofToken(token) !== store.partitions.ofToken(one)) ?? one;
      const both = store.begin([]);
      for (const token of [one, other]) void both.sessions.set(token, [slice('k'), slice('1')], true);
      await expect(both.commit()).rejects.toMatchObject({ code: 'CROSSSLOT' });
      expect(await sessions.count(one)).toBe(0);
      const watching = store.begin([await store.watch(other)]);
      void watching.sessions.set(one, [slice('k'), slice('1')], true);
      await expect(watching.commit()).rejects.toMatchObject({ code: 'CROSSSLOT' });
      expect(await store.begin([await store.watch(one), await store.watch(other)]).commit()).toBe(true);
    });

    it('create a session beside the one that they write to', async () => {
      const token = await sessions.create(slice('user:1'), {});
      for (let i = 0; i < 10; i++) {
        const transaction = store.begin([await store.watch(token)]);
        const created = transaction.sessions.create(slice('user:1'), { data: [slice('k'), slice('1')] });
        void transaction.sessions.set(token, [slice('n'), slice(String(i))], true);
        expect(await transaction.commit()).toBe(true);
        expect((await sessions.get(await created, slice('k'), true))?.toString()).toBe('1');
      }
      await eventually(async () => (await namesFound()).join() === 'user:1 11');
      expect(await sessions.endName(slice('user:1'))).toBe(11);
      await eventually(async () => (await keys()).length === 0);
    });

    it('leave nothing of sessions that they do not create', async () => {
      const token = await sessions.create(slice('user:1'), {});
      const watched = await store.watch(token);
      await sessions.set(token, [slice('k'), slice('1')], true);
      const transaction = store.begin([watched]);
      void transaction.sessions.create(slice('user:2'), {});
      void transaction.sessions.end(token);
      expect(await transaction.commit()).toBe(false);
      expect(await namesFound()).toEqual(['user:1 1']);
      const failing = store.begin([]);
      const refused = Promise.resolve(failing.sessions.create(slice('user:2'), { token })).catch(String);
      expect(await failing.commit()).toBe(true);
      expect(await refused).toMatch('already exists');
      await eventually(async () => (await namesFound()).join() === 'user:1 1');
      expect(await sessions.endName(slice('user:1'))).toBe(1);
      expect(await keys()).toEqual([]);
    });

    it('is refused when the node has no more memory, but only if it adds something', async () => {
      const token = await sessions.create(slice('a'), { data: [slice('k'), slice('1')] });
      await server.ask('CONFIG', 'SET', 'maxmemory', 1);
      try {
        const adding = store.begin([]);
        void adding.sessions.get(token, slice('k'), true);
        void adding.sessions.set(token, [slice('k'), slice('2')], true);
        await expect(adding.commit()).rejects.toMatchObject({ code: 'OOM' });
        const ending = store.begin([await store.watch(token)]);
        const value = ending.sessions.get(token, slice('k'), true) as Promise<Slice>;
        const ended = ending.sessions.end(token);
        expect(await ending.commit()).toBe(true);
        expect([String((await value).toBuffer()), await ended]).toEqual(['1', true]);
      } finally {
        await server.ask('CONFIG', 'SET', 'maxmemory', 0);
      }
    });

    it('refuse operations on many sessions', () => {
      const { sessions: inside } = store.begin([]);
      expect(() => inside.endName(slice('a'))).toThrow('cannot be part of a transaction');
      expect(() => inside.create(slice('a'), { limit: 1 })).toThrow('cannot be part of a transaction');
    });
  });

  it('all processes use the partitions and the secret that the store has', async () => {
    const shared = await sessions.create(slice('news'), { shared: true });
    const settings = await settingsOf(plain, undefined);
    const { sessions: others, partitions } = new ValkeyStore(plain, settings, { maxValueBytes: 1000, timers });
    expect(partitions.count).toBe(16);
    expect((await others.open(slice('news'))).toString()).toBe(shared.toString());
    expect(await others.id(shared)).toBe(await sessions.id(shared));
    await expect(settingsOf(plain, 32)).rejects.toThrow(
      'the store has 16 partitions, not 32, and their number cannot be changed: remove store-partitions',
    );
  });
});
