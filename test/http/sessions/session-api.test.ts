import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type {
  EndNameRequest,
  ListedName,
  NamesRequest,
  SessionApi,
  SessionApiPath,
} from '../../../src/http/sessions/session-api-data.js';
import { createServer, type Server } from '../../../src/index.js';
import { Slice } from '../../../src/slice.js';
import { connectTo, keepLog, startServer, stopServers } from '../../embedded-server.js';
import { FakeClock } from '../../fake-clock.js';
import { temporaryDirectory } from '../../journal/temporary-directory.js';
import { frame } from '../../raw-client.js';
import { ask } from '../../server/ask.js';
import { HeldDisk } from '../../server/held-disk.js';
import { turnEventLoop } from '../../turn-event-loop.js';
import { send } from '../send.js';

afterEach(async () => {
  HeldDisk.repairAll();
  vi.restoreAllMocks();
  await stopServers();
});

const HTTP = { 'http-port': 0 } as const;
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Sends a request as text. */
async function post(server: Server, path: string, body: string) {
  const { status, text } = await send(server, path, { method: 'POST', headers: JSON_TYPE, body });
  return { status, body: JSON.parse(text) };
}

/** Sends a request that must succeed. */
async function api<Path extends SessionApiPath>(
  server: Server,
  path: Path,
  request: SessionApi[Path]['request'],
): Promise<SessionApi[Path]['response']> {
  const { status, body } = await post(server, path, JSON.stringify(request));
  expect([status, body]).toEqual([200, body]);
  return body;
}

/** Searches through all pages. */
async function allNames(server: Server, request: NamesRequest): Promise<ListedName[]> {
  const names: ListedName[] = [];
  let cursor: string | undefined;
  do {
    const page = await api(server, '/api/names', { ...request, ...(cursor !== undefined && { cursor }) });
    names.push(...page.names);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return names;
}

describe('a search for names', () => {
  it('goes through all names in pages, each once', async () => {
    const server = await startServer(HTTP);
    const client = await connectTo(server);
    for (let i = 0; i < 300; i++) await ask(client, `SESSION.NEW user:${i % 250}`);
    const { names, cursor } = await api(server, '/api/names', { count: 10 });
    expect([names.length, cursor]).toEqual([10, '10']);
    const all = await allNames(server, { count: 30 });
    expect(new Map(all.map(({ name, sessions }) => [name, sessions]))).toEqual(
      new Map(Array.from({ length: 250 }, (_, i) => [`user:${i}`, i < 50 ? 2 : 1])),
    );
    expect(all.length).toBe(250);
    expect((await allNames(server, { match: 'user:?' })).length).toBe(10);
    expect(await api(server, '/api/names', { match: 'user:77' })).toEqual({
      names: [{ name: 'user:77', sessions: 1 }],
    });
    expect(await api(server, '/api/names', { match: 'nobody' })).toEqual({ names: [] });
  });

  it('does only so much work in one request, however many names there are and however few match', async () => {
    const server = await startServer(HTTP);
    for (let i = 0; i < 100_000; i++) {
      server.engine.create(Slice.of(`n${i}`));
    }
    const client = await connectTo(server);
    const { names, cursor } = await api(server, '/api/names', { match: 'n99999' });
    expect(names).toEqual([]);
    expect(Number(cursor)).toBeGreaterThan(0);
    const [, calls] = /cmdstat_session.names:calls=(\d+)/.exec(await client.bulk('INFO', 'commandstats')) ?? [];
    expect(Number(calls)).toBeLessThanOrEqual(16);
    expect(await allNames(server, { match: 'n99999' })).toEqual([{ name: 'n99999', sessions: 1 }]);
  });

  it('shows names of any bytes, which can be sent back', async () => {
    const server = await startServer(HTTP);
    const client = await connectTo(server);
    const known = ['plain', 'ä"\\\n\0', '\ufeffbom', '\u{1f600}', 'a*[?'].map((text) => Buffer.from(text));
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((array) => Buffer.from(array));
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, fc.constantFrom(...known)), async (name) => {
        await client.send(frame('SESSION.NEW', name));
        await client.reply();
        const [found] = await allNames(server, {});
        expect(
          typeof found.name === 'string' ? Buffer.from(found.name) : Buffer.from(found.name.base64, 'base64'),
        ).toEqual(name);
        expect(await api(server, '/api/end-name', { name: found.name })).toEqual({ ended: 1 });
      }),
      { numRuns: 60, examples: known.map((name): [Buffer] => [name]) },
    );
  });
});

