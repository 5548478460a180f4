import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { CodedError } from '../../src/errors.js';
import type { Config } from '../../src/index.js';
import { Slice } from '../../src/slice.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame } from '../raw-client.js';
import { turnEventLoop } from '../turn-event-loop.js';
import { askWith, infoNumber } from './ask.js';
import { HeldStore } from './held-store.js';

const stores: HeldStore[] = [];

afterEach(async () => {
  for (const store of stores.splice(0)) store.release();
  await stopServers();
});

const NO_SESSION = new CodedError('NOSESSION', 'no such session');

async function start(config: Partial<Config> = {}, store = new HeldStore()) {
  stores.push(store);
  const clock = new FakeClock();
  const server = await startServer(config, { clock, store: async () => store });
  const client = await connectTo(server);
  /** Sends GETs of these keys in one write. */
  const get = (...keys: string[]) => client.send(Buffer.concat(keys.map((key) => frame('SESSION.GET', 't', key))));
  /** Answers the GET of a key with `value of key`. */
  const answer = (...keys: string[]) => {
    for (const key of keys) store.answer(`get t ${key}`, Slice.of(`value of ${key}`));
  };
  const expectValues = async (...keys: string[]) => {
    for (const key of keys) expect(await client.reply()).toBe(`value of ${key}`);
  };
  return { clock, server, store, client, get, answer, expectValues };
}

describe('a store that answers later', () => {
  it('is asked for everything that one client sends, and answers in any order; replies are in the order of requests', async () => {
    const { store, get, answer, expectValues } = await start();
    await get('a', 'b', 'c');
    await store.holds(3);
    await get('d');
    await store.holds(4);
    answer('c', 'b');
    await turnEventLoop();
    answer('a');
    await expectValues('a', 'b', 'c');
    answer('d');
    await expectValues('d');
  });

  it('is asked with copies of what a client has sent', async () => {
    const { store, client, answer } = await start();
    const large = 'k'.repeat(70_000);
    await client.send(Buffer.concat([frame('SESSION.GET', 't', 'a'), frame('SESSION.GET', 't', large)]));
    await store.holds(2);
    expect(store.asked).toEqual(['get t a', `get t ${large}`]);
    answer('a', large);
    expect(await client.reply()).toBe('value of a');
    expect(await client.reply()).toBe(`value of ${large}`);
  });

  it('keeps nobody else waiting', async () => {
    const { server, store, get, answer, expectValues } = await start();
    await get('a');
    await store.holds(1);
    const other = await connectTo(server);
    await other.expect('PING\r\n', '+PONG\r\n');
    answer('a');
    await expectValues('a');
  });

  it('may answer some requests at once, whose replies wait for earlier ones', async () => {
    const store = new HeldStore((what) => (what.endsWith('now') ? Slice.of('at once') : undefined));
    const { client, get, answer, expectValues } = await start({}, store);
    await get('a', 'now', 'b', 'now', 'now');
    await store.holds(2);
    answer('b');
    await turnEventLoop();
    answer('a');
    await expectValues('a');
    expect(await client.reply()).toBe('at once');
    await expectValues('b');
    expect([await client.reply(), await client.reply()]).toEqual(['at once', 'at once']);
  });

  it('answers with errors, each in its place', async () => {
    const { store, client, get, answer, expectValues } = await start();
    await get('a', 'b');
    await client.send(frame('SESSION.GET', 't'));
    await get('c');
    await store.holds(3);
    store.fail('get t b', NO_SESSION);
    answer('c');
    await turnEventLoop();
    answer('a');
    await expectValues('a');
    expect(await client.reply()).toMatchObject({ text: 'NOSESSION no such session' });
    expect(await client.reply()).toMatchObject({ text: expect.stringMatching(/^ERR wrong number of arguments/) });
    await expectValues('c');
  });

  it('answers with a fault, which becomes an internal error and ends nothing', async () => {
    const { store, client, get, answer, expectValues } = await start();
    await get('a', 'b');
    await store.holds(2);
    store.fail('get t a', new TypeError('broken'));
    answer('b');
    expect(await client.reply()).toMatchObject({ text: 'ERR internal error, see the log of the server' });
    await expectValues('b');
  });

  it('answers in the protocol that the client has chosen', async () => {
    const { store, client } = await start();
    await client.send('HELLO 3\r\n');
    await client.reply();
    await client.send(frame('SESSION.GET', 't', 'a'));
    await store.holds(1);
    store.answer('get t a');
    expect(await client.take(3)).toBe('_\r\n');
  });
});

