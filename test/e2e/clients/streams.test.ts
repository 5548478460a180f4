import { fileURLToPath } from 'node:url';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../tools/eventually.js';
import { isThere, run, works } from '../../tools/external-tool.js';
import { Program } from '../../tools/program.js';

// The methods for streams of real clients, with the event stream.

const KEY = '__session__';
const PYTHON = '/usr/bin/python3';
const hasPython = isThere('redis-py', 'python3-redis', works(PYTHON, '-c', 'import redis'));
const SCRIPT = fileURLToPath(new URL('stream.py', import.meta.url));

let program: Program;
beforeAll(async () => {
  program = await Program.start(['--events-stream', 'yes']);
});
afterAll(() => program.stop());

/** Makes an entry. Returns the token of the session. */
const create = async (name: string) =>
  String(await program.client({ protocol: 2 }).call('SESSION.NEW', name, '1000', 'DATA', 'cart', 'pizza'));

async function blocked(count: number): Promise<void> {
  const observer = program.client({ protocol: 2 });
  await eventually(async () => (await observer.info('clients')).includes(`blocked_clients:${count}\r\n`));
}

describe.each([2, 3] as const)('ioredis, over RESP%i', (protocol) => {
  it('reads the stream, alone and in a group', async () => {
    const redis = program.client({ protocol });
    const waiting = program.client({ protocol });
    const group = `ioredis-${protocol}`;
    const fieldsOf = (fields: string[]) =>
      Object.fromEntries(fields.flatMap((field, i) => (i % 2 ? [] : [[field, fields[i + 1]]])));
    const [last] = await redis.xrevrange(KEY, '+', '-', 'COUNT', 1);
    await redis.xgroup('CREATE', KEY, group, '$');
    const token = await create('a');
    const [[, entries]] = (await redis.xread('STREAMS', KEY, last?.[0] ?? '0')) ?? [];
    expect(entries.map(([, fields]) => fieldsOf(fields))).toMatchObject([{ event: 'new', name: 'a', token }]);
    const [id] = entries[0];
    expect(await redis.xlen(KEY)).toBeGreaterThan(0);
    expect(await redis.xrange(KEY, id, id)).toEqual(entries);

    const read = await redis.xreadgroup('GROUP', group, 'alice', 'COUNT', 10, 'STREAMS', KEY, '>');
    expect(read).toEqual([[KEY, entries]]);
    expect(await redis.xpending(KEY, group)).toEqual([1, id, id, [['alice', '1']]]);
    expect(await redis.xautoclaim(KEY, group, 'bob', 0, '0')).toEqual(['0-0', entries, []]);
    expect(await redis.xclaim(KEY, group, 'carol', 0, id, 'JUSTID')).toEqual([id]);
    expect(await redis.xack(KEY, group, id)).toBe(1);

    const next = waiting.xreadgroup('GROUP', group, 'alice', 'BLOCK', 0, 'STREAMS', KEY, '>');
    await blocked(1);
    await create('b');
    expect((await next) as unknown).toMatchObject([[KEY, [[expect.any(String), expect.arrayContaining(['b'])]]]]);
    expect(await redis.xgroup('DESTROY', KEY, group)).toBe(1);
    expect(await redis.xread('BLOCK', 1, 'STREAMS', KEY, '$')).toBeNull();
  });
});

describe.each([2, 3] as const)('node-redis, over RESP%i', (protocol) => {
  it('reads the stream, alone and in a group', async () => {
    const redis = await createClient({ RESP: protocol, socket: { host: '127.0.0.1', port: program.port } }).connect();
    const waiting = await redis.duplicate().connect();
    const group = `node-redis-${protocol}`;
    const { 'last-generated-id': last } = await redis.xInfoStream(KEY);
    expect(await redis.xGroupCreate(KEY, group, '$')).toBe('OK');
    const token = await create('a');
    const reply = await redis.xRead({ key: KEY, id: String(last) });
    const entry = { id: expect.any(String), message: expect.objectContaining({ event: 'new', name: 'a', token }) };
    expect(reply).toMatchObject([{ name: KEY, messages: [entry] }]);
    const [{ id }] = (reply as { messages: { id: string }[] }[])[0].messages;
    expect(await redis.xRange(KEY, id, id)).toMatchObject([entry]);
    expect(await redis.xRevRange(KEY, '+', '-', { COUNT: 1 })).toMatchObject([entry]);

    expect(await redis.xReadGroup(group, 'alice', { key: KEY, id: '>' })).toMatchObject([{ messages: [entry] }]);
    expect(await redis.xReadGroup(group, 'alice', { key: KEY, id: '0' })).toMatchObject([{ messages: [entry] }]);
    expect(await redis.xPending(KEY, group)).toMatchObject({
      pending: 1,
      firstId: id,
      consumers: [{ name: 'alice', deliveriesCounter: 1 }],
    });
    expect(await redis.xPendingRange(KEY, group, '-', '+', 10)).toMatchObject([{ id, deliveriesCounter: 2 }]);
    expect(await redis.xAutoClaim(KEY, group, 'bob', 0, '0')).toMatchObject({ nextId: '0-0', messages: [entry] });
    expect(await redis.xClaim(KEY, group, 'carol', 0, id)).toMatchObject([entry]);
    expect(await redis.xInfoConsumers(KEY, group)).toMatchObject([
      { name: 'alice', pending: 0 },
      { name: 'bob', pending: 0 },
      { name: 'carol', pending: 1 },
    ]);
    expect(await redis.xInfoGroups(KEY)).toMatchObject([{ name: group, pending: 1, lag: 0 }]);
    expect(await redis.xAck(KEY, group, id)).toBe(1);

    const next = waiting.xReadGroup(group, 'alice', { key: KEY, id: '>' }, { BLOCK: 0 });
    await blocked(1);
    await create('b');
    expect(await next).toMatchObject([{ messages: [{ message: { name: 'b' } }] }]);
    expect(await redis.xTrim(KEY, 'MAXLEN', 1)).toBeGreaterThan(0);
    expect(await redis.xLen(KEY)).toBe(1);
    expect(await redis.xGroupDestroy(KEY, group)).toBe(1);
    redis.destroy();
    waiting.destroy();
  });
});

describe.skipIf(!hasPython)('redis-py', () => {
  it('reads the stream, alone and in a group', async () => {
    expect(await run(PYTHON, [SCRIPT, String(program.port), 'redis-py'])).toBe('done\n');
  });
});
