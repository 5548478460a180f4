import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvent } from '../../../src/store/valkey/events/outbox-entry.js';
import { LibraryServer, newToken } from './library-server.js';

/** Keys that could be confused with fields of respite's own, and some others. */
const key = fc.constantFrom('', '\0', '\0t', '\0s', '\0\0', '\0\0t', 't', 'cart', 'ÿ', '1').map(bytesOf);
const value = fc.oneof(
  fc.constantFrom('', '0', '7', '-1', '\0', 'pizza').map(bytesOf),
  fc.uint8Array({ maxLength: 80 }),
);
const keys = fc.array(key, { minLength: 1, maxLength: 4 });
const pairs = fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 6 });

type Operation = readonly [fn: string, ...args: readonly (Uint8Array | string)[]];

const operation: fc.Arbitrary<Operation> = fc.oneof(
  pairs.map((all): Operation => ['set', ...all.flat()]),
  pairs.map((all): Operation => ['add', ...all.flat()]),
  pairs.map((all): Operation => ['replace', ...all.flat()]),
  keys.map((all): Operation => ['del', ...all]),
  fc.constant<Operation>(['clear']),
  fc.tuple(key, value, value).map((args): Operation => ['cas', ...args]),
  fc.tuple(key, value).map((args): Operation => ['append', ...args, '100']),
  fc.tuple(key, fc.integer()).map(([which, by]): Operation => ['incrby', which, String(by)]),
);

/** Operations on the deadlines of keys. `pass` lets time pass. */
const ofDeadlines: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(fc.constantFrom('1', '10', '11'), pairs).map(([ms, all]): Operation => ['setfor', ms, ...all.flat()]),
  keys.map((all): Operation => ['persist', ...all]),
  fc.constantFrom('1', '9', '10').map((ms): Operation => ['pass', ms]),
);