describe('replies that are still to come', () => {
  it.each([
    ['PING', '+PONG\r\n'],
    ['CLIENT SETNAME x', '+OK\r\n'],
    ['MULTI', '+OK\r\n'],
    ['SELECT 0', '+OK\r\n'],
    ['PUBLISH channel x', ':0\r\n'],
    ['SUBSCRIBE channel', '*3\r\n$9\r\nsubscribe\r\n$7\r\nchannel\r\n:1\r\n'],
    ['AUTH x', '-ERR'],
    ['NOPE', '-ERR'],
  ])('hold up a command that must not overtake them: %s', async (command, reply) => {
    const { store, client, get, answer, expectValues } = await start();
    await get('a', 'b');
    await client.send(`${command}\r\nSESSION.COUNT t\r\n`);
    await store.holds(2);
    answer('b');
    await turnEventLoop();
    expect(store.asked).toEqual(['get t a', 'get t b']);
    answer('a');
    await expectValues('a', 'b');
    expect(await client.take(reply.length)).toBe(reply);
  });

  it('hold up an operation of several steps, which holds up everything after it', async () => {
    const { store, client, get, answer, expectValues } = await start();
    await get('a');
    await client.send(frame('SESSION.END', 't', 'u'));
    await get('b');
    await store.holds(1);
    await turnEventLoop();
    expect(store.asked).toEqual(['get t a']);
    answer('a');
    await expectValues('a');
    await store.holds(1);
    await turnEventLoop();
    expect(store.asked).toEqual(['get t a', 'endMany t u']);
    store.answer('endMany t u', 2);
    expect(await client.reply()).toBe(2);
    await store.holds(1);
    answer('b');
    await expectValues('b');
  });

  it('are left out between CLIENT REPLY OFF and ON, or after SKIP', async () => {
    const { store, client, get, answer, expectValues } = await start();
    await client.send('CLIENT REPLY SKIP\r\n');
    await get('a', 'b');
    await store.holds(1);
    answer('a');
    await store.holds(1);
    answer('b');
    await expectValues('b');
    await client.send('CLIENT REPLY OFF\r\n');
    await get('c');
    await client.send('CLIENT REPLY ON\r\n');
    await store.holds(1);
    answer('c');
    expect(await client.reply()).toMatchObject({ text: 'OK' });
  });

  it('come before the end that QUIT asks for', async () => {
    const { store, client, get, answer } = await start();
    await get('a', 'b');
    await client.send('QUIT\r\n');
    await get('never');
    await store.holds(2);
    answer('b', 'a');
    expect(await client.takeAll()).toBe('$10\r\nvalue of a\r\n$10\r\nvalue of b\r\n+OK\r\n');
    expect(store.asked).toEqual(['get t a', 'get t b']);
  });

  it('come before the end when the client has ended its side', async () => {
    const { store, client, get, answer } = await start();
    await get('a', 'b');
    client.socket.end();
    await store.holds(2);
    await turnEventLoop();
    answer('b');
    await turnEventLoop();
    answer('a');
    expect(await client.takeAll()).toBe('$10\r\nvalue of a\r\n$10\r\nvalue of b\r\n');
  });

  it('come before the error of a client that violates the protocol', async () => {
    const { store, client, get, answer } = await start();
    await get('a', 'b');
    await client.send('*1\r\n:5\r\n');
    await store.holds(2);
    await turnEventLoop();
    answer('b', 'a');
    expect(await client.takeAll()).toBe(
      "$10\r\nvalue of a\r\n$10\r\nvalue of b\r\n-ERR Protocol error: expected '$', got ':'\r\n",
    );
  });

  it('come before a server has stopped', async () => {
    const { server, store, client, get, answer } = await start();
    await get('a', 'b');
    await store.holds(2);
    let isClosed = false;
    const closed = server.close().then(() => {
      isClosed = true;
    });
    await turnEventLoop();
    expect(isClosed).toBe(false);
    answer('b', 'a');
    expect(await client.takeAll()).toBe('$10\r\nvalue of a\r\n$10\r\nvalue of b\r\n');
    await closed;
  });

  it('are for nobody if the client has left', async () => {
    const { server, store, client, get, answer } = await start();
    await get('a', 'b', 'c');
    await store.holds(3);
    answer('c');
    client.socket.resetAndDestroy();
    const other = await connectTo(server);
    while ((await infoNumber(other, 'connected_clients')) > 1);
    answer('b', 'a');
    await turnEventLoop();
    expect(await other.bulk('INFO', 'commandstats')).toMatch(/cmdstat_session\.get:calls=3,/);
  });

  it('are for nobody if another client has killed the connection', async () => {
    const { server, store, client, get, answer } = await start();
    const id = (await askWith(client, 'CLIENT', 'ID')) as string;
    await get('a', 'b');
    await store.holds(2);
    const other = await connectTo(server);
    await other.expect(`CLIENT KILL ID ${id}\r\n`, ':1\r\n');
    expect(await client.takeAll()).toBe('');
    answer('a', 'b');
    await other.expect('PING\r\n', '+PONG\r\n');
  });

  it('keep a client from being idle', async () => {
    const { clock, store, client, get, answer, expectValues } = await start({ timeout: 10 });
    await get('a');
    await store.holds(1);
    clock.advance(60_000);
    await turnEventLoop();
    answer('a');
    await expectValues('a');
    // It is idle only from now on.
    clock.advance(5000);
    await client.expect('PING\r\n', '+PONG\r\n');
    clock.advance(60_000);
    expect(await client.takeAll()).toBe('');
  });
});

