import { setMaxListeners } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Slice } from '../../../src/slice.js';
import type { StreamReply } from '../../../src/store/remote-store.js';
import { readLibrary } from '../../../src/store/valkey/library/library.js';
import { connectNodes } from '../../../src/store/valkey/nodes/connect.js';
import type { Nodes } from '../../../src/store/valkey/nodes/nodes.js';
import { StreamRelay, streamKey } from '../../../src/store/valkey/stream/stream-relay.js';
import { STREAM_KEY } from '../../../src/stream-key.js';
import { FakeClock } from '../../fake-clock.js';
import { eventually } from '../../tools/eventually.js';
import { RedisServer } from '../../tools/redis-server.js';
import { optionsFor } from './test-library.js';

const READ = ['XREAD', 'STREAMS', STREAM_KEY, '0'];

function readGroup(consumer: string, count = 1): string[] {
  return ['XREADGROUP', 'GROUP', 'shop', consumer, 'COUNT', String(count), 'STREAMS', STREAM_KEY, '>'];
}

/** Returns the values of the entries in the reply of a read. */
function valuesIn(reply: StreamReply): string[] {
  if (reply === null) return [];
  const [[, entries]] = reply as [[unknown, [unknown, Buffer[]][]]];
  return entries.map(([, fields]) => String(fields[1]));
}

describe.runIf(RedisServer.there)('commands on the stream of a store', () => {
  let server: RedisServer;
  let nodes: Nodes;
  let clock: FakeClock;
  let relay: StreamRelay;
  const never = new AbortController().signal;
  setMaxListeners(Infinity, never);

  beforeAll(async () => {
    server = await RedisServer.start();
    nodes = await connectNodes({ ...optionsFor([server]), library: readLibrary() });
  });

  beforeEach(async () => {
    clock = new FakeClock();
    relay = new StreamRelay({ nodes, key: streamKey('test:'), clock });
    await nodes.call(0, 'position', [0]);
  });

  afterEach(async () => {
    relay.close();
    await eventually(async () => (await subscribers()) === 0);
    await server.ask('FLUSHALL');
  });

  afterAll(async () => {
    await nodes.close();
    await server.stop();
  });

  let number = 0;

  /** Appends an event as a partition's forwarder does. */
  const append = async (name: string) => {
    const id = `${++number}-0`;
    const [, history, stream] = (await nodes.call(0, 'position', [5])) as Buffer[];
    const event = [id, 'new', name, 'public', 'token', 1, 1, ''];
    await nodes.call(0, 'forward', [5, 'history', '0-0', id, history, stream, 10, ...event]);
  };

  const subscribers = async () =>
    Number(String(await server.ask('PUBSUB', 'SHARDNUMSUB', 'test:{0}:stream')).split(',')[1]);
  const subscribed = () => eventually(async () => relay.waiting > 0 && (await subscribers()) === 1);

  it('have the replies of the node, and errors that name the key that clients know', async () => {
    await append('basket');
    expect(await relay.run(['XLEN', STREAM_KEY], true)).toBe(1);
    const name = Slice.of(Buffer.from(STREAM_KEY));
    expect(String(await relay.run(['XGROUP', 'CREATE', STREAM_KEY, name, '$'], false))).toBe('OK');
    const again = relay.run(['XGROUP', 'CREATE', STREAM_KEY, name, '$'], false);
    await expect(again).rejects.toThrow(/Consumer Group name already exists/);
    const unknown = relay.run(['XPENDING', STREAM_KEY, 'nobody'], true);
    await expect(unknown).rejects.toThrow("No such key '__session__' or consumer group 'nobody'");
  });

  it('wait without a connection each until there are entries', async () => {
    const reads = Array.from({ length: 100 }, () => relay.read(READ, Infinity, never));
    await subscribed();
    const clients = Number(/connected_clients:(\d+)/.exec(String(await server.ask('INFO', 'clients')))?.[1]);
    expect(clients).toBeLessThan(10);
    await append('basket');
    for (const reply of await Promise.all(reads)) expect(valuesIn(reply)).toEqual(['new']);
    expect(relay.waiting).toBe(0);
  });

  it('wait from the last entry on with $, whatever comes before they are subscribed', async () => {
    await append('before');
    const read = relay.read(['XREAD', 'STREAMS', STREAM_KEY, '$'], Infinity, never);
    await subscribed();
    await append('after');
    const [[, entries]] = (await read) as [[unknown, [unknown, Buffer[]][]]];
    expect(entries.map(([, fields]) => String(fields[3]))).toEqual(['after']);
  });

  it('give each entry to one consumer of a group, in the order in which they began to wait', async () => {
    await relay.run(['XGROUP', 'CREATE', STREAM_KEY, 'shop', '0'], false);
    const order: string[] = [];
    const reads = ['one', 'two', 'three'].map(async (consumer) => {
      const reply = await relay.read(readGroup(consumer), Infinity, never);
      order.push(consumer);
      return valuesIn(reply).length;
    });
    await subscribed();
    await append('a');
    await append('b');
    await append('c');
    expect(await Promise.all(reads)).toEqual([1, 1, 1]);
    expect(order).toEqual(['one', 'two', 'three']);
  });

  it('end with null when their time is up or nobody waits any more', async () => {
    const controller = new AbortController();
    const reads = [relay.read(READ, 1000, never), relay.read(READ, Infinity, controller.signal)];
    await subscribed();
    clock.advance(999);
    expect(relay.waiting).toBe(2);
    clock.advance(1);
    expect(await reads[0]).toBe(null);
    controller.abort();
    expect(await reads[1]).toBe(null);
    expect([relay.waiting, clock.waiting]).toEqual([0, 0]);
  });

  it('notice entries of which no message came', async () => {
    const read = relay.read(READ, Infinity, never);
    await subscribed();
    // Until it has asked because its subscription has begun.
    await relay.run(['XLEN', STREAM_KEY], true);
    await server.ask('XADD', 'test:{0}:stream', '*', 'event', 'new');
    clock.advance(5000);
    expect(valuesIn(await read)).toEqual(['new']);
  });

  it('fail if the group is destroyed while they wait for its entries', async () => {
    await relay.run(['XGROUP', 'CREATE', STREAM_KEY, 'shop', '0'], false);
    const read = relay.read(readGroup('one'), Infinity, never);
    read.catch(() => {});
    await subscribed();
    await relay.run(['XGROUP', 'DESTROY', STREAM_KEY, 'shop'], false);
    await expect(read).rejects.toThrow("No such key '__session__' or consumer group 'shop'");
  });

  it('find a stream that keeps to its limits', async () => {
    for (let i = 0; i < 20; i++) await append(`basket ${i}`);
    expect(await nodes.call(0, 'retain', [0, 0, 0])).toEqual([0]);
    expect(await nodes.call(0, 'retain', [15, 0, 0])).toEqual([5]);
    const bytes = Number(await server.ask('MEMORY', 'USAGE', 'test:{0}:stream'));
    await nodes.call(0, 'retain', [0, Math.floor(bytes / 2), 0]);
    expect(await relay.run(['XLEN', STREAM_KEY], true)).toBe(7);
    expect(await nodes.call(0, 'retain', [0, 0, 3_600_000])).toEqual([0]);
    await eventually(async () => {
      await nodes.call(0, 'retain', [0, 0, 1]);
      return (await relay.run(['XLEN', STREAM_KEY], true)) === 0;
    });
  });
});
