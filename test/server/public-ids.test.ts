import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/engine/index.js';
import type { Config, Server } from '../../src/index.js';
import { Slice } from '../../src/slice.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { frame, type RawClient } from '../raw-client.js';
import { mapOf, type Reply } from '../tools/replies.js';
import { askWith } from './ask.js';
import { start as startAlone } from './start.js';
import { subscribe } from './subscribe.js';

afterEach(stopServers);

const SECRET = 'a secret that all servers of this test have';
const INVALID_CURSOR = 'ERR invalid cursor: CURSOR must be 0 or a cursor that SESSION.LIST returned';

const start = (config: Partial<Config> = {}) => startAlone({ secret: SECRET, ...config });

/** Each reading of this clock advances it by a millisecond, so a slice of work is over at every check. */
function hastyClock() {
  let now = 1000;
  return { ...systemClock, now: () => ++now };
}

interface Listed {
  readonly cursor: string;
  readonly sessions: readonly Record<string, Reply>[];
}

async function list(client: RawClient, ...args: (string | Buffer)[]): Promise<Listed> {
  await client.send(frame('SESSION.LIST', ...args));
  const [cursor, sessions] = (await client.reply()) as [string, Reply[]];
  return { cursor, sessions: sessions.map((session) => Object.fromEntries(mapOf(session))) };
}

const idsOf = ({ sessions }: Listed) => sessions.map(({ id }) => id);

/** Lists page after page. Calls `between` after each. Returns all ids. */
async function listAll(client: RawClient, args: string[], between: (page: Listed) => unknown = () => {}) {
  const ids: Reply[] = [];
  let cursor = '0';
  do {
    const page = await list(client, args[0], 'CURSOR', cursor, ...args.slice(1));
    ids.push(...idsOf(page));
    ({ cursor } = page);
    await between(page);
  } while (cursor !== '0');
  return ids;
}

async function idsFor(client: RawClient, tokens: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const token of tokens) ids.push(await askWith(client, 'SESSION.ID', token));
  return ids;
}

function createMany({ engine }: Server, count: number, name = 'basket'): string[] {
  return Array.from({ length: count }, () => engine.token(engine.create(Slice.of(name))));
}

describe('SESSION.ID', () => {
  it('stays the same over ROTATE and for an old token, and is unknown for an unknown token', async () => {
    const { ask } = await start();
    const token = await ask('SESSION.NEW user:1');
    const id = await ask(`SESSION.ID ${token}`);
    expect(id).toMatch(/^[\w-]{11}$/);
    expect(token).not.toContain(id);
    const rotated = await ask(`SESSION.ROTATE ${token} GRACE 60`);
    expect(await ask(`SESSION.ID ${rotated}`)).toBe(id);
    expect(await ask(`SESSION.ID ${token}`)).toBe(id);
    expect(await ask(`SESSION.ID ${'A'.repeat(22)}`)).toBe('NOSESSION no such session');
    expect(await ask(`SESSION.ID ${id}`)).toMatch(/^NOSESSION no such session: expected a token/);
  });

  it('of a shared session is the same by name and by token, on every server with the secret', async () => {
    const first = await start();
    await first.ask('SET config x');
    const id = await first.ask('SESSION.ID @config');
    expect(await first.ask(`SESSION.ID ${await first.ask('SESSION.OPEN config')}`)).toBe(id);
    const second = await start();
    await second.ask('SESSION.NEW config SHARED');
    expect(await second.ask('SESSION.ID @config')).toBe(id);
    const third = await start({ secret: '' });
    await third.ask('SET config x');
    expect(await third.ask('SESSION.ID @config')).not.toBe(id);
  });
});