describe('the requests under way', () => {
  it('are limited in number', async () => {
    const { store, get, answer, expectValues } = await start();
    const keys = Array.from({ length: 2000 }, (_, i) => `${i}`);
    await get(...keys);
    await store.holds(1024);
    await turnEventLoop();
    expect(store.pending).toHaveLength(1024);
    answer(keys[1], ...keys.slice(3, 1000));
    await turnEventLoop();
    expect(store.pending).toHaveLength(1024 - 998);
    answer(keys[0]);
    answer(keys[2]);
    await store.holds(1000);
    answer(...keys.slice(1000));
    await expectValues(...keys);
  });

  it('are limited in bytes', async () => {
    const { store, client, answer } = await start({ 'client-reply-backlog': 16 * 1024 });
    const keys = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(10_000));
    await client.send(Buffer.concat(keys.map((key) => frame('SESSION.GET', 't', key))));
    await store.holds(2);
    await turnEventLoop();
    expect(store.pending).toHaveLength(2);
    answer(keys[1], keys[0]);
    await store.holds(2);
    answer(keys[3], keys[2]);
    for (const key of keys) expect(await client.reply()).toBe(`value of ${key}`);
  });

  it('leave room only for so many bytes of replies that wait for an earlier one', async () => {
    const { store, client, get, answer } = await start({ 'client-reply-backlog': 16 * 1024 });
    await get('a', 'b');
    await store.holds(2);
    store.answer('get t b', Slice.of('x'.repeat(20_000)));
    await get('c');
    await turnEventLoop();
    expect(store.pending).toHaveLength(1);
    answer('a');
    await store.holds(1);
    answer('c');
    expect(await client.reply()).toBe('value of a');
    expect(await client.reply()).toBe('x'.repeat(20_000));
    expect(await client.reply()).toBe('value of c');
  });

  it('end with the connection if the replies that wait exceed the output limit', async () => {
    const { server, store, client, get } = await start({
      'client-output-buffer-limit': {
        normal: { hard: 64 * 1024, soft: 0, seconds: 0 },
        pubsub: { hard: 0, soft: 0, seconds: 0 },
      },
      'client-reply-backlog': 64 * 1024,
    });
    await get('a', 'b', 'c');
    await store.holds(3);
    for (const key of ['c', 'b']) store.answer(`get t ${key}`, Slice.of('x'.repeat(40_000)));
    expect(await client.takeAll()).toBe('');
    const other = await connectTo(server);
    expect(await infoNumber(other, 'client_output_buffer_limit_disconnections')).toBe(1);
  });

  it('count as memory of the client', async () => {
    const { server, store, client, get, answer, expectValues } = await start();
    const other = await connectTo(server);
    const held = async () =>
      Number(/ qbuf=(\d+) /.exec((await other.bulk('CLIENT', 'LIST', 'TYPE', 'normal')).split('\n')[0])?.[1]);
    expect(await held()).toBe(0);
    await client.send(frame('SESSION.GET', 't', 'k'.repeat(50_000)));
    await store.holds(1);
    expect(await held()).toBeGreaterThan(50_000);
    store.answer(`get t ${'k'.repeat(50_000)}`);
    expect(await client.reply()).toBe(null);
    expect(await held()).toBe(0);
    await get('a');
    await store.holds(1);
    answer('a');
    await expectValues('a');
  });

  it('are shown by MONITOR when they begin, and counted when they are answered', async () => {
    const { clock, server, store, client, get, answer, expectValues } = await start({
      'slowlog-log-slower-than': 10_000,
    });
    const [monitor, other] = [await connectTo(server), await connectTo(server)];
    await monitor.expect('MONITOR\r\n', '+OK\r\n');
    await get('a', 'b');
    await monitor.takeUntil('"SESSION.GET" "t" "a"\r\n');
    await monitor.takeUntil('"SESSION.GET" "t" "b"\r\n');
    await store.holds(2);
    expect(await other.bulk('INFO', 'commandstats')).not.toContain('session.get');
    clock.advance(15);
    answer('b', 'a');
    await expectValues('a', 'b');
    expect(await other.bulk('INFO', 'commandstats')).toContain('cmdstat_session.get:calls=2,usec=30000,');
    // One that takes several steps is slow by itself.
    await client.send('SESSION.ENDNAME a\r\n');
    await store.holds(1);
    clock.advance(15);
    store.answer('endName a', 2);
    await client.expect('', ':2\r\n');
    await other.send('SLOWLOG GET\r\n');
    const slow = (await other.reply()) as unknown[][];
    expect(slow.map(([, , microseconds, words]) => [microseconds, words])).toEqual([
      [15_000, ['SESSION.ENDNAME', 'a']],
    ]);
  });
});

