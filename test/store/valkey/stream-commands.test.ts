import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../../../src/index.js';
import { STREAM_KEY } from '../../../src/stream-key.js';
import { startServer, stopServers } from '../../embedded-server.js';
import { Connection } from '../../tools/connection.js';
import { eventually } from '../../tools/eventually.js';
import { RedisServer } from '../../tools/redis-server.js';
import { Failure, type Reply } from '../../tools/replies.js';

const ENTRIES = 6;
const KEY = STREAM_KEY;

/** Commands as texts. `#1` is the id of the first entry. */
const COMMANDS = `
  XLEN ${KEY}
  XRANGE ${KEY} - +
  XRANGE ${KEY} (#1 #3 COUNT 1
  XREVRANGE ${KEY} + -
  XREAD COUNT 2 STREAMS ${KEY} 0
  XREAD STREAMS ${KEY} #6
  XREAD BLOCK 1 STREAMS ${KEY} $
  XGROUP CREATE ${KEY} shop 0
  XGROUP CREATE ${KEY} shop 0
  XGROUP CREATECONSUMER ${KEY} shop idle
  XREADGROUP GROUP shop one COUNT 3 BLOCK 10 STREAMS ${KEY} >
  XREADGROUP GROUP nobody one STREAMS ${KEY} >
  XREADGROUP GROUP shop one COUNT 1 STREAMS ${KEY} 0
  XREADGROUP GROUP shop two COUNT 1 NOACK STREAMS ${KEY} >
  XPENDING ${KEY} shop
  XACK ${KEY} shop #1 #6
  XCLAIM ${KEY} shop two 0 #2
  XCLAIM ${KEY} shop two 0 #3 JUSTID
  XAUTOCLAIM ${KEY} shop three 0 0 COUNT 1
  XGROUP SETID ${KEY} shop #4
  XREADGROUP GROUP shop four STREAMS ${KEY} >
  XREADGROUP GROUP shop four BLOCK 1 STREAMS ${KEY} >
  XGROUP DELCONSUMER ${KEY} shop four
  XPENDING ${KEY} nobody
  XTRIM ${KEY} MAXLEN 4
  XRANGE ${KEY} - + COUNT 1
  XRANGE ${KEY} wrong +
  XGROUP DESTROY ${KEY} shop
  XADD ${KEY} * event new
  XDEL ${KEY} #1
  XLEN other
  XREAD STREAMS ${KEY} other 0 0
`
  .trim()
  .split('\n')
  .map((line) => line.trim());

