import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { frame, RawClient } from '../raw-client.js';
import { Program } from '../tools/program.js';

let program: Program;
beforeAll(async () => {
  program = await Program.start();
});
afterAll(() => program.stop());

const bytes = (minLength: number, maxLength: number) =>
  fc
    .oneof(
      fc.uint8Array({ minLength, maxLength }),
      fc.array(fc.constantFrom(0, 10, 13, 36, 42, 0xff, 0xc3, 0xe2), { minLength, maxLength }),
    )
    .map((array) => Buffer.from(array));
const fields = fc.uniqueArray(fc.tuple(bytes(0, 20), bytes(0, 200)), {
  minLength: 1,
  maxLength: 5,
  selector: ([key]) => key.toString('latin1'),
});

it('names, keys and values can have any bytes, with ioredis', async () => {
  const redis = program.client();
  await fc.assert(
    fc.asyncProperty(bytes(1, 512), fields, async (name, pairs) => {
      const token = (await redis.call('SESSION.NEW', [name, 'DATA', ...pairs.flat()])) as string;
      expect(await redis.callBuffer('SESSION.GETALL', [token])).toEqual(pairs.flat());
      expect(((await redis.callBuffer('SESSION.INFO', [token])) as Buffer[])[1]).toEqual(name);
      expect(await redis.callBuffer('SESSION.KEYS', [token])).toEqual(pairs.map(([key]) => key));
      for (const [key, value] of pairs) {
        expect(await redis.callBuffer('SESSION.GET', [token, key])).toEqual(value);
        expect(await redis.call('SESSION.APPEND', [token, key, value])).toBe(2 * value.length);
        expect(await redis.call('SESSION.CAS', [token, key, Buffer.concat([value, value]), key])).toBe(1);
      }
      expect(((await redis.call('SESSION.TOKENS', [name])) as string[]).includes(token)).toBe(true);
      expect(await redis.call('SESSION.ENDNAME', [name])).toBeGreaterThan(0);
    }),
    { numRuns: 150 },
  );
});

/** Creates, fills, reads and ends a session. Sends the requests in pieces of these lengths. */
async function roundTrip(client: RawClient, pairs: [Buffer, Buffer][], cuts: number[]): Promise<void> {
  const token = 'AAECAwQFBgcICQoLDA0ODw';
  const requests = Buffer.concat([
    frame('SESSION.NEW', 'name', 'TOKEN', token),
    frame('SESSION.SET', token, ...pairs.flat()),
    frame('SESSION.GETALL', token),
    frame('SESSION.END', token),
  ]);
  const bulk = (value: Buffer) => Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')]);
  const replies = Buffer.concat([
    bulk(Buffer.from(token)),
    Buffer.from(`+OK\r\n*${pairs.length * 2}\r\n`),
    ...pairs.flat().map(bulk),
    Buffer.from(':1\r\n'),
  ]).toString('latin1');
  let at = 0;
  for (let i = 0; at < requests.length; i++) {
    const end = at + cuts[i % cuts.length];
    // Each piece is a separate write, with Nagle's algorithm off.
    await client.send(requests.subarray(at, end));
    at = end;
  }
  expect(await client.take(replies.length)).toBe(replies);
}

it('requests can be cut anywhere', async () => {
  const client = await RawClient.connect(program.port);
  const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fields, cuts, (pairs, pieces) => roundTrip(client, pairs, pieces)),
    { numRuns: 60 },
  );
  client.close();
});

it('requests can arrive byte by byte', async () => {
  const client = await RawClient.connect(program.port);
  await fc.assert(
    fc.asyncProperty(fields, (pairs) => roundTrip(client, pairs, [1])),
    { numRuns: 10 },
  );
  client.close();
});
