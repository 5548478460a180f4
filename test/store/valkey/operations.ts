import fc from 'fast-check';
import { CodedError } from '../../../src/errors.js';
import { Slice } from '../../../src/slice.js';
import type { SessionStore } from '../../../src/store/session-store.js';

/** A token or a public id in an answer. Two stores have different ones. */
class Opaque {
  readonly kind: 'token' | 'id';
  readonly text: string;

  constructor(kind: 'token' | 'id', text: string) {
    this.kind = kind;
    this.text = text;
  }
}

/** Part of an answer, whose order does not matter. */
class Unordered {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

const token = (bytes: Slice | Buffer) => new Opaque('token', bytes.toString());
const id = (text: string) => new Opaque('id', text);

/** A store, and the tokens and public ids that it has answered with, in order. */
export class World {
  readonly sessions: SessionStore;
  /** Lets some ms pass, and expires what is due. */
  readonly pass: (ms: number) => Promise<void>;
  readonly #seen: Record<Opaque['kind'], string[]>;
  readonly #reserved: Set<string>;

  constructor(
    sessions: SessionStore,
    pass: (ms: number) => Promise<void>,
    seen: Record<Opaque['kind'], string[]> = { token: [], id: [] },
    reserved = new Set<string>(),
  ) {
    this.sessions = sessions;
    this.pass = pass;
    this.#seen = seen;
    this.#reserved = reserved;
  }

