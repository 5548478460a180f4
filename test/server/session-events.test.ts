import { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Server } from '../../src/index.js';
import { Slice } from '../../src/slice.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame, type RawClient } from '../raw-client.js';

afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
});

const TOKENS = ['AAECAwQFBgcICQoLDA0ODw', 'EBESExQVFhcYGRobHB0eHw', 'ICEiIyQlJicoKSorLC0uLw'];

/** A message in RESP2, as a subscriber gets it for its pattern. */
const pmessage = (pattern: string, channel: string, message: string) =>
  frame('pmessage', pattern, channel, message).toString('latin1');

const EVERYTHING = '__session*';

/** A separate channel, on which the test announces that nothing more follows. */
const END = 'the end';
const endMessage = frame('message', END, 'end').toString('latin1');

async function listen(server: Server, pattern = EVERYTHING): Promise<RawClient> {
  const subscriber = await connectTo(server);
  await subscriber.expect(
    Buffer.concat([frame('SUBSCRIBE', END), frame('PSUBSCRIBE', pattern)]),
    `*3\r\n$9\r\nsubscribe\r\n$${END.length}\r\n${END}\r\n:1\r\n` +
      `*3\r\n$10\r\npsubscribe\r\n$${pattern.length}\r\n${pattern}\r\n:2\r\n`,
  );
  return subscriber;
}

/** Returns what a subscriber of `listen` has received so far: everything before a message that is published now. */
async function heard(server: Server, subscriber: RawClient): Promise<string> {
  const client = await connectTo(server);
  await client.send(frame('PUBLISH', END, 'end'));
  return (await subscriber.takeUntil(endMessage)).slice(0, -endMessage.length);
}