describe('a transaction in a store that answers later', () => {
  it('is asked for as a whole; then come the replies in order', async () => {
    const { store, client } = await start();
    await client.send('MULTI\r\nSESSION.GET t a\r\nPING\r\nSESSION.COUNT u\r\nSESSION.COUNT t\r\nEXEC\r\nPING\r\n');
    await store.holds(4);
    expect(store.asked).toEqual(['transaction: get t a', 'transaction: count u', 'transaction: count t', 'commit']);
    store.answer('commit', true);
    store.answer('transaction: count t', 3);
    store.fail('transaction: count u', NO_SESSION);
    store.answer('transaction: get t a', Slice.of('x'));
    const replies =
      '+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*4\r\n$1\r\nx\r\n+PONG\r\n-NOSESSION no such session\r\n:3\r\n+PONG\r\n';
    expect(await client.take(replies.length)).toBe(replies);
  });

  it('watches versions, and does nothing if one has changed', async () => {
    const { store, client } = await start();
    await client.send('WATCH t @name\r\n');
    await store.holds(2);
    store.answer('watch @name', 'v2');
    store.answer('watch t', 'v1');
    await client.expect('', '+OK\r\n');
    await client.send('MULTI\r\nSESSION.COUNT t\r\nPING\r\nEXEC\r\n');
    await store.holds(2);
    store.answer('commit v1 v2', false);
    expect(await client.takeUntil('*-1\r\n')).toBe('+OK\r\n+QUEUED\r\n+QUEUED\r\n*-1\r\n');
    // Nothing is watched any more.
    await client.send('MULTI\r\nEXEC\r\n');
    await store.holds(2);
    store.answer('commit', true);
    expect(await client.takeUntil('*0\r\n')).toBe('+OK\r\n*0\r\n');
  });
});

