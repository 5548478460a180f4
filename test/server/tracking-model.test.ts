import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame, type RawClient } from '../raw-client.js';
import { Push, show } from '../tools/replies.js';
import { ask } from './ask.js';

afterEach(stopServers);

const KEYS = ['a', 'b', 'c'];
const key = fc.constantFrom(...KEYS);

/** What changes keys: of the client with this number, which may be one of those that track, or time. */
const change = fc.oneof(
  fc.record({
    by: fc.nat(2),
    words: fc.oneof(
      fc.tuple(fc.constant('SET'), key, fc.constantFrom('1', '2')),
      fc.tuple(fc.constant('SET'), key, fc.constant('3'), fc.constant('PX'), fc.constant('100')),
      fc.tuple(fc.constant('DEL'), key, key),
      fc.tuple(fc.constant('APPEND'), key, fc.constant('x')),
      fc.tuple(fc.constant('RENAME'), key, key),
      fc.tuple(fc.constant('COPY'), key, key, fc.constant('REPLACE')),
      fc.tuple(fc.constant('PEXPIRE'), key, fc.constantFrom('50', '-1')),
      fc.tuple(fc.constant('SESSION.ENDNAME'), key),
      fc.tuple(
        fc.constant('EVAL'),
        fc.constant('redis.call("GET",KEYS[1]) redis.call("SET",KEYS[1],"s")'),
        fc.constant('1'),
        key,
      ),
      fc.constantFrom(['FLUSHALL'], ['FLUSHDB']),
    ),
  }),
  fc.record({ advance: fc.integer({ min: 1, max: 80 }) }),
);
const read = fc.record({ reads: fc.nat(1), keys: fc.array(key, { minLength: 1, maxLength: 3 }) });

/** A client with a cache, which takes what it receives in order, as a library would. */
class Cache {
  readonly values = new Map<string, string>();
  readonly #client: RawClient;
  /** What the next replies are for: a key, or nothing that is cached. */
  readonly #asked: (string | undefined)[] = [];

  constructor(client: RawClient) {
    this.#client = client;
  }

  async send(words: readonly string[], cached?: string): Promise<void> {
    this.#asked.push(cached);
    await this.#client.send(frame(...words));
  }

  /** Takes everything up to the reply to a last request. */
  async catchUp(): Promise<void> {
    await this.send(['PING']);
    while (this.#asked.length > 0) {
      const reply = await this.#client.reply();
      if (!(reply instanceof Push)) {
        const asked = this.#asked.shift();
        if (asked !== undefined) this.values.set(asked, show(reply));
      } else if (Array.isArray(reply.items[1])) {
        for (const invalid of reply.items[1]) this.values.delete(String(invalid));
      } else {
        this.values.clear();
      }
    }
  }
}

it.each(['', 'BCAST'])('a cache with CLIENT TRACKING ON %s never has an old value', async (mode) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(change, read), { maxLength: 40 }), async (steps) => {
      const clock = new FakeClock();
      const server = await startServer({}, { clock });
      const writer = await connectTo(server);
      const caches: Cache[] = [];
      for (let i = 0; i < 2; i++) {
        const client = await connectTo(server);
        await ask(client, 'HELLO 3');
        await ask(client, `CLIENT TRACKING ON${mode === '' ? '' : ` ${mode}`}`);
        caches.push(new Cache(client));
      }
      for (const step of steps) {
        if ('advance' in step) clock.advance(step.advance);
        else if ('reads' in step) for (const each of step.keys) await caches[step.reads].send(['GET', each], each);
        else if (step.by < caches.length) await caches[step.by].send(step.words);
        else await ask(writer, step.words.join(' '));
      }
      for (const cache of caches) await cache.catchUp();
      // What the first has changed in the end, the second may hear of later.
      for (const cache of caches) await cache.catchUp();
      for (const each of KEYS) {
        await writer.send(frame('GET', each));
        const value = show(await writer.reply());
        for (const { values } of caches) expect(values.get(each) ?? value).toBe(value);
      }
      await stopServers();
    }),
    { numRuns: 150 },
  );
});