describe('session events', () => {
  it('there is one per operation, in the order of the operations', async () => {
    const clock = new FakeClock();
    const server = await startServer({}, { clock });
    const subscriber = await listen(server, '__session__*');
    const client = await connectTo(server);
    const [a, b, c] = TOKENS;
    const requests = [
      `SESSION.NEW a 10 TOKEN ${a}`,
      `SESSION.NEW b 20 0 TOKEN ${b} DATA k v`,
      `SESSION.NEW a LIMIT 1 TOKEN ${c}`,
      `SESSION.SET ${c} key value`,
      `SESSION.END ${c}`,
      `SESSION.END ${c}`,
    ];
    await client.send(requests.map((request) => `${request}\r\n`).join(''));
    await client.takeUntil(':1\r\n:0\r\n');
    clock.advance(20_000);
    await client.send(`SESSION.NEW max MAXAGE 5 TOKEN ${a}\r\n`);
    await client.take(28);
    clock.advance(5000);
    await client.send(`SESSION.NEW all TOKEN ${a}\r\nSESSION.ENDNAME all\r\n`);
    await client.takeUntil(':1\r\n');
    await client.send('SESSION.ENDALL\r\n');
    await client.takeUntil(':1\r\n');
    const expected = [
      ['new:a', a],
      ['new:b', b],
      ['new:a', c],
      ['limit:a', a],
      ['ended:a', c],
      ['cleared:b', b],
      ['new:max', a],
      ['maxage:max', a],
      ['new:all', a],
      ['ended:all', a],
      ['ended:b', b],
    ].map(([event, token]) => pmessage('__session__*', `__session__:${event}`, token));
    expect(await heard(server, subscriber)).toBe(expected.join(''));
  });

  it('rotated publishes the new token, evicted publishes that memory was needed', async () => {
    const server = await startServer({ 'maxmemory-policy': 'allsessions-lru' });
    const subscriber = await listen(server);
    const client = await connectTo(server);
    await client.bulk('SESSION.NEW', 'x', 'TOKEN', TOKENS[0]);
    const token = await client.bulk('SESSION.ROTATE', TOKENS[0]);
    await client.expect('CONFIG SET maxmemory 1\r\n', '+OK\r\n');
    await client.send('SESSION.NEW y\r\n');
    await client.take(`-OOM command not allowed when used memory > 'maxmemory'.\r\n`.length);
    const data = await heard(server, subscriber);
    expect(data).toContain(pmessage(EVERYTHING, '__session__:rotated:x', token));
    expect(data).toContain(pmessage(EVERYTHING, '__session__:evicted:x', token));
    expect(data).toContain('__sessiondata__:evicted:x');
    expect(data).not.toContain('__sessiondata__:rotated');
  });

  it('contain the last data, as JSON; bytes that are not text in base64', async () => {
    const clock = new FakeClock();
    const server = await startServer({}, { clock });
    const subscriber = await connectTo(server);
    await subscriber.send(frame('SUBSCRIBE', '__sessiondata__:expired:näme'));
    await subscriber.takeUntil(':1\r\n');
    const client = await connectTo(server);
    const created = clock.wall();
    await client.send(
      frame(
        ...['SESSION.NEW', 'näme', '10', 'TOKEN', TOKENS[0], 'DATA'],
        ...['text', 'wörter "und" mehr\n', '2', 'b', '1', 'a', '__proto__', 'x'],
        ...['bytes', Buffer.from([0, 255]), Buffer.from([254]), '', 'base64:/g==', 'text'],
      ),
    );
    await client.take(28);
    clock.advance(10_000);
    const message = await subscriber.takeUntil('}}\r\n');
    const json = Buffer.from(message.slice(message.indexOf('{')), 'latin1').toString();
    expect(JSON.parse(json)).toEqual({
      event: 'expired',
      name: 'näme',
      token: TOKENS[0],
      at: created + 10_000,
      created,
      keys: JSON.parse(
        '{"text":"wörter \\"und\\" mehr\\n","2":"b","1":"a","__proto__":"x","bytes":{"base64":"AP8="},"base64:/g==":"","base64:YmFzZTY0Oi9nPT0=":"text"}',
      ),
    });
    expect(json.indexOf('"2":')).toBeLessThan(json.indexOf('"1":'));
  });

  it('contain the complete data of a large session', async () => {
    const server = await startServer();
    const subscriber = await listen(server, '__sessiondata__:*');
    const keys: Record<string, string> = Object.fromEntries([
      ...Array.from({ length: 1000 }, (_, i) => [`key ${i}`, `"${i}"\0ä`]),
      ['large', 'ö\n'.repeat(50_000)],
      ['k'.repeat(50_000), 'x'],
    ]);
    const data = Object.entries(keys).flat();
    server.engine.end(server.engine.create(Slice.of('x'), { data: data.map((text) => Slice.of(text)) }));
    const message = (await heard(server, subscriber)).split('\r\n').find((line) => line.startsWith('{')) ?? '';
    expect(JSON.parse(Buffer.from(message, 'latin1').toString()).keys).toEqual(keys);
  });

  describe('beyond event-data-max-bytes', () => {
    /** Returns the next data message of a subscriber. */
    const nextData = async (subscriber: RawClient) => {
      await subscriber.takeUntil('\r\n$');
      for (;;) {
        const line = (await subscriber.takeUntil('\r\n')).slice(0, -2);
        if (line.startsWith('{')) return JSON.parse(Buffer.from(line, 'latin1').toString());
      }
    };

    it('they contain the names and sizes of keys, however large values are, and every operation continues', async () => {
      const clock = new FakeClock();
      const server = await startServer({}, { clock });
      const subscriber = await listen(server, '__sessiondata__:*');
      const client = await connectTo(server);
      const zeros = Slice.of(Buffer.alloc(50_000_000));
      // As JSON, this is longer than any JavaScript string can be.
      const data = [Slice.of('a'), zeros, Slice.of('b'), zeros, Slice.of('text'), Slice.of('x')];
      const truncated = { truncated: true, count: 3, sizes: { a: 50_000_000, b: 50_000_000, text: 1 } };
      const created = clock.wall();
      server.engine.create(Slice.of('big'), { duration: 1000, data, token: Slice.of(TOKENS[0]) });
      clock.advance(1000);
      const at = clock.wall();
      expect(await nextData(subscriber)).toEqual({
        event: 'expired',
        name: 'big',
        token: TOKENS[0],
        at,
        created,
        ...truncated,
      });
      server.engine.create(Slice.of('small'), { data: data.slice(4) });
      server.engine.create(Slice.of('big'), { data });
      server.engine.create(Slice.of('small'), { data: data.slice(4) });
      await client.expect('SESSION.ENDALL\r\nDBSIZE\r\n', ':3\r\n:0\r\n');
      while (server.engine.doomed > 0) clock.advance(1);
      expect(await nextData(subscriber)).toMatchObject({ event: 'ended', name: 'small', keys: { text: 'x' } });
      expect(await nextData(subscriber)).toMatchObject({ event: 'ended', name: 'big', ...truncated });
      expect(await nextData(subscriber)).toMatchObject({ event: 'ended', name: 'small', keys: { text: 'x' } });
    });

    it('they contain as many keys as fit, at most 10,000, and the number of keys', async () => {
      const server = await startServer({ 'event-data-max-bytes': 4096 });
      const subscriber = await listen(server, '__sessiondata__:*');
      const client = await connectTo(server);
      const end = async (keys: number, keyLength: number) => {
        const pairs = Array.from({ length: keys }, (_, i) => [String(i).padEnd(keyLength, '\0'), `${i}`.repeat(3)]);
        const session = server.engine.create(Slice.of('x'), { data: pairs.flat().map((text) => Slice.of(text)) });
        server.engine.end(session);
        const event = await nextData(subscriber);
        expect(event.keys).toBeUndefined();
        expect(event).toMatchObject({ truncated: true, count: keys });
        const sizes = Object.entries(event.sizes);
        expect(sizes.length).toBeLessThan(keys);
        for (const [key, size] of sizes) expect(size).toBe(3 * Number.parseInt(key, 10).toString().length);
        return [sizes.length, Buffer.byteLength(JSON.stringify(event))];
      };
      const [few, bytes] = await end(2000, 500);
      expect([few, bytes <= 4096]).toEqual([1, true]);
      const [some, almostAll] = await end(2000, 5);
      expect(some).toBeGreaterThan(100);
      expect(almostAll).toBeLessThanOrEqual(4096);
      expect(almostAll).toBeGreaterThan(4096 - 40);
      await client.expect('CONFIG SET event-data-max-bytes 4mb\r\n', '+OK\r\n');
      expect((await end(10_001, 5))[0]).toBe(10_000);
      await client.expect(
        'CONFIG SET event-data-max-bytes 5mb\r\n',
        "-ERR CONFIG SET failed (possibly related to argument 'event-data-max-bytes') - expected a size from 4kb to 4mb, such as 512kb or 64mb\r\n",
      );
    });
  });

  it('names may have any bytes, and patterns match them', async () => {
    const server = await startServer();
    const name = Buffer.from([0, 13, 10, 255, 42]);
    const subscriber = await connectTo(server);
    const channel = Buffer.concat([Buffer.from('__session__:new:'), name]);
    await subscriber.send(frame('SUBSCRIBE', channel));
    await subscriber.takeUntil(':1\r\n');
    const client = await connectTo(server);
    await client.bulk('SESSION.NEW', name, 'TOKEN', TOKENS[0]);
    const expected = frame('message', channel, TOKENS[0]).toString('latin1');
    expect(await subscriber.take(expected.length)).toBe(expected);
  });

  it('are sent before the reply of the command that caused them', async () => {
    const server = await startServer();
    const subscriber = await listen(server);
    const client = await connectTo(server);
    // What the server writes to its sockets, in order.
    const write = vi.spyOn(Socket.prototype, 'write');
    for (let i = 0; i < 10; i++) await client.bulk('SESSION.NEW', 'x');
    const order = write.mock.contexts.flatMap((socket) => {
      const { remotePort } = socket as Socket;
      if (remotePort === subscriber.socket.localPort) return ['event'];
      return remotePort === client.socket.localPort ? ['reply'] : [];
    });
    expect(order).toEqual(Array.from({ length: 10 }, () => ['event', 'reply']).flat());
  });

  it('a RESP3 client receives its own messages after the reply', async () => {
    const server = await startServer();
    const client = await connectTo(server);
    await client.send('HELLO 3\r\n');
    await client.takeUntil('modules\r\n*0\r\n');
    await client.expect('SUBSCRIBE a\r\n', '>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n');
    await client.expect(
      'PING\r\nPUBLISH a one\r\nPUBLISH a two\r\nUNSUBSCRIBE a\r\nPING\r\n',
      '+PONG\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$3\r\none\r\n' +
        ':1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$3\r\ntwo\r\n' +
        '>3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n+PONG\r\n',
    );
  });

  it('are sent only to subscribers whose pattern spells out the prefix', async () => {
    const server = await startServer();
    const client = await connectTo(server);
    const deaf = ['*', '*:x', '?*', '__sessio*', '__sessio?__:*', '_[_]session*', '__key*', '\\__sess*'];
    const hearing = ['__session*', '__session__:*', '__session__:new:x', '\\__session*', '\\_\\_\\s\\ession__:n[e]w:?'];
    const listeners = await Promise.all([...deaf, ...hearing].map((pattern) => listen(server, pattern)));
    const token = await client.bulk('SESSION.NEW', 'x');
    const got = await Promise.all(
      listeners.map(async (subscriber) => (await heard(server, subscriber)).includes(token)),
    );
    expect(got).toEqual([...deaf.map(() => false), ...hearing.map(() => true)]);
  });

  it('are published in slices if many sessions are due at once, and none is lost', async () => {
    const clock = new FakeClock();
    const server = await startServer({}, { clock });
    const subscriber = await listen(server, '__session__:expired:*');
    for (let i = 0; i < 20_000; i++) server.engine.create(Slice.of(String(i)), { duration: 1000 });
    clock.freeze(1010);
    // Work takes time: a slice ends after some clock readings.
    clock.msPerLook = 0.01;
    let slices = 0;
    while (server.engine.size > 0 && clock.step()) slices++;
    expect(slices).toBeGreaterThan(10);
    clock.msPerLook = 0;
    const all = await heard(server, subscriber);
    const names = new Set([...all.matchAll(/__session__:expired:(\d+)\r\n/g)].map(([, name]) => name));
    expect(names.size).toBe(20_000);
  });
});