describe('any mix of answers', () => {
  /** How a request is answered, and with what. */
  const kinds = fc.constantFrom(
    'late',
    'late',
    'late',
    'late error',
    'now',
    'now error',
    'in steps',
    'ping',
    'arity',
    'unknown',
    'multi',
  );
  const sent = fc.array(kinds, { minLength: 1, maxLength: 30 });

  it('gives the replies in the order of the requests', async () => {
    const store = new HeldStore((what) => {
      const [, , key = ''] = what.split(' ');
      if (key.startsWith('now-error')) throw NO_SESSION;
      return key.startsWith('now') ? Slice.of(`value of ${key}`) : undefined;
    });
    const { server } = await start({}, store);
    await fc.assert(
      fc.asyncProperty(
        sent,
        fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
        fc.nat(),
        async (requests, choices, cut) => {
          const client = await connectTo(server);
          const [frames, replies] = [requests.map((kind, i) => requestOf(kind, i)), requests.map(replyOf)];
          const bytes = Buffer.concat(frames);
          await client.send(bytes.subarray(0, cut % bytes.length));
          await client.send(bytes.subarray(cut % bytes.length));
          const late = requests.filter((kind) => kind.startsWith('late') || kind === 'in steps').length;
          for (let answered = 0; answered < late; answered++) {
            await store.holds(1);
            const choice = choices[answered % choices.length];
            // Sometimes more has been asked when the next answer comes, sometimes not.
            if (choice % 3 > 0) await turnEventLoop(choice % 3);
            const { what } = store.pending[choice % store.pending.length];
            const [operation, , key = ''] = what.split(' ');
            if (operation === 'endMany') store.answer(what, 2);
            else if (key.startsWith('late-error')) store.fail(what, NO_SESSION);
            else store.answer(what, Slice.of(`value of ${key}`));
          }
          const expected = replies.join('');
          expect(await client.take(expected.length)).toBe(expected);
          await client.send('QUIT\r\n');
          expect(await client.takeAll()).toBe('+OK\r\n');
        },
      ),
      { numRuns: 60 },
    );
  });

  function requestOf(kind: string, i: number): Buffer {
    if (kind === 'ping') return Buffer.from(`ECHO ${i}\r\n`);
    if (kind === 'arity') return frame('SESSION.GET', 't');
    if (kind === 'unknown') return frame(`NOPE${i}`);
    if (kind === 'in steps') return frame('SESSION.END', 't', `${i}`);
    if (kind === 'multi') return Buffer.from('MULTI\r\nDISCARD\r\n');
    return frame('SESSION.GET', 't', `${kind.replace(' ', '-')}-${i}`);
  }

  function replyOf(kind: string, i: number): string {
    const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
    if (kind === 'ping') return bulk(`${i}`);
    if (kind === 'arity') return "-ERR wrong number of arguments for 'session.get' command: SESSION.GET token key\r\n";
    if (kind === 'unknown') return `-ERR unknown command 'NOPE${i}', with args beginning with: \r\n`;
    if (kind === 'in steps') return ':2\r\n';
    if (kind === 'multi') return '+OK\r\n+OK\r\n';
    if (kind.endsWith('error')) return '-NOSESSION no such session\r\n';
    return bulk(`value of ${kind}-${i}`);
  }
});