describe('the sessions of a name', () => {
  it('are listed in pages, without their tokens', async () => {
    const server = await startServer(HTTP, { clock: new FakeClock() });
    const client = await connectTo(server);
    const token = await ask(client, 'SESSION.NEW basket 100 DATA item pizza count 2');
    await client.send(frame('SESSION.SET', token, Buffer.from([0xff]), Buffer.from([0, 0xfe])));
    await client.take(5);
    for (let i = 0; i < 4; i++) await ask(client, 'SESSION.NEW basket');
    const request = { name: 'basket', keys: ['item', 'none', { base64: '/w==' }] };
    const { sessions } = await api(server, '/api/sessions', request);
    expect(sessions.length).toBe(5);
    const [first, second] = sessions;
    expect(first).toMatchObject({
      id: await ask(client, `SESSION.ID ${token}`),
      timeLeft: 100_000,
      keyCount: 3,
      values: ['pizza', null, { base64: 'AP4=' }],
    });
    expect(first.bytes).toBeGreaterThan('itempizzacount2'.length);
    expect(new Set(first.keys)).toEqual(
      new Set([
        { key: 'item', bytes: 5 },
        { key: 'count', bytes: 1 },
        { key: { base64: '/w==' }, bytes: 2 },
      ]),
    );
    expect(second).toMatchObject({ keyCount: 0, keys: [], values: [null, null, null] });
    expect(second).not.toHaveProperty('timeLeft');
    expect(JSON.stringify(sessions)).not.toContain(token);

    const page = await api(server, '/api/sessions', { name: 'basket', count: 3 });
    expect([page.sessions.map(({ id }) => id), page.sessions[0].values]).toEqual([
      sessions.slice(0, 3).map(({ id }) => id),
      [],
    ]);
    const { cursor = '' } = page;
    const rest = await api(server, '/api/sessions', { name: 'basket', count: 3, cursor });
    expect([rest.sessions.map(({ id }) => id), rest.cursor]).toEqual([
      sessions.slice(3).map(({ id }) => id),
      undefined,
    ]);
    expect(await api(server, '/api/sessions', { name: 'nobody' })).toEqual({ sessions: [] });
  });

  it('can be ended, one or all', async () => {
    const server = await startServer(HTTP);
    const client = await connectTo(server);
    const tokens: string[] = [];
    for (let i = 0; i < 5; i++) tokens.push(await ask(client, 'SESSION.NEW user:42'));
    const { sessions } = await api(server, '/api/sessions', { name: 'user:42' });
    expect(await api(server, '/api/end-session', { name: 'user:42', ids: [sessions[1].id, 'unknown'] })).toEqual({
      ended: 1,
    });
    expect(await ask(client, `SESSION.MEXISTS ${tokens.join(' ')}`)).toBe('1 0 1 1 1');
    expect(await api(server, '/api/end-name', { name: 'user:42' })).toEqual({ ended: 4 });
    expect(await ask(client, `SESSION.MEXISTS ${tokens.join(' ')}`)).toBe('0 0 0 0 0');
  });
});