  /** Returns the world as operations see it that know nothing of each other's answers. */
  during(sessions = this.sessions): World {
    return new World(sessions, this.pass, { token: [...this.#seen.token], id: [...this.#seen.id] }, this.#reserved);
  }

  /** Returns what an operation answers, or its error. */
  async ask(operation: Operation): Promise<unknown> {
    try {
      return await operation.run(this);
    } catch (error) {
      if (error instanceof CodedError) return `-${error.code} ${error.message}`;
      throw error;
    }
  }

  /** Returns an answer with a number in the place of each token and public id. */
  numbered(answer: unknown): unknown {
    if (answer instanceof Opaque) {
      const seen = this.#seen[answer.kind];
      const place = seen.indexOf(answer.text);
      return `${answer.kind} ${place < 0 ? seen.push(answer.text) - 1 : place}`;
    }
    if (answer instanceof Unordered) return answer.items.map((one) => JSON.stringify(this.numbered(one))).sort();
    if (Array.isArray(answer)) return answer.map((one) => this.numbered(one));
    return answer;
  }

  /**
   * Keeps a token from being chosen for a new session. In one of the stores, a token that its session loses is reserved
   * until the session ends. A shared session gets the same token each time, so no other session may lose it.
   */
  reserve(given: Slice): Slice {
    this.#reserved.add(given.toString());
    return given;
  }

  /** Like `given`, for a token that a new session is to have. */
  free(what: Given): Slice {
    const given = this.given('token', what);
    return this.#reserved.has(given.toString()) ? Slice.of('reserved') : given;
  }

  /** Returns what a client sends for a number, or the text itself. */
  given(kind: Opaque['kind'], what: Given): Slice {
    const seen = this.#seen[kind];
    return Slice.of(typeof what === 'string' ? what : (seen[what % Math.max(seen.length, 1)] ?? 'none'));
  }
}

/** The number of a token or public id, or a text. */
type Given = number | string;

export class Operation {
  /** Whether a transaction may have it. */
  readonly isOfOne: boolean;
  readonly run: (world: World) => Promise<unknown>;
  readonly #text: string;

  constructor(text: string, isOfOne: boolean, run: (world: World) => Promise<unknown>) {
    this.#text = text;
    this.isOfOne = isOfOne;
    this.run = run;
  }

  toString(): string {
    return this.#text;
  }
}

/** Makes the operations whose arguments are drawn from arbitraries. */
function op<Args extends unknown[]>(
  name: string,
  isOfOne: boolean | ((...args: Args) => boolean),
  args: { [Index in keyof Args]: fc.Arbitrary<Args[Index]> },
  run: (world: World, ...args: Args) => Promise<unknown>,
): fc.Arbitrary<Operation> {
  return fc
    .tuple(...args)
    .map(
      (drawn) =>
        new Operation(
          `${name} ${fc.stringify(drawn)}`,
          typeof isOfOne === 'boolean' ? isOfOne : isOfOne(...(drawn as Args)),
          (world) => run(world, ...(drawn as Args)),
        ),
    );
}

const text = (...texts: string[]) => fc.constantFrom(...texts);
const name = text('a', 'b', 'user:1', 'é\0');
const bytes = fc.uint8Array({ maxLength: 4 }).map((array) => Slice.of(Buffer.from(array)));
const key = fc.oneof({ weight: 5, arbitrary: text('k', 'n', '').map(Slice.of) }, bytes);
const value = fc.oneof(
  { weight: 3, arbitrary: text('0', '1', '-7', '01', 'x', String(2n ** 63n - 1n)).map(Slice.of) },
  bytes,
);
const keys = fc.array(key, { minLength: 1, maxLength: 4 });
const pairs = fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 4 }).map((all) => all.flat());
const isUse = fc.boolean();
const who = fc.oneof(
  { weight: 8, arbitrary: fc.nat(20) },
  { weight: 3, arbitrary: text('@a', '@b', '@é\0') },
  { weight: 1, arbitrary: text('', '@', 'x', 'A'.repeat(22), `${'A'.repeat(21)}B`, `@${'x'.repeat(600)}`) },
);
const whoever = fc.array(who, { maxLength: 4 });
const duration = fc.constantFrom(0, 1_000_000, 2_000_000);
/** Of keys. */
const keyDuration = fc.constantFrom(1, 1000, 400_000, 1_000_000, 2 ** 31 * 1000);
/** In ms: longer than all time that passes. The node itself would remove the old token, by its own time. */
const GRACE = 2 ** 30;

const settings = fc.record(
  {
    duration,
    deleteSession: fc.boolean(),
    extend: fc.constantFrom('none', 'get', 'set', 'both'),
    maxAgeMs: fc.constantFrom(0, 5_000_000),
    data: pairs,
  },
  { requiredKeys: [] },
);

const one = (world: World, what: Given) => world.given('token', what);
const copy = (slice: Slice | undefined) => slice?.latin1();
/** Reads an operation's keys and values, which may be a view. */
function pairsOf(fields: { forEach(visit: (key: Slice, value: Slice) => void): void }): string[] {
  const all: string[] = [];
  fields.forEach((k, v) => {
    all.push(JSON.stringify([k.latin1(), v.latin1()]));
  });
  return all.sort();
}

const all: fc.Arbitrary<Operation>[] = [
  op('create', true, [name, settings], async ({ sessions }, named, given) =>
    token(await sessions.create(Slice.of(named), given)),
  ),
  op('create shared', true, [name, settings], async (world, named, given) =>
    token(world.reserve(await world.sessions.create(Slice.of(named), { ...given, shared: true }))),
  ),
  op('create with a token', true, [text('', 'a', 'b', 'x'.repeat(513)), who], async (world, named, what) =>
    token(await world.sessions.create(Slice.of(named), { token: world.free(what) })),
  ),
  op('create with a limit', false, [name, fc.integer({ min: 1, max: 3 })], async ({ sessions }, named, limit) =>
    token(await sessions.create(Slice.of(named), { limit })),
  ),
  op('open', false, [name], async (world, named) => token(world.reserve(await world.sessions.open(Slice.of(named))))),
  op('end', true, [who], async (world, what) => world.sessions.end(one(world, what))),
  op('endMany', true, [whoever], async (world, some) => world.sessions.endMany(some.map((what) => one(world, what)))),
  op('endName', false, [name], async ({ sessions }, named) => sessions.endName(Slice.of(named))),
  op('endByIds', false, [name, fc.array(fc.oneof(fc.nat(5), text('', 'x')))], async (world, named, some) =>
    world.sessions.endByIds(
      Slice.of(named),
      some.map((what) => world.given('id', what)),
    ),
  ),
  op('endAll', false, [] as [], async ({ sessions }) => sessions.endAll()),
  op('rotate', true, [who, fc.constantFrom(0, 0, GRACE)], async (world, what, grace) =>
    token(await world.sessions.rotate(world.reserve(one(world, what)), grace)),
  ),
  op('setDuration', true, [who, duration, fc.constantFrom(undefined, true, false)], async (world, what, ms, deletes) =>
    world.sessions.setDuration(one(world, what), ms, deletes),
  ),
  op('touch', true, [whoever], async (world, some) => world.sessions.touch(some.map((what) => one(world, what)))),

  op('pass', false, [fc.constantFrom(1, 999, 400_000, 1_000_000)], async (world, ms) => world.pass(ms)),

  op('has', true, [whoever], async (world, some) => world.sessions.has(some.map((what) => one(world, what)))),
  op('info', true, [who], async (world, what) => {
    const info = await world.sessions.info(one(world, what));
    return { ...info, timeLeft: info.timeLeft, created: 0, encoding: 'any' };
  }),
  op('timeLeft', true, [who], async (world, what) => world.sessions.timeLeft(one(world, what))),
  op('id', true, [who], async (world, what) => id(await world.sessions.id(one(world, what)))),
  op('tokens', false, [name], async ({ sessions }, named) => {
    const tokens = (await sessions.tokens(Slice.of(named))).toString();
    return (tokens.match(/.{22}/g) ?? []).map((one) => new Opaque('token', one));
  }),
  op(
    'list',
    false,
    [name, fc.integer({ min: 1, max: 5 }), fc.boolean(), keys],
    async (world, named, count, sizes, shown) => {
      const listed: unknown[] = [];
      let cursor = '0';
      do {
        const page = await world.sessions.list(Slice.of(named), {
          cursor: Slice.of(cursor),
          count,
          sizes,
          keys: shown,
        });
        for (const session of page.sessions) {
          listed.push([id(session.id), session.timeLeft, session.bytes, session.keys, session.values]);
          listed.push(
            session.sizes?.map(({ key: shownKey, length }) => `${shownKey.toString('latin1')} ${length}`).sort(),
          );
        }
        cursor = page.cursor;
      } while (cursor !== '0');
      return listed;
    },
  ),
  op('scan', false, [fc.integer({ min: 1, max: 20 }), fc.boolean()], async (world, count, isSome) => {
    const matches = (named: string) => !isSome || named === 'a';
    const found: unknown[] = [];
    let cursor = 0;
    do {
      const page = await world.sessions.scan({ cursor, count, matches });
      for (const item of page.items) found.push([token(item.token), item.name.toString('latin1')]);
      cursor = page.cursor;
    } while (cursor !== 0);
    return new Unordered(found);
  }),
  op('scanNames', false, [fc.integer({ min: 1, max: 20 })], async ({ sessions }, count) => {
    const found: string[] = [];
    let cursor = 0;
    do {
      const page = await sessions.scanNames({ cursor, count, matches: () => true });
      for (const item of page.items) found.push(`${item.name.toString('latin1')} ${item.sessions}`);
      cursor = page.cursor;
    } while (cursor !== 0);
    return found.sort();
  }),

  op('get', true, [who, key, isUse], async (world, what, k, use) =>
    copy(await world.sessions.get(one(world, what), k, use)),
  ),
  op('getMany', true, [who, keys, isUse], async (world, what, some, use) => {
    const values: unknown[] = [];
    (await world.sessions.getMany(one(world, what), some, use)).forEach((found) => {
      values.push(copy(found));
    });
    return values;
  }),
  op('getAll', true, [who, isUse], async (world, what, use) =>
    pairsOf(await world.sessions.getAll(one(world, what), use)),
  ),
  op('contains', true, [who, keys], async (world, what, some) => world.sessions.contains(one(world, what), some)),
  op('count', true, [who], async (world, what) => world.sessions.count(one(world, what))),
  op('keys', true, [who], async (world, what) => {
    const found: string[] = [];
    (await world.sessions.keys(one(world, what))).forEach((k) => {
      found.push(k.latin1());
    });
    return found.sort();
  }),
  op('set', true, [who, pairs, isUse], async (world, what, some, use) =>
    world.sessions.set(one(world, what), some, use),
  ),
  op('keyTimesLeft', true, [who, keys], async (world, what, some) =>
    world.sessions.keyTimesLeft(one(world, what), some),
  ),
  op('setFor', true, [who, keyDuration, pairs, isUse], async (world, what, ms, some, use) =>
    world.sessions.setFor(one(world, what), ms, some, use),
  ),
  op('persistKeys', true, [who, keys, isUse], async (world, what, some, use) =>
    world.sessions.persistKeys(one(world, what), some, use),
  ),
  op('add', true, [who, pairs, isUse], async (world, what, some, use) =>
    world.sessions.add(one(world, what), some, use),
  ),
  op('compareAndSet', true, [who, key, value, value, isUse], async (world, what, k, expected, v, use) =>
    world.sessions.compareAndSet(one(world, what), k, expected, v, use),
  ),
  op('append', true, [who, key, value, isUse], async (world, what, k, v, use) =>
    world.sessions.append(one(world, what), k, v, use),
  ),
  op(
    'increment',
    true,
    [who, key, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), isUse],
    async (world, what, k, by, use) => world.sessions.increment(one(world, what), k, by, use),
  ),
  // Not in a transaction: in a store, it reads first.
  op('update', false, [who, key, fc.option(value, { nil: undefined }), isUse], async (world, what, k, v, use) => {
    let before: string | undefined;
    const change = (found: Slice | undefined) => {
      before = copy(found);
      return v;
    };
    await world.sessions.update(one(world, what), k, change, use);
    return before;
  }),
  op('delete', true, [who, keys, isUse], async (world, what, some, use) =>
    world.sessions.delete(one(world, what), some, use),
  ),
  op('clear', true, [who, isUse], async (world, what, use) => world.sessions.clear(one(world, what), use)),
  op('replace', true, [who, pairs, isUse], async (world, what, some, use) =>
    world.sessions.replace(one(world, what), some, use),
  ),
];

/** Sequences of any operations. Most create something first. */
export const operations = fc
  .tuple(fc.array(fc.oneof(all[0], all[1]), { maxLength: 4 }), fc.array(fc.oneof(...all), { maxLength: 40 }))
  .map(([first, rest]) => [...first, ...rest]);