describe.runIf(RedisServer.there)('the commands for the stream of events over a store', () => {
  let store: RedisServer;
  let servers: Record<'memory' | 'store' | 'users', Server>;
  const connections: Connection[] = [];

  beforeAll(async () => {
    store = await RedisServer.start();
    const config = { 'events-stream': true, 'events-filter': 'ended' };
    const address = { store: `redis://${store.address}`, 'store-timeout': 60_000 };
    const users = 'listener events l; shop read,write,events s';
    servers = {
      memory: await startServer(config),
      store: await startServer({ ...config, ...address }),
      users: await startServer({ ...config, ...address, users }),
    };
  });

  afterAll(async () => {
    for (const connection of connections) connection.close();
    await stopServers();
    await store.stop();
  });

  async function connect(server: Server, protocol: string): Promise<Connection> {
    const connection = await Connection.open({ port: server.addresses[0].port });
    connections.push(connection);
    await connection.ask('HELLO', protocol);
    return connection;
  }

  const end = async (client: Connection, name: string) => {
    const token = String(await client.ask('SESSION.NEW', name, '60', 'DATA', 'cart', 'pizza'));
    await client.ask('SESSION.END', token);
  };

  /** Returns the ids of all entries, once there are as many. */
  async function idsOf(client: Connection, count: number): Promise<string[]> {
    await eventually(async () => (await client.ask('XLEN', KEY)) === count);
    return ((await client.ask('XRANGE', KEY, '-', '+')) as [string, unknown][]).map(([id]) => id);
  }

  /** Returns a reply without what differs between two servers. */
  function comparable(reply: Reply | undefined, ids: readonly string[]): unknown {
    if (reply instanceof Map) return new Map([...reply].map(([key, value]) => [key, comparable(value, ids)]));
    if (Array.isArray(reply)) {
      const all = reply.map((one) => comparable(one, ids));
      for (const field of ['id', 'token', 'at', 'created']) {
        const at = all.indexOf(field) + 1;
        if (all[0] === 'event') all[at] = typeof all[at];
      }
      return all;
    }
    if (typeof reply !== 'string') return reply;
    const number = ids.indexOf(reply);
    if (number >= 0) return `#${number + 1}`;
    return reply.replace(/"(token|at|created)":("[^"]*"|\d+)/g, '"$1":?');
  }

  it.each(['2', '3'])('reply as in memory in RESP%s', async (protocol) => {
    const replies = await Promise.all(
      [servers.memory, servers.store].map(async (server) => {
        const client = await connect(server, protocol);
        await client.ask('XTRIM', KEY, 'MAXLEN', '0');
        for (let i = 0; i < ENTRIES; i++) await end(client, `user:${i}`);
        const ids = await idsOf(client, ENTRIES);
        const all: unknown[] = [];
        for (const command of COMMANDS) {
          const words = command.split(' ').map((word) => word.replace(/#(\d)/, (_, n) => ids[n - 1]));
          all.push([command, comparable(await client.ask(...words), ids)]);
        }
        return all;
      }),
    );
    for (const [i, [command]] of (replies[0] as [string, unknown][]).entries()) {
      expect([command, replies[1][i]]).toEqual([command, replies[0][i]]);
    }
  });

  it('describe the stream and its groups', async () => {
    const client = await connect(servers.store, '3');
    await client.ask('XTRIM', KEY, 'MAXLEN', '0');
    await end(client, 'basket');
    const [id] = await idsOf(client, 1);
    await client.ask('XGROUP', 'CREATE', KEY, 'readers', '0');
    await client.ask('XREADGROUP', 'GROUP', 'readers', 'one', 'STREAMS', KEY, '>');
    const stream = (await client.ask('XINFO', 'STREAM', KEY)) as ReadonlyMap<string, Reply>;
    expect([stream.get('length'), stream.get('last-generated-id'), stream.get('groups')]).toEqual([1, id, 1]);
    expect((stream.get('first-entry') as Reply[])[0]).toBe(id);
    const [group] = (await client.ask('XINFO', 'GROUPS', KEY)) as ReadonlyMap<string, Reply>[];
    expect([group.get('name'), group.get('pending'), group.get('lag')]).toEqual(['readers', 1, 0]);
    const [consumer] = (await client.ask('XINFO', 'CONSUMERS', KEY, 'readers')) as ReadonlyMap<string, Reply>[];
    expect([consumer.get('name'), consumer.get('pending')]).toEqual(['one', 1]);
    const full = (await client.ask('XINFO', 'STREAM', KEY, 'FULL')) as ReadonlyMap<string, Reply>;
    const [described] = full.get('groups') as ReadonlyMap<string, Reply>[];
    expect((described.get('consumers') as ReadonlyMap<string, Reply>[])[0].get('name')).toBe('one');
    await client.ask('XGROUP', 'DESTROY', KEY, 'readers');
  });

  it('wait for entries, whoever appends them, and end with CLIENT UNBLOCK or their connections', async () => {
    const client = await connect(servers.store, '2');
    const blocked = (count: number) =>
      eventually(async () => String(await client.ask('INFO', 'clients')).includes(`blocked_clients:${count}\r\n`));
    const readers = await Promise.all(Array.from({ length: 20 }, () => connect(servers.store, '2')));
    const reads = readers.map((reader) => reader.ask('XREAD', 'BLOCK', '0', 'STREAMS', KEY, '$'));
    await blocked(20);
    readers[0].close();
    await blocked(19);
    await end(client, 'basket');
    for (const reply of await Promise.all(reads.slice(1))) {
      const [[key, [[, fields]]]] = reply as [[string, [[string, string[]]]]];
      expect([key, fields[3]]).toEqual([KEY, 'basket']);
    }
    await blocked(0);
    const ids = await Promise.all([readers[1], readers[2]].map((reader) => reader.ask('CLIENT', 'ID')));
    const more = [readers[1], readers[2]].map((reader) => reader.ask('XREAD', 'BLOCK', '0', 'STREAMS', KEY, '$'));
    await blocked(2);
    await client.ask('CLIENT', 'UNBLOCK', String(ids[0]));
    await client.ask('CLIENT', 'UNBLOCK', String(ids[1]), 'ERROR');
    expect(await Promise.all(more)).toEqual([null, new Failure('UNBLOCKED client unblocked via CLIENT UNBLOCK')]);
  });

  it('cannot be part of a transaction', async () => {
    const client = await connect(servers.store, '2');
    await client.ask('MULTI');
    await client.ask('XLEN', KEY);
    await client.ask('PING');
    const [refused, pong] = (await client.ask('EXEC')) as Reply[];
    expect(refused).toEqual(new Failure(expect.stringMatching(/^ERR the stream of session events is in a store/)));
    expect(pong).toMatchObject({ text: 'PONG' });
  });

  it('show no token to users who may not read sessions', async () => {
    const [shop, listener] = [await connect(servers.users, '2'), await connect(servers.users, '2')];
    await shop.ask('AUTH', 'shop', 's');
    await listener.ask('AUTH', 'listener', 'l');
    await shop.ask('XTRIM', KEY, 'MAXLEN', '0');
    // A name that looks like the end of a token.
    await end(shop, '","token":"x');
    await idsOf(shop, 1);
    const all = String(await shop.ask('XRANGE', KEY, '-', '+'));
    const [, token] = /,token,([\w-]{22}),/.exec(all) ?? [];
    expect(all.split(token)).toHaveLength(3);
    await shop.ask('XGROUP', 'CREATE', KEY, 'listeners', '0');
    for (const command of [
      `XRANGE ${KEY} - +`,
      `XREVRANGE ${KEY} + -`,
      `XREAD STREAMS ${KEY} 0`,
      `XREADGROUP GROUP listeners one STREAMS ${KEY} >`,
      `XCLAIM ${KEY} listeners two 0 ${(await idsOf(shop, 1))[0]}`,
      `XAUTOCLAIM ${KEY} listeners three 0 0`,
      `XINFO STREAM ${KEY}`,
      `XINFO STREAM ${KEY} FULL`,
    ]) {
      const seen = String(await listener.ask(...command.split(' ')));
      expect(seen).toContain('{"event":"ended","name":"\\",\\"token\\":\\"x","at":');
      expect(seen).not.toContain(token);
      expect(seen).not.toMatch(/,token,/);
    }
  });
});
