import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, type RawClient } from '../raw-client.js';
import { eventually } from '../tools/eventually.js';
import { ask, askWith, infoNumber } from './ask.js';
import { start } from './start.js';

afterEach(stopServers);

const KEY = '__session__';
const NEW = 'new';

/** Starts a server with a stream, whose entries are the sessions that `add` creates. */
async function startStream(config: Partial<Config> = {}) {
  const started = await start({ 'events-stream': true, 'events-filter': NEW, ...config });
  const { server, client } = started;
  /** Adds an entry. Returns its id. */
  const add = async (name: string) => {
    await client.bulk('SESSION.NEW', name);
    return (await askWith(client, 'XREVRANGE', KEY, '+', '-', 'COUNT', '1')).split(' ')[0];
  };
  return { ...started, add, connect: () => connectTo(server) };
}

/** Waits until as many clients are blocked. */
async function blocked(client: RawClient, count: number): Promise<void> {
  await eventually(async () => (await infoNumber(client, 'blocked_clients')) === count);
}

/** The names of the sessions in the reply to XREAD or XREADGROUP. */
async function namesRead(client: RawClient): Promise<string[]> {
  const reply = await client.reply();
  const [[, entries]] = reply as [[string, [string, string[]][]]];
  return entries.map(([, fields]) => fields[fields.indexOf('name') + 1]);
}

describe('the stream of session events', () => {
  it('is a key that has a type, and that other commands refuse', async () => {
    const { ask, add } = await startStream();
    await add('a');
    expect(await ask(`TYPE ${KEY}`)).toBe('stream');
    expect(await ask(`EXISTS ${KEY} nothing`)).toBe('1');
    expect(await ask(`OBJECT ENCODING ${KEY}`)).toBe('stream');
    expect(await ask(`TTL ${KEY}`)).toBe('-1');
    const refused = `ERR the key ${KEY} of database 0 is the stream of session events: only commands for streams use it`;
    for (const request of [
      `SET ${KEY} x`,
      `DEL ${KEY}`,
      `DEL x ${KEY}`,
      `RENAME x ${KEY}`,
      `HSET ${KEY} f v`,
      `GET ${KEY}`,
    ]) {
      expect(await ask(request)).toBe(refused);
    }
    await ask('SELECT 1');
    expect(await ask(`SET ${KEY} x`)).toBe('OK');
    expect(await ask(`XLEN ${KEY}`)).toBe(
      `ERR there are no streams but ${KEY} in database 0, which has the events of sessions`,
    );
  });

  it('is the only one, and only the server adds to it', async () => {
    const { ask } = await startStream();
    const other = `ERR there are no streams but ${KEY} in database 0, which has the events of sessions`;
    for (const request of [
      'XLEN k',
      'XADD k * f v',
      `XREAD STREAMS ${KEY} k 0 0`,
      'XGROUP CREATE k g $ MKSTREAM',
      'XINFO STREAM k',
    ]) {
      expect(await ask(request)).toBe(other);
    }
    expect(await ask(`XREAD STREAMS ${KEY} ${KEY} 0 0`)).toBe(
      `ERR ${KEY} is the only stream, so a command can read only one`,
    );
    expect(await ask(`XADD ${KEY} * f v`)).toBe(
      'ERR XADD is not supported: only the server adds entries to the stream of session events',
    );
    expect(await ask(`XDEL ${KEY} 1-1`)).toMatch(/^ERR XDEL is not supported: .* XTRIM removes the oldest$/);
    expect(await ask(`XSETID ${KEY} 1-1`)).toMatch(/^ERR XSETID is not supported: /);
  });

  it('is there only with the option', async () => {
    const { ask } = await start();
    const missing = 'ERR there is no stream of session events: set the option "events-stream" to yes';
    for (const request of [`XLEN ${KEY}`, `XREAD BLOCK 0 STREAMS ${KEY} $`, `XGROUP CREATE ${KEY} g $`]) {
      expect(await ask(request)).toBe(missing);
    }
    expect(await ask(`TYPE ${KEY}`)).toBe('none');
    expect(await ask(`EXISTS ${KEY}`)).toBe('0');
    expect(await ask(`TTL ${KEY}`)).toBe('-2');
  });

  it('needs the permission events, and shows tokens only with read', async () => {
    const { connect } = await startStream({ users: 'listener events l; shop read,write,events s; reader read r' });
    const as = async (user: string) => {
      const client = await connect();
      await client.expect(frame('AUTH', user, user[0]), '+OK\r\n');
      return client;
    };
    const shop = await as('shop');
    const token = await shop.bulk('SESSION.NEW', 'cart');
    const [, entry] = (await ask(shop, `XRANGE ${KEY} - +`)).split(/ (.*)/s);
    expect(entry).toContain(`token ${token}`);
    const listener = await as('listener');
    const seen = await ask(listener, `XRANGE ${KEY} - +`);
    expect(seen).toMatch(/ event new name cart id \S+ at \d+ created \d+$/);
    expect(seen).not.toContain(token);
    expect(await ask(listener, `XREAD STREAMS ${KEY} 0`)).not.toContain(token);
    expect(await ask(listener, `XGROUP CREATE ${KEY} g 0`)).toBe('OK');
    expect(await ask(listener, `XREADGROUP GROUP g c STREAMS ${KEY} >`)).not.toContain(token);
    expect(await ask(listener, `XAUTOCLAIM ${KEY} g d 0 0`)).not.toContain(token);
    expect(await ask(listener, `XINFO STREAM ${KEY} FULL`)).not.toContain(token);
    expect(await ask(await as('reader'), `XLEN ${KEY}`)).toMatch(/^NOPERM /);
  });
});