describe('SESSION.LIST', () => {
  it('shows what there is to know about each session, oldest first, but no token', async () => {
    const { ask, client, clock } = await start();
    const created = clock.wall();
    const first = await ask('SESSION.NEW user:1 60 yes EXTEND GET DATA device phone address ::1');
    clock.advance(10_000);
    const second = await ask('SESSION.NEW user:1 DATA device laptop');
    await ask('SESSION.NEW user:2');
    await ask(`SESSION.GET ${first} device`);
    clock.advance(1000);
    const [one, two] = [await ask(`SESSION.ID ${first}`), await ask(`SESSION.ID ${second}`)];
    const shown = { id: one, created, lastUsed: created + 10_000, pttl: 59_000, bytes: 21, keys: 2 };
    expect(await list(client, 'user:1')).toEqual({
      cursor: '0',
      sessions: [
        shown,
        { id: two, created: created + 10_000, lastUsed: created + 10_000, pttl: -1, bytes: 12, keys: 1 },
      ],
    });
    const page = await list(client, 'user:1', 'count', '1', 'sizes', 'keys', 'device', 'x', '');
    expect(page.cursor).toMatch(/^\d+:\d+$/);
    expect(page.sessions).toEqual([
      { ...shown, sizes: ['device', 5, 'address', 3], values: ['device', 'phone', 'x', null, '', null] },
    ]);
    // Listing has extended nothing.
    expect(await ask(`SESSION.PTTL ${first}`)).toBe('59000');
    expect(await list(client, 'nobody')).toEqual({ cursor: '0', sessions: [] });
  });

  it('has maps in RESP3', async () => {
    const { client, ask } = await start();
    await ask('HELLO 3');
    const token = await ask('SESSION.NEW user:1 DATA device phone');
    await client.send(frame('SESSION.LIST', 'user:1', 'SIZES', 'KEYS', 'device', 'x'));
    const [cursor, [session]] = (await client.reply()) as [string, Map<string, Reply>[]];
    expect(cursor).toBe('0');
    expect(session.get('id')).toBe(await ask(`SESSION.ID ${token}`));
    expect(session.get('sizes')).toEqual(new Map([['device', 5]]));
    expect(session.get('values')).toEqual(
      new Map<string, Reply>([
        ['device', 'phone'],
        ['x', null],
      ]),
    );
  });

  it('shows a key and a string as the sessions that they are', async () => {
    const { client, ask } = await start();
    await ask('SET greeting hello');
    await ask('HSET profile city Rome');
    expect((await list(client, 'greeting', 'KEYS', '')).sessions[0]).toMatchObject({ values: ['', 'hello'] });
    expect((await list(client, 'profile', 'SIZES')).sessions[0]).toMatchObject({ sizes: ['city', 4] });
  });

  it('has any bytes in names, keys and values', async () => {
    const { client } = await start();
    const [name, key, value] = [Buffer.from([0, 255, 13, 10]), Buffer.from([255, 0]), Buffer.from([13, 10, 0])];
    await client.send(frame('SESSION.NEW', name, 'DATA', key, value));
    await client.reply();
    const { sessions } = await list(client, name, 'SIZES', 'KEYS', key);
    expect(sessions[0]).toMatchObject({ sizes: ['\xff\0', 3], values: ['\xff\0', '\r\n\0'] });
  });

  it.each([
    ['user:1 CURSOR x', INVALID_CURSOR],
    ['user:1 CURSOR -1', INVALID_CURSOR],
    ['user:1 CURSOR 1', INVALID_CURSOR],
    ['user:1 CURSOR 1:2:3', INVALID_CURSOR],
    ['user:1 CURSOR', 'ERR syntax error: CURSOR needs a value'],
    [
      'user:1 COUNT 0',
      'ERR value is not an integer or out of range: COUNT must be a whole number from 1 to 2147483647',
    ],
    [
      'user:1 COUNT 2147483648',
      'ERR value is not an integer or out of range: COUNT must be a whole number from 1 to 2147483647',
    ],
    ['user:1 COUNT 1 COUNT 1', 'ERR syntax error: COUNT is given twice'],
    ['user:1 KEYS', 'ERR syntax error: KEYS needs a value'],
    ['user:1 MATCH x', 'ERR syntax error: argument 2 is not expected here; the options are CURSOR, COUNT, SIZES, KEYS'],
  ])('refuses %s', async (args, error) => {
    const { ask } = await start();
    expect(await ask(`SESSION.LIST ${args}`)).toBe(error);
  });

  it('takes any place as a cursor', async () => {
    const { client, clock, server } = await start();
    createMany(server, 3);
    const all = idsOf(await list(client, 'basket', 'COUNT', '2147483647'));
    const at = clock.wall() * 1000;
    for (const [cursor, expected] of [
      ['0:0', all],
      [`${at}:999999999`, all],
      [`${at + 1}:0`, all.slice(1)],
      [`${at + 1}:2`, all.slice(1)],
      [`${at + 3}:0`, []],
      ['9999999999999999:1', []],
    ] as const) {
      expect(idsOf(await list(client, 'basket', 'CURSOR', cursor)), cursor).toEqual(expected);
    }
  });

  it('shows every session once while others come and go, also if the session at the cursor ends', async () => {
    const { client, server } = await start();
    const tokens = createMany(server, 200);
    const kept = tokens.filter((_, i) => i % 3 === 0);
    const expected = await idsFor(client, kept);
    let page = 0;
    const ids = await listAll(client, ['basket', 'COUNT', '7'], async () => {
      page++;
      // Ends what was shown and what comes next, except what is kept, and creates others in the free slots.
      const some = tokens.slice(page * 7 - 3, page * 7 + 3).filter((token) => !kept.includes(token));
      if (some.length > 0) await askWith(client, 'SESSION.END', ...some);
      createMany(server, 1, 'other');
    });
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(expected));
  });

  it('lets others be served while it searches for its place', async () => {
    const server = await startServer({}, { clock: hastyClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    const tokens = createMany(server, 3000);
    const slot = server.engine.find(Slice.of(tokens[2900]));
    const cursor = `${Math.round(server.engine.created(slot) * 1000)}:${slot}`;
    // Without the session at the cursor, the search starts at the oldest one.
    await askWith(client, 'SESSION.END', tokens[2900]);
    let answered = false;
    const page = list(client, 'basket', 'CURSOR', cursor, 'COUNT', '1').finally(() => {
      answered = true;
    });
    let served = 0;
    for (; !answered; served++) await other.expect('PING\r\n', '+PONG\r\n');
    expect((await page).sessions).toHaveLength(1);
    expect(served).toBeGreaterThan(10);
  });

  it('ends a page early rather than return megabytes', async () => {
    const { client, server } = await start();
    for (let i = 0; i < 20; i++) {
      server.engine.create(Slice.of('big'), { data: [Slice.of('k'), Slice.of('v'.repeat(300_000))] });
    }
    const page = await list(client, 'big', 'COUNT', '20', 'KEYS', 'k');
    expect(page.sessions).toHaveLength(4);
    expect(await listAll(client, ['big', 'COUNT', '20', 'KEYS', 'k'])).toHaveLength(20);
    expect((await list(client, 'big', 'COUNT', '20')).sessions).toHaveLength(20);
  });

  it('shows some of the keys of a session with very many', async () => {
    const { client } = await start();
    const pairs = Array.from({ length: 1000 }, (_, i) => [`k${i}`, 'v']).flat();
    await askWith(client, 'SESSION.NEW', 'many', 'DATA', ...pairs);
    const [{ keys, sizes }] = (await list(client, 'many', 'SIZES')).sessions;
    expect(keys).toBe(1000);
    expect((sizes as Reply[]).length / 2).toBeLessThan(200);
  });

  it('shows no session that has expired, and ends it', async () => {
    const { client, clock, server } = await start();
    for (let i = 0; i < 5; i++) server.engine.create(Slice.of('x'), { duration: 1000 });
    server.engine.create(Slice.of('x'), { duration: 1000, deleteSession: false, data: [Slice.of('k'), Slice.of('v')] });
    clock.freeze(1000);
    const { sessions } = await list(client, 'x', 'KEYS', 'k');
    expect(sessions).toMatchObject([{ pttl: -1, bytes: 0, keys: 0, values: ['k', null] }]);
    expect(server.engine.stats()).toMatchObject({ sessions: 1, expired: 5, cleared: 1 });
  });
});

describe('SESSION.ENDID', () => {
  it('ends the sessions of the name with these ids, and says how many', async () => {
    const { ask, client, server } = await start();
    const mine = [await ask('SESSION.NEW user:1'), await ask('SESSION.NEW user:1'), await ask('SESSION.NEW user:1')];
    const others = await ask('SESSION.NEW user:2');
    const ids = await idsFor(client, [...mine, others]);
    await ask(`SESSION.ROTATE ${mine[0]}`);
    expect(await ask(`SESSION.ENDID user:1 ${ids[0]} ${ids[1]} ${ids[0]} ${ids[3]}`)).toBe('2');
    expect(await ask(`SESSION.ENDID user:1 ${ids[0]} ${ids[1]}`)).toBe('0');
    expect(await ask(`SESSION.EXISTS ${mine[1]} ${mine[2]} ${others}`)).toBe('2');
    expect(await ask(`SESSION.ENDID user:1 ${ids[2]}`)).toBe('1');
    expect(await ask(`SESSION.ENDID user:1 ${ids[2]}`)).toBe('0');
    expect(server.engine.stats()).toMatchObject({ sessions: 1, names: 1, ended: 3 });
  });

  it('ends nothing for what is not an id', async () => {
    const { client, ask } = await start();
    const id = await ask(`SESSION.ID ${await ask('SESSION.NEW user:1')}`);
    const wrong = ['', id.slice(1), `${id}A`, `${id.slice(0, 10)}=`, Buffer.alloc(11, 255), Buffer.alloc(11)];
    expect(await askWith(client, 'SESSION.ENDID', 'user:1', ...wrong)).toBe('0');
    expect(await askWith(client, 'SESSION.ENDID', '', id)).toBe('0');
    expect(await askWith(client, 'SESSION.ENDID', 'user:1')).toBe(
      "ERR wrong number of arguments for 'session.endid' command: SESSION.ENDID name id [id ...]",
    );
    expect(await ask(`SESSION.ENDID user:1 ${id}`)).toBe('1');
  });

  it('publishes the end as that of any session', async () => {
    const { ask, client, server } = await start({ 'notify-keyspace-events': 'KEA' });
    const subscriber = await connectTo(server);
    const heard = await subscribe(subscriber, client, '__session*');
    await askWith(subscriber, 'PSUBSCRIBE', '__key*');
    const token = await ask('SESSION.NEW user:1 DATA device phone');
    await ask('SET k v');
    const ids = [await ask(`SESSION.ID ${token}`), await ask('SESSION.ID @k')];
    await heard();
    expect(await ask(`SESSION.ENDID user:1 ${ids[0]}`)).toBe('1');
    expect(await ask(`SESSION.ENDID k ${ids[1]}`)).toBe('1');
    const channels = (await heard()).map((message) => message.split(' ')[0]);
    expect(channels).toContain('__session__:ended:user:1');
    expect(channels).toContain('__sessiondata__:ended:user:1');
    expect(channels).toContain('__keyevent@0__:del');
  });

  it('lets others be served while it looks at very many', async () => {
    const server = await startServer({}, { clock: hastyClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    const tokens = createMany(server, 3000);
    const last = tokens.slice(-2);
    const ids = await idsFor(client, last);
    let answered = false;
    const reply = askWith(client, 'SESSION.ENDID', 'basket', ...ids).finally(() => {
      answered = true;
    });
    let served = 0;
    for (; !answered; served++) await other.expect('PING\r\n', '+PONG\r\n');
    expect(await reply).toBe('2');
    expect(served).toBeGreaterThan(10);
    expect(server.engine.size).toBe(2998);
  });

  it('ends thousands, within a transaction too', async () => {
    const server = await startServer({}, { clock: hastyClock() });
    const client = await connectTo(server);
    createMany(server, 3000);
    const ids = (await listAll(client, ['basket', 'COUNT', '500'])) as string[];
    expect(ids).toHaveLength(3000);
    const watcher = await connectTo(server);
    await askWith(watcher, 'SESSION.NEW', 'k', 'SHARED');
    expect(await askWith(watcher, 'WATCH', 'k')).toBe('OK');
    const k = await askWith(client, 'SESSION.ID', '@k');
    await client.expect(
      Buffer.concat([
        frame('MULTI'),
        frame('SESSION.ENDID', 'basket', ...ids.slice(0, 2000)),
        frame('SESSION.ENDID', 'k', k),
        frame('SESSION.LIST', 'k'),
        frame('EXEC'),
      ]),
      '+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n:2000\r\n:1\r\n*2\r\n$1\r\n0\r\n*0\r\n',
    );
    // A watched session has ended.
    await watcher.expect('MULTI\r\nPING\r\nEXEC\r\n', '+OK\r\n+QUEUED\r\n*-1\r\n');
    expect(await askWith(client, 'SESSION.ENDID', 'basket', ...ids)).toBe('1000');
    expect(server.engine.stats()).toMatchObject({ sessions: 0, names: 0, ended: 3001 });
  });
});

describe('public ids need', () => {
  it('the permission to read, and to write to end sessions, but not admin', async () => {
    const { server } = await start({ users: 'reader read r; writer write w; boss admin a' });
    const requests = { 'SESSION.LIST x': 'reader', 'SESSION.ID @x': 'reader', 'SESSION.ENDID x y': 'writer' };
    for (const [user, password] of [
      ['reader', 'r'],
      ['writer', 'w'],
      ['boss', 'a'],
    ]) {
      const client = await connectTo(server);
      await askWith(client, 'AUTH', user, password);
      for (const [request, who] of Object.entries(requests)) {
        const reply = await askWith(client, ...request.split(' '));
        expect(reply.startsWith('NOPERM '), `${user}: ${request}: ${reply}`).toBe(user !== who);
      }
    }
  });

  it('no redaction: SLOWLOG shows ids and cursors, but no token', async () => {
    const { ask, client } = await start({ 'slowlog-log-slower-than': 0 });
    const token = await ask('SESSION.NEW user:1');
    const id = await ask(`SESSION.ID ${token}`);
    await ask('SESSION.LIST user:1 CURSOR 1764325337123001:123456789');
    await ask(`SESSION.ENDID user:1 ${id}`);
    const log = await askWith(client, 'SLOWLOG', 'GET', '10');
    expect(log).toContain(`SESSION.ENDID user:1 ${id}`);
    expect(log).toContain('CURSOR 1764325337123001:123456789');
    expect(log).not.toContain(token);
  });
});
