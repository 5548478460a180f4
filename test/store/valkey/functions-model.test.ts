import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LibraryServer, newToken } from './library-server.js';

/** Keys that could be confused with fields of respite's own, and some others. */
const key = fc.constantFrom('', '\0', '\0t', '\0\0', '\0\0t', 't', 'cart', 'ÿ', '1').map(bytesOf);
const value = fc.oneof(
  fc.constantFrom('', '0', '7', '-1', '\0', 'pizza').map(bytesOf),
  fc.uint8Array({ maxLength: 80 }),
);
const pairs = fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 6 });

type Operation = readonly [fn: string, ...args: readonly (Uint8Array | string)[]];

const operation: fc.Arbitrary<Operation> = fc.oneof(
  pairs.map((all): Operation => ['set', ...all.flat()]),
  pairs.map((all): Operation => ['add', ...all.flat()]),
  pairs.map((all): Operation => ['replace', ...all.flat()]),
  fc.array(key, { minLength: 1, maxLength: 4 }).map((all): Operation => ['del', ...all]),
  fc.constant<Operation>(['clear']),
  fc.tuple(key, value, value).map((args): Operation => ['cas', ...args]),
  fc.tuple(key, value).map((args): Operation => ['append', ...args, '100']),
  fc.tuple(key, fc.integer()).map(([which, by]): Operation => ['incrby', which, String(by)]),
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

  function version(isEarlier: boolean): LibraryServer {
    return isEarlier ? earlier : store;
  }

  async function expectData(token: string, model: ReadonlyMap<string, string>): Promise<void> {
    const all = await store.text<string[]>('getall', token, 0);
    expect(new Map(all.flatMap((text, i) => (i % 2 === 0 ? [[text, all[i + 1]] as const] : [])))).toEqual(model);
    expect(all).toHaveLength(model.size * 2);
    expect(new Set(await store.text<string[]>('keys', token))).toEqual(new Set(model.keys()));
    expect(await store.text('count', token)).toBe(model.size);
    const names = ['', '\0', '\0t', '\0\0', '\0\0t', 't'];
    const args = names.map((name) => Buffer.from(name, 'latin1'));
    expect(await store.text('getmany', token, 0, ...args)).toEqual(names.map((name) => model.get(name) ?? null));
    expect(await store.text('contains', token, ...args)).toEqual(names.map((name) => (model.has(name) ? 1 : 0)));
    const bytes = [...model].reduce((sum, [name, text]) => sum + name.length + text.length, 0);
    expect((await store.info(token)).bytes).toBe(bytes);
  }
});

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