describe('a request of the page', () => {
  it('is counted, logged and shown as a command of a client, which is gone afterwards', async () => {
    const server = await startServer({ ...HTTP, 'slowlog-log-slower-than': 0 });
    const client = await connectTo(server);
    const monitor = await connectTo(server);
    await monitor.expect('MONITOR\r\n', '+OK\r\n');
    await ask(client, 'SESSION.NEW x');
    await api(server, '/api/end-name', { name: 'x' });
    expect(await monitor.takeUntil('"SESSION.ENDNAME" "x"\r\n')).toMatch(
      /\[0 127\.0\.0\.1:\d+] "SESSION.ENDNAME" "x"\r\n$/,
    );
    const info = await client.bulk('INFO', 'all');
    expect(info).toMatch(/cmdstat_session\.endname:calls=1,/);
    expect(info).toContain('connected_clients:2\r\n');
    await client.send('SLOWLOG GET\r\n');
    expect(JSON.stringify(await client.reply())).toMatch(/\["SESSION.ENDNAME","x"],"127\.0\.0\.1:\d+","http"]/);
    expect((await client.bulk('CLIENT', 'LIST')).trim().split('\n').length).toBe(2);
  });

  it('is answered only when the disk has its changes, with appendfsync always', async () => {
    const disk = new HeldDisk();
    const server = await startServer({ ...HTTP, appendonly: true, appendfsync: 'always', dir: temporaryDirectory() });
    await ask(await connectTo(server), 'SESSION.NEW x');
    disk.holdSyncs();
    let isAnswered = false;
    const ended = api(server, '/api/end-name', { name: 'x' }).then((response) => {
      isAnswered = true;
      return response;
    });
    await disk.syncing();
    for (let turns = 0; turns < 100; turns++) await turnEventLoop();
    expect(isAnswered).toBe(false);
    disk.release();
    expect(await ended).toEqual({ ended: 1 });
  });

  it('is refused while the journal is being loaded', async () => {
    const config = { ...HTTP, appendonly: true, dir: temporaryDirectory() };
    const first = await startServer(config);
    await ask(await connectTo(first), 'SESSION.NEW x');
    await first.close();
    const disk = new HeldDisk();
    disk.holdReads();
    const server = createServer({ bind: '127.0.0.1', port: 0, ...config });
    const listening = server.listen();
    await disk.reading();
    expect(await post(server, '/api/names', '{}')).toEqual({
      status: 503,
      body: { code: 'LOADING', error: 'Redis is loading the dataset in memory' },
    });
    disk.release();
    await listening;
    expect(await api(server, '/api/names', {})).toEqual({ names: [{ name: 'x', sessions: 1 }] });
    await server.close();
  });

  it('fails if it asks for so many values that others would have to wait', async () => {
    const log = keepLog();
    const server = await startServer(HTTP, { log });
    const client = await connectTo(server);
    const token = String(await ask(client, 'SESSION.NEW x'));
    await ask(client, `SESSION.SET ${token} value ${'v'.repeat(500_000)}`);
    const few = { name: 'x', keys: ['value', 'value'] };
    const [{ values }] = (await api(server, '/api/sessions', few)).sessions;
    expect(values).toEqual(['v'.repeat(500_000), 'v'.repeat(500_000)]);
    const many = JSON.stringify({ name: 'x', keys: Array(1000).fill('value') });
    expect(await post(server, '/api/sessions', many)).toEqual({
      status: 503,
      body: { code: 'CLOSED', error: expect.stringContaining('more than 4 MB') },
    });
    expect(log.lines).toEqual([
      expect.stringMatching(
        /^client \d+ \(.*"http"\) disconnected: replies exceed the output buffer limit \(the HTTP API replies with at most 4 MB\)$/,
      ),
    ]);
    expect(await api(server, '/api/names', {})).toEqual({ names: [{ name: 'x', sessions: 1 }] });
  });

  it('fails if CLIENT KILL ends its client, and others are not affected', async () => {
    const disk = new HeldDisk();
    const server = await startServer({ ...HTTP, appendonly: true, appendfsync: 'always', dir: temporaryDirectory() });
    const client = await connectTo(server);
    await ask(client, 'SESSION.NEW x');
    disk.holdSyncs();
    const answer = post(server, '/api/end-name', '{"name":"x"}');
    await disk.syncing();
    await client.send('CLIENT KILL TYPE normal SKIPME yes\r\n');
    expect(await answer).toEqual({
      status: 503,
      body: { code: 'CLOSED', error: expect.stringMatching(/^the server has closed the connection/) },
    });
    disk.release();
    expect(await client.take(4)).toBe(':1\r\n');
    expect(await api(server, '/api/names', {})).toEqual({ names: [] });
  });

  it.each([
    ['/api/names', '', 'the body is not JSON'],
    ['/api/names', '[]', 'the body is not a JSON object'],
    ['/api/names', 'null', 'the body is not a JSON object'],
    ['/api/names', '{"match":1}', 'match must be a string, or an object with the bytes in base64'],
    ['/api/names', '{"match":{"base64":"x"}}', 'match must be a string, or an object with the bytes in base64'],
    ['/api/names', '{"match":"\\ud800"}', 'match must be a string, or an object with the bytes in base64'],
    ['/api/names', '{"count":0}', 'count must be a whole number from 1 to 1000'],
    ['/api/names', '{"count":1.5}', 'count must be a whole number from 1 to 1000'],
    ['/api/names', '{"count":"1"}', 'count must be a whole number from 1 to 1000'],
    ['/api/names', '{"cursor":1}', 'cursor must be a string'],
    ['/api/sessions', '{}', 'name must be a string, or an object with the bytes in base64'],
    ['/api/sessions', '{"name":"x","keys":"k"}', 'keys must be an array of at most 1000 items'],
    [
      '/api/sessions',
      '{"name":"x","keys":[1]}',
      'each of keys must be a string, or an object with the bytes in base64',
    ],
    ['/api/end-session', '{"name":"x"}', 'ids must have at least one id'],
    ['/api/end-session', '{"name":"x","ids":[{}]}', 'each of ids must be a string'],
    ['/api/end-name', '{"__proto__":{"name":"x"}}', 'name must be a string, or an object with the bytes in base64'],
  ])('%s refuses the body %s', async (path, body, error) => {
    expect(await post(await startServer(HTTP), path, body)).toEqual({ status: 400, body: { code: 'HTTP', error } });
  });

  it('passes on the error of the command', async () => {
    const server = await startServer(HTTP);
    expect(await post(server, '/api/names', '{"cursor":"x"}')).toEqual({
      status: 400,
      body: { code: 'ERR', error: 'invalid cursor' },
    });
  });

  it('may have at most 64 KB', async () => {
    const server = await startServer(HTTP);
    const name = 'x'.repeat(64 * 1024);
    const body = JSON.stringify({ name } satisfies EndNameRequest);
    const chunked = { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' };
    for (const headers of [JSON_TYPE, chunked]) {
      const { status, text } = await send(server, '/api/end-name', { method: 'POST', headers, body });
      expect([status, JSON.parse(text)]).toEqual([413, { code: 'HTTP', error: 'the body has more than 65536 bytes' }]);
    }
  });
});