describe('a client that waits for entries', () => {
  it('gets the next ones, all that came together', async () => {
    const { add, client, connect } = await startStream();
    await add('before');
    const reader = await connect();
    await reader.send(frame('XREAD', 'BLOCK', '0', 'STREAMS', KEY, '$'));
    await blocked(client, 1);
    await client.send(Buffer.concat([frame('SESSION.NEW', 'a'), frame('SESSION.NEW', 'b')]));
    await client.reply();
    await client.reply();
    expect(await namesRead(reader)).toEqual(['a', 'b']);
    expect(await infoNumber(client, 'blocked_clients')).toBe(0);
  });

  it('gets null when its time is over', async () => {
    const { client, clock, connect } = await startStream();
    const reader = await connect();
    await reader.send(frame('XREAD', 'BLOCK', '500', 'STREAMS', KEY, '$'));
    await blocked(client, 1);
    expect(await infoNumber(client, 'clients_in_timeout_table')).toBe(1);
    clock.advance(499);
    expect(await infoNumber(client, 'blocked_clients')).toBe(1);
    clock.advance(1);
    await reader.expect(frame('PING'), '*-1\r\n+PONG\r\n');
  });

  it('is served in the order in which it began to wait, before others that ask later', async () => {
    const { client, connect } = await startStream();
    await ask(client, `XGROUP CREATE ${KEY} g $`);
    const readers = [await connect(), await connect(), await connect()];
    for (const [i, reader] of readers.entries()) {
      await reader.send(frame('XREADGROUP', 'GROUP', 'g', `c${i}`, 'COUNT', '1', 'BLOCK', '0', 'STREAMS', KEY, '>'));
      await blocked(client, i + 1);
    }
    const asks = frame('XREADGROUP', 'GROUP', 'g', 'late', 'STREAMS', KEY, '>');
    await client.send(Buffer.concat([frame('SESSION.NEW', 'a'), frame('SESSION.NEW', 'b'), asks]));
    expect(await namesRead(readers[0])).toEqual(['a']);
    expect(await namesRead(readers[1])).toEqual(['b']);
    await client.reply();
    await client.reply();
    expect(await client.reply()).toBeNull();
    expect(await infoNumber(client, 'blocked_clients')).toBe(1);
    await client.bulk('SESSION.NEW', 'c');
    expect(await namesRead(readers[2])).toEqual(['c']);
    expect(await ask(client, `XPENDING ${KEY} g`)).toMatch(/^3 \S+ \S+ c0 1 c1 1 c2 1$/);
  });

  it('shows in CLIENT LIST, and CLIENT UNBLOCK ends its wait', async () => {
    const { client, connect } = await startStream();
    const reader = await connect();
    await reader.send(frame('CLIENT', 'ID'));
    const id = String(await reader.reply());
    expect(await ask(client, `CLIENT UNBLOCK ${id}`)).toBe('0');
    for (const [how, reply] of [
      [[], '*-1\r\n'],
      [['TIMEOUT'], '*-1\r\n'],
      [['ERROR'], '-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n'],
    ] as const) {
      await reader.send(frame('XREAD', 'BLOCK', '0', 'STREAMS', KEY, '$'));
      await blocked(client, 1);
      expect(await ask(client, `CLIENT LIST ID ${id}`)).toContain(' flags=b ');
      expect(await askWith(client, 'CLIENT', 'UNBLOCK', id, ...how)).toBe('1');
      expect(await reader.take(reply.length)).toBe(reply);
    }
    expect(await ask(client, `CLIENT LIST ID ${id}`)).toContain(' flags=N ');
  });

  it('gets an error when its group is destroyed', async () => {
    const { client, connect } = await startStream();
    await ask(client, `XGROUP CREATE ${KEY} g $`);
    const reader = await connect();
    await reader.send(frame('XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', '0', 'STREAMS', KEY, '>'));
    await blocked(client, 1);
    expect(await ask(client, `XGROUP DESTROY ${KEY} g`)).toBe('1');
    expect(await reader.takeUntil('\r\n')).toBe(
      `-NOGROUP No such key '${KEY}' or consumer group 'g' in XREADGROUP with GROUP option\r\n`,
    );
  });

  it.each(['destroy', 'end'] as const)('leaves nothing when it disconnects: %s', async (how) => {
    const { client, connect } = await startStream();
    await ask(client, `XGROUP CREATE ${KEY} g $`);
    const reader = await connect();
    const pipelined = frame('XGROUP', 'DESTROY', KEY, 'g');
    await reader.send(
      Buffer.concat([frame('XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', '0', 'STREAMS', KEY, '>'), pipelined]),
    );
    await blocked(client, 1);
    reader.socket[how]();
    await blocked(client, 0);
    await client.bulk('SESSION.NEW', 'a');
    expect(await ask(client, `XPENDING ${KEY} g`)).toBe('0 nil nil nil');
    await eventually(async () => (await infoNumber(client, 'connected_clients')) === 1);
  });

  it('gets the replies to earlier requests at once, and to later ones afterwards', async () => {
    const server = await startServer({
      'events-stream': true,
      appendonly: true,
      appendfsync: 'always',
      dir: temporaryDirectory(),
    });
    const [client, reader] = [await connectTo(server), await connectTo(server)];
    await reader.send(
      Buffer.concat([frame('SET', 'k', 'v'), frame('XREAD', 'BLOCK', '0', 'STREAMS', KEY, '$'), frame('GET', 'k')]),
    );
    expect(await reader.take(5)).toBe('+OK\r\n');
    await client.bulk('SESSION.NEW', 'a');
    expect(await namesRead(reader)).toEqual(['a']);
    expect(await reader.reply()).toBe('v');
  });

  it('gets messages meanwhile in RESP3', async () => {
    const { client, connect } = await startStream();
    const reader = await connect();
    await reader.send(frame('HELLO', '3'));
    await reader.reply();
    await reader.send(Buffer.concat([frame('SUBSCRIBE', 'news'), frame('XREAD', 'BLOCK', '0', 'STREAMS', KEY, '$')]));
    await reader.reply();
    await blocked(client, 1);
    await ask(client, 'PUBLISH news hello');
    expect(await reader.reply()).toMatchObject({ items: ['message', 'news', 'hello'] });
    await client.bulk('SESSION.NEW', 'a');
    expect(await reader.reply()).toMatchObject(new Map([[KEY, expect.anything()]]));
  });

  it('does not wait within a transaction or a script', async () => {
    const { ask, client } = await startStream();
    await ask(`XGROUP CREATE ${KEY} g $`);
    await ask('MULTI');
    await ask(`XREAD BLOCK 0 STREAMS ${KEY} $`);
    await ask(`XREADGROUP GROUP g c BLOCK 0 STREAMS ${KEY} >`);
    expect(await ask('EXEC')).toBe('nil nil');
    expect(
      await askWith(client, 'EVAL', "return redis.call('XREAD', 'BLOCK', '0', 'STREAMS', KEYS[1], '$')", '1', KEY),
    ).toBe('nil');
  });

  it('is not slow, and MONITOR shows it at once', async () => {
    const { client, clock, connect } = await startStream();
    await ask(client, 'CONFIG SET slowlog-log-slower-than 1000');
    const monitor = await connect();
    await monitor.expect(frame('MONITOR'), '+OK\r\n');
    const reader = await connect();
    await reader.send(frame('XREAD', 'BLOCK', '60000', 'STREAMS', KEY, '$'));
    expect(await monitor.takeUntil('"XREAD"')).toContain('"XREAD"');
    clock.advance(60_000);
    expect(await reader.reply()).toBeNull();
    expect(await ask(client, 'SLOWLOG LEN')).toBe('0');
    expect(await client.bulk('INFO', 'commandstats')).toMatch(/cmdstat_xread:calls=1,usec=0,/);
  });

  it('is disconnected when the server stops', async () => {
    const { connect, client, server } = await startStream();
    const reader = await connect();
    await reader.send(frame('XREAD', 'BLOCK', '0', 'STREAMS', KEY, '$'));
    await blocked(client, 1);
    client.close();
    await server.close();
    expect(await reader.takeAll()).toBe('');
  });
});