describe.skipIf(!LibraryServer.there)('the data of a session in the Valkey store', () => {
  let store: LibraryServer;
  let earlier: LibraryServer;

  beforeAll(async () => {
    store = await LibraryServer.start();
    earlier = await store.earlier();
  });

  afterAll(() => store.stop());

  it('is what a map would have, whatever the keys and values, and whichever version calls its functions', async () => {
    await fc.assert(
      fc.asyncProperty(
        pairs,
        fc.array(fc.tuple(fc.boolean(), operation), { maxLength: 12 }),
        fc.boolean(),
        fc.boolean(),
        async (first, operations, rotates, isEarlier) => {
          let { token } = await version(isEarlier).create({ data: first.flat() });
          const model = new Map(first.map(([which, bytes]) => [textOf(which), textOf(bytes)]));
          if (rotates) {
            const first = token;
            token = newToken();
            await version(!isEarlier).call('rotate', first, token, 0);
          }
          for (const [isEarlier, [fn, ...args]] of operations) {
            const reply = await version(isEarlier)
              .text(fn, token, 1, ...args)
              .catch((error: Error) => error.message.slice(0, 3));
            expect(reply).toEqual(runOnModel(model, fn, args.map(textOf)));
          }
          await expectData(token, model);
          await version(isEarlier).call('end', token, 'ended');
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has no key past its deadline, and one event for each that has expired', async () => {
    await fc.assert(
      fc.asyncProperty(
        pairs,
        fc.array(fc.oneof(operation, ofDeadlines), { maxLength: 20 }),
        fc.boolean(),
        async (first, operations, isReaped) => {
          await store.redis.flushall();
          await store.holdTime();
          const { token, member } = await store.create({ data: first.flat() });
          const model = new DeadlineModel(first.map(([which, bytes]) => [textOf(which), textOf(bytes)]));
          for (const [fn, ...args] of operations) {
            if (fn === 'pass') {
              await store.pass(Number(args[0]));
              model.pass(Number(args[0]));
              if (isReaped) await store.call('reap', member);
              continue;
            }
            const reply = await store.text(fn, token, 1, ...args).catch((error: Error) => error.message.slice(0, 3));
            expect(reply).toEqual(model.run(fn, args.map(textOf)));
            const all = [...model.data.keys(), 'none'];
            expect(await store.text('keyttl', token, all.map(bytesOf))).toEqual(all.map((name) => model.left(name)));
          }
          await expectData(token, model.data);
          const [, , at] = await store.text<number[]>('due', 1000, 10);
          expect(at ?? Infinity).toBeLessThanOrEqual(await firstDeadline(model));
          const expired = (await store.call<Buffer[]>('events', '0-0', 1000)).slice(3);
          const found = expired.filter((_, i) => i % 2 === 1).map((payload) => readEvent(payload).data);
          expect(found.map((data) => data?.map(textOf).join('=')).sort()).toEqual(model.expired.sort());
        },
      ),
      { numRuns: 60 },
    );
  });

  /** When the first key of a model is due, in the node's unix ms. */
  async function firstDeadline(model: DeadlineModel): Promise<number> {
    const [now] = await store.text<number[]>('due', 0, 0);
    return (
      now + Math.min(...[...model.data.keys()].map((name) => model.left(name)).filter((left) => left > 0), Infinity)
    );
  }

  function version(isEarlier: boolean): LibraryServer {
    return isEarlier ? earlier : store;
  }

  async function expectData(token: string, model: ReadonlyMap<string, string>): Promise<void> {
    const all = await store.text<string[]>('getall', token, 0);
    expect(new Map(all.flatMap((text, i) => (i % 2 === 0 ? [[text, all[i + 1]] as const] : [])))).toEqual(model);
    expect(all).toHaveLength(model.size * 2);
    expect(new Set(await store.text<string[]>('keys', token))).toEqual(new Set(model.keys()));
    expect(await store.text('count', token)).toBe(model.size);
    const names = ['', '\0', '\0t', '\0s', '\0\0', '\0\0t', 't'];
    const args = names.map((name) => Buffer.from(name, 'latin1'));
    expect(await store.text('getmany', token, 0, ...args)).toEqual(names.map((name) => model.get(name) ?? null));
    expect(await store.text('contains', token, ...args)).toEqual(names.map((name) => (model.has(name) ? 1 : 0)));
    const bytes = [...model].reduce((sum, [name, text]) => sum + name.length + text.length, 0);
    expect((await store.info(token)).bytes).toBe(bytes);
  }
});

/** A session's data with deadlines of keys. */
class DeadlineModel {
  readonly data: Map<string, string>;
  /** Each key that has expired with its value, as `key=value`. */
  readonly expired: string[] = [];
  readonly #deadlines = new Map<string, number>();
  #now = 0;

  constructor(first: readonly (readonly [string, string])[]) {
    this.data = new Map(first);
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const [name, deadline] of this.#deadlines) {
      if (deadline > this.#now) continue;
      this.expired.push(`${name}=${this.data.get(name)}`);
      this.data.delete(name);
      this.#deadlines.delete(name);
    }
  }

  /** Returns the ms until a key expires, as `keyttl` does. */
  left(name: string): number {
    if (!this.data.has(name)) return -2;
    const deadline = this.#deadlines.get(name);
    return deadline === undefined ? -1 : deadline - this.#now;
  }

  run(fn: string, args: readonly string[]): number | string {
    if (fn === 'persist') return args.filter((name) => this.#deadlines.delete(name)).length;
    const isFor = fn === 'setfor';
    const given = isFor ? args.slice(1) : args;
    const reply = runOnModel(this.data, isFor ? 'set' : fn, given);
    const names = given.filter((_, i) => i % 2 === 0);
    if (isFor) for (const name of names) this.#deadlines.set(name, this.#now + Number(args[0]));
    else if (fn === 'set' || fn === 'replace') for (const name of names) this.#deadlines.delete(name);
    else if (fn === 'cas' && reply === 1) this.#deadlines.delete(args[0]);
    for (const name of this.#deadlines.keys()) if (!this.data.has(name)) this.#deadlines.delete(name);
    return reply;
  }
}

/** Returns the reply, or the code of the error. */
function runOnModel(model: Map<string, string>, fn: string, args: readonly string[]): number | string {
  const before = model.size;
  const [first, second, third] = args;
  const current = model.get(first);
  switch (fn) {
    case 'replace':
    case 'clear':
      model.clear();
      setAll(model, args);
      return before;
    case 'set':
      setAll(model, args);
      return 1;
    case 'add': {
      const missing = new Map<string, string>();
      for (let i = 0; i < args.length; i += 2) {
        if (!model.has(args[i]) && !missing.has(args[i])) missing.set(args[i], args[i + 1]);
      }
      for (const [name, text] of missing) model.set(name, text);
      return missing.size;
    }
    case 'del':
      for (const name of args) model.delete(name);
      return before - model.size;
    case 'cas':
      if (current !== second) return 0;
      model.set(first, third);
      return 1;
    case 'append': {
      const text = (current ?? '') + second;
      if (text.length > 100) return 'ERR';
      model.set(first, text);
      return text.length;
    }
    default: {
      if (current !== undefined && !/^(?:0|-?[1-9][0-9]*)$/.test(current)) return 'ERR';
      const sum = BigInt(current ?? 0) + BigInt(second);
      model.set(first, String(sum));
      return String(sum);
    }
  }
}

function setAll(model: Map<string, string>, args: readonly string[]): void {
  for (let i = 0; i < args.length; i += 2) model.set(args[i], args[i + 1]);
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function textOf(bytes: Uint8Array | string): string {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
}
