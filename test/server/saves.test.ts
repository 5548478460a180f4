import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Config, Server } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, type RawClient } from '../raw-client.js';
import { mapOf, show } from '../tools/replies.js';
import { HeldDisk } from './held-disk.js';

afterEach(async () => {
  HeldDisk.repairAll();
  await stopServers();
  vi.restoreAllMocks();
});

/** Sends a request. Returns its reply: an array as a map. */
async function ask(client: RawClient, ...request: string[]): Promise<string | Record<string, string>> {
  await client.send(frame(...request));
  return replyTo(client);
}

async function replyTo(client: RawClient): Promise<string | Record<string, string>> {
  const reply = await client.reply();
  if (!Array.isArray(reply)) return typeof reply === 'string' ? reply : show(reply);
  return Object.fromEntries([...mapOf(reply)].map(([key, value]) => [key, String(value)]));
}

async function info(client: RawClient): Promise<Record<string, string>> {
  const text = await client.bulk('INFO', 'persistence');
  return Object.fromEntries([...text.matchAll(/^(\w+):(.*)\r$/gm)].map(([, field, value]) => [field, value]));
}

/** Returns the files in the directory of data sets, except the lock. */
const filesIn = (directory: string) => readdirSync(join(directory, 'saves')).filter((file) => file !== 'lock');

async function start(config: Partial<Config> = {}) {
  const dir = config.dir ?? temporaryDirectory();
  const clock = new FakeClock();
  const log = keepLog();
  const server = await startServer({ dir, ...config }, { clock, log });
  return { dir, clock, log, server, client: await connectTo(server) };
}

/** Lets time pass on the server's clock until a promise resolves. */
async function pumped<Result>(clock: FakeClock, result: Promise<Result>): Promise<Result> {
  let settled = false;
  const settling = result.finally(() => {
    settled = true;
  });
  settling.catch(() => {});
  while (!settled) {
    clock.step();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return settling;
}

/** Starts a save, and waits until it has begun. */
async function beginSave(client: RawClient, ...request: string[]): Promise<void> {
  await client.send(Buffer.concat([frame('PING'), frame(...request)]));
  await client.take('+PONG\r\n'.length);
}

describe('SESSION.SAVE and SESSION.LOAD', () => {
  it('restore sessions as they were, with durations and MAXAGE that start again if asked', async () => {
    const { dir, clock, client, log } = await start();
    const binary = '\0\r\n\xff';
    const plain = (await ask(
      client,
      'SESSION.NEW',
      'user:1',
      '100',
      '0',
      'EXTEND',
      'SET',
      'MAXAGE',
      '500',
      'DATA',
      'k',
      'v',
      'bytes',
      binary,
    )) as string;
    const shared = (await ask(client, 'SESSION.NEW', 'menu', 'SHARED', 'DATA', 'a', '')) as string;
    const before = await ask(client, 'SESSION.INFO', plain);
    clock.advance(60_000);
    const saved = await pumped(clock, ask(client, 'SESSION.SAVE', 'evening'));
    const [file] = filesIn(dir);
    expect(saved).toEqual({
      name: 'evening',
      sessions: '2',
      keys: '3',
      bytes: String(statSync(join(dir, 'saves', file)).size),
      milliseconds: '0',
    });
    expect(file).toBe(`evening.00${Date.UTC(2030, 0, 1) + 60_000}-000000`);
    expect(statSync(join(dir, 'saves', file)).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'saves')).mode & 0o777).toBe(0o700);

    await client.expect('FLUSHALL\r\n', '+OK\r\n');
    clock.advance(1_000_000);
    const loaded = await pumped(clock, ask(client, 'SESSION.LOAD', 'evening', 'RESTART'));
    expect(loaded).toEqual({ name: 'evening', sessions: '2', keys: '3', skipped: '0', ended: '0' });
    expect(await ask(client, 'SESSION.INFO', plain)).toEqual({
      ...(before as object),
      created: String(clock.wall()),
    });
    expect(await ask(client, 'SESSION.GET', plain, 'bytes')).toBe(Buffer.from(binary).toString('latin1'));
    expect(await ask(client, 'SESSION.OPEN', 'menu')).toBe(shared);
    await client.expect('SESSION.CONTAINS @menu a b\r\n', '*2\r\n:1\r\n:0\r\n');
    expect(log.lines.join('\n')).not.toMatch(new RegExp(`${plain}|${shared}`));
    expect(log.lines).toContain(
      'loaded 2 sessions from evening in 0 ms; 0 already existed, 0 had reached their MAXAGE',
    );
  });

  it.each([
    ['small', 'x'],
    ['large', 'x'.repeat(2 * 1024 * 1024)],
  ])('keep the end of MAXAGE of a %s session on every server', async (_, value) => {
    const { dir, clock, client } = await start();
    const expiry = ['1000', 'EXTEND', 'GET', 'MAXAGE', '500'];
    const token = (await ask(client, 'SESSION.NEW', 'user:1', ...expiry, 'DATA', 'k', value)) as string;
    await ask(client, 'SESSION.NEW', 'user:1', '1000');
    clock.advance(200_000);
    await pumped(clock, ask(client, 'SESSION.SAVE', 's'));

    /** Starts a server on the same directory, whose monotonic clock shows another time, and loads the data set. */
    const loadedAfter = async (ms: number, name: string, ...restart: string[]) => {
      const other = await start({ dir });
      other.clock.advance(777_777);
      other.clock.setWall(Date.UTC(2030, 0, 1) + 200_000 + ms);
      const loaded = await pumped(other.clock, ask(other.client, 'SESSION.LOAD', name, ...restart));
      const left = Number(await ask(other.client, 'SESSION.PTTL', token));
      return { ...other, loaded, left };
    };
    const second = await loadedAfter(100_000, 's');
    expect(second.loaded).toMatchObject({ sessions: '2', ended: '0' });
    // Files round up by a millisecond or two.
    expect(second.left).toBeGreaterThanOrEqual(200_000);
    expect(second.left).toBeLessThanOrEqual(200_002);
    expect(await ask(second.client, 'SESSION.INFO', token)).toMatchObject({ maxage: '500', duration: '1000' });
    // A data set of what was loaded has the same end, and reading does not extend the session beyond it.
    await ask(second.client, 'SESSION.GET', token, 'k');
    await pumped(second.clock, ask(second.client, 'SESSION.SAVE', 't'));
    expect((await loadedAfter(290_000, 't')).left).toBeLessThanOrEqual(10_004);
    const late = await loadedAfter(310_000, 't');
    expect(late.loaded).toMatchObject({ sessions: '1', skipped: '0', ended: '1' });
    expect((await loadedAfter(310_000, 't', 'RESTART')).left).toBe(500_000);
    // A server whose clock was set back gives no session more than its MAXAGE.
    expect((await loadedAfter(-900_000, 's')).left).toBe(500_000);
    second.clock.advance(200_002);
    await second.client.expect(`SESSION.EXISTS ${token}\r\n`, ':0\r\n');
  });

  it('save the sessions of given tokens, each once, without their old tokens', async () => {
    const { clock, client } = await start();
    const old = (await ask(client, 'SESSION.NEW', 'a')) as string;
    const token = (await ask(client, 'SESSION.ROTATE', old, 'GRACE', '100')) as string;
    await ask(client, 'SESSION.NEW', 'b', 'SHARED');
    await ask(client, 'SESSION.NEW', 'c');
    const saved = await pumped(clock, ask(client, 'SESSION.SAVE', 'some', token, old, '@b', token));
    expect(saved).toMatchObject({ sessions: '2' });
    await client.expect('FLUSHALL\r\n', '+OK\r\n');
    expect(await pumped(clock, ask(client, 'SESSION.LOAD', 'some'))).toMatchObject({ sessions: '2' });
    await client.expect(`SESSION.EXISTS ${token} @b ${old}\r\n`, ':2\r\n');
    expect(await info(client)).toMatchObject({ rdb_saves: '0', rdb_last_bgsave_time_sec: '-1' });
  });

  it('write nothing if a token is unknown', async () => {
    const { dir, client } = await start();
    const token = (await ask(client, 'SESSION.NEW', 'a')) as string;
    expect(await ask(client, 'SESSION.SAVE', 'some', token, 'x'.repeat(22))).toBe('-NOSESSION no such session');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('load the newest data set, and leave existing sessions unchanged', async () => {
    const { dir, clock, client } = await start();
    const token = (await ask(client, 'SESSION.NEW', 'a', 'DATA', 'k', '1')) as string;
    await pumped(clock, ask(client, 'SESSION.SAVE', 's'));
    await ask(client, 'SESSION.SET', token, 'k', '2');
    await ask(client, 'SESSION.NEW', 'b', 'SHARED', 'DATA', 'k', '2');
    // With the same timestamp.
    await pumped(clock, ask(client, 'SESSION.SAVE', 's'));
    clock.setWall(Date.UTC(2020, 0, 1));
    await ask(client, 'SESSION.SET', token, 'k', '3');
    await pumped(clock, ask(client, 'SESSION.SAVE', 's'));
    expect(filesIn(dir)).toHaveLength(3);
    await ask(client, 'SESSION.SET', token, 'k', '4');
    await ask(client, 'SESSION.END', '@b');
    expect(await pumped(clock, ask(client, 'SESSION.LOAD', 's'))).toEqual({
      name: 's',
      sessions: '1',
      keys: '1',
      skipped: '1',
      ended: '0',
    });
    expect(await ask(client, 'SESSION.GET', token, 'k')).toBe('4');
    await ask(client, 'SESSION.END', token);
    await pumped(clock, ask(client, 'SESSION.LOAD', 's'));
    expect(await ask(client, 'SESSION.GET', token, 'k')).toBe('3');
  });

  it('give a shared session the token that the server derives from its name', async () => {
    const dir = temporaryDirectory();
    const one = await start({ dir, secret: 'a secret of sixteen bytes' });
    const first = await ask(one.client, 'SESSION.NEW', 'menu', 'SHARED', 'DATA', 'k', 'v');
    await pumped(one.clock, ask(one.client, 'SESSION.SAVE', 's'));
    const other = await start({ dir, secret: 'another secret of them' });
    await pumped(other.clock, ask(other.client, 'SESSION.LOAD', 's'));
    const second = await ask(other.client, 'SESSION.OPEN', 'menu');
    expect(second).not.toBe(first);
    expect(await ask(other.client, 'SESSION.GET', second as string, 'k')).toBe('v');
    expect(await pumped(other.clock, ask(other.client, 'SESSION.LOAD', 's'))).toMatchObject({ skipped: '1' });
  });

  it('publish events, and keep large sessions', async () => {
    const { clock, client, server } = await start();
    const large = 'x'.repeat(700_000);
    const token = (await ask(client, 'SESSION.NEW', 'big', 'DATA', 'a', large, 'b', large, 'c', '1')) as string;
    await pumped(clock, ask(client, 'SESSION.SAVE', 's'));
    await client.expect('FLUSHALL\r\n', '+OK\r\n');
    const listener = await connectTo(server);
    await listener.send('SUBSCRIBE __session__:new:big\r\n');
    await listener.takeUntil(':1\r\n');
    expect(await pumped(clock, ask(client, 'SESSION.LOAD', 's'))).toMatchObject({ sessions: '1', keys: '3' });
    expect(await listener.takeUntil(token)).toContain('__session__:new:big');
    expect(await ask(client, 'SESSION.GET', token, 'b')).toBe(large);
  });

  it.each(['', '.', '..', '../x', 'a/b', 'a b', '*', 'é', 'a\n', 'x'.repeat(201), 'x'.repeat(300)])(
    'refuse the name %j, and touch nothing',
    async (name) => {
      const { dir, client } = await start();
      const refusal = '-ERR the name of a data set must be 1 to 200 letters, digits, ".", "_" and "-"';
      expect(await ask(client, 'SESSION.SAVE', name)).toBe(refusal);
      expect(await ask(client, 'SESSION.LOAD', name)).toBe(refusal);
      expect(readdirSync(dir)).toEqual([]);
    },
  );

  it('refuse a token as a name, because names are logged', async () => {
    const { dir, client, log } = await start();
    const token = (await ask(client, 'SESSION.NEW', 'a')) as string;
    expect(await ask(client, 'SESSION.SAVE', token)).toBe('-ERR the name of a data set must not look like a token');
    expect([readdirSync(dir), log.lines.join()]).toEqual([[], expect.not.stringContaining(token)]);
  });

  it('require the complete name', async () => {
    const { clock, client } = await start();
    const longest = 'x'.repeat(200);
    for (const name of ['a', 'a.b', 'a.001893456000000-000000', '...', longest]) {
      await ask(client, 'SESSION.NEW', name);
      expect(await pumped(clock, ask(client, 'SESSION.SAVE', name))).toMatchObject({ name });
    }
    await client.expect('FLUSHALL\r\n', '+OK\r\n');
    for (const [index, name] of ['a', 'a.b', 'a.001893456000000-000000', '...', longest].entries()) {
      expect(await pumped(clock, ask(client, 'SESSION.LOAD', name))).toMatchObject({
        sessions: '1',
        skipped: String(index),
      });
    }
    expect(await pumped(clock, ask(client, 'SESSION.LOAD', 'a.'))).toBe(
      '-NODATASET no such data set: SESSION.SAVE creates one',
    );
  });

  it('are for administrators, and not allowed in transactions', async () => {
    const { server } = await start({ users: 'writer read,write w' });
    const client = await connectTo(server);
    await client.expect('AUTH writer w\r\n', '+OK\r\n');
    for (const command of ['session.save', 'session.load']) {
      expect(await ask(client, command, 'x')).toBe(
        `-NOPERM User writer has no permissions to run the '${command}' command`,
      );
    }
    const { client: other } = await start();
    for (const request of [['SESSION.SAVE', 'x'], ['SESSION.LOAD', 'x'], ['SAVE']]) {
      expect(await ask(other, 'MULTI')).toBe('+OK');
      expect(await ask(other, ...request)).toBe('-ERR Command not allowed inside a transaction');
      expect(await ask(other, 'DISCARD')).toBe('+OK');
    }
  });

  it('appear in SLOWLOG without tokens', async () => {
    const { clock, client } = await start({ 'slowlog-log-slower-than': 0 });
    const token = (await ask(client, 'SESSION.NEW', 'a')) as string;
    await pumped(clock, ask(client, 'SESSION.SAVE', 's', token));
    await client.send('SLOWLOG GET 1\r\n');
    expect(await client.takeUntil('(redacted)')).toContain('SESSION.SAVE');
    await client.send('SLOWLOG GET 10\r\nPING\r\n');
    expect(await client.takeUntil('+PONG')).not.toContain(token);
  });
});

describe('SESSION.LOAD refuses completely', () => {
  const FILE = 'bad.001893456000000-000000';

  async function withFile(make: (path: string) => void) {
    const started = await start();
    mkdirSync(join(started.dir, 'saves'));
    const path = join(started.dir, 'saves', FILE);
    make(path);
    return { ...started, path };
  }

  it.each([
    ['of no bytes', ''],
    ['of another program', '\x7fELF\x02\x01\x01'],
    ['of text', 'root:*:19000:0:99999:7:::\n'],
  ])('a file %s', async (_, text) => {
    const { clock, client, path } = await withFile((file) => writeFileSync(file, text, 'latin1'));
    const reply = await pumped(clock, ask(client, 'SESSION.LOAD', 'bad'));
    expect(reply).toMatch(/^-ERR .* is damaged at byte 0: it does not start like a file of the journal; /);
    expect(reply).toContain(path);
    expect(reply).not.toContain('root');
  });

  it('a link, a directory and a pipe', async () => {
    for (const make of [
      (path: string) => symlinkSync('/etc/passwd', path),
      (path: string) => symlinkSync('nowhere', path),
      (path: string) => mkdirSync(path),
      (path: string) => execFileSync('mkfifo', [path]),
    ]) {
      const { clock, client, path } = await withFile(make);
      expect(await pumped(clock, ask(client, 'SESSION.LOAD', 'bad'))).toBe(`-ERR ${path} is not a file`);
    }
  });

  it('a data set with damage after good sessions: it creates none of them, and other data sets are not affected', async () => {
    const { dir, clock, client } = await start();
    await fill(client, 3000);
    await pumped(clock, ask(client, 'SESSION.SAVE', 'good'));
    await client.expect('FLUSHALL\r\n', '+OK\r\n');
    const bytes = readFileSync(join(dir, 'saves', filesIn(dir)[0]));
    for (const damaged of [bytes.subarray(0, -100), changed(bytes, bytes.length - 1000)]) {
      writeFileSync(join(dir, 'saves', FILE), damaged);
      const reply = await pumped(clock, ask(client, 'SESSION.LOAD', 'bad'));
      expect(reply).toMatch(/^-ERR \S+ is damaged at byte \d{6,}: .*; "respite check \S+" shows what can be kept/);
      expect(reply).not.toContain('loaded');
      expect(await ask(client, 'DBSIZE')).toBe('0');
    }
    expect(await pumped(clock, ask(client, 'SESSION.LOAD', 'good'))).toMatchObject({ sessions: '3000' });
  });

  it('a file of the journal, which is not a data set', async () => {
    const { dir, clock, client } = await start({ appendonly: true, appendfsync: 'no' });
    await ask(client, 'SESSION.NEW', 'a');
    mkdirSync(join(dir, 'saves'));
    writeFileSync(join(dir, 'saves', FILE), readFileSync(join(dir, 'journal', 'increment.1')));
    expect(await pumped(clock, ask(client, 'SESSION.LOAD', 'bad'))).toContain('the end of the file is missing');
  });
});

describe('during a save', () => {
  it('others are served, and nothing else is saved', async () => {
    const disk = new HeldDisk();
    const { clock, client, server } = await start();
    const other = await connectTo(server);
    await ask(client, 'SESSION.NEW', 'a');
    disk.holdSyncs();
    await beginSave(client, 'SESSION.SAVE', 's');
    const already = '-ERR Background save already in progress';
    for (const request of [
      ['SESSION.SAVE', 'x'],
      ['SESSION.SAVE', 's'],
      ['SAVE'],
      ['BGSAVE'],
      ['BGSAVE', 'SCHEDULE'],
    ]) {
      expect(await ask(other, ...request)).toBe(already);
    }
    expect(await ask(other, 'SESSION.NEW', 'b')).toHaveLength(22);
    expect(await info(other)).toMatchObject({ rdb_bgsave_in_progress: '1', rdb_current_bgsave_time_sec: '0' });
    disk.release();
    expect(await pumped(clock, replyTo(client))).toMatchObject({ name: 's' });
    expect(await info(other)).toMatchObject({ rdb_bgsave_in_progress: '0', rdb_current_bgsave_time_sec: '-1' });
    expect(await pumped(clock, ask(other, 'SAVE'))).toBe('+OK');
  });

  it('sessions may end: those not written yet are omitted', async () => {
    const { clock, client, server } = await start();
    const other = await connectTo(server);
    await fill(client, 100);
    // Each clock reading ends a slice.
    clock.msPerLook = 2;
    await beginSave(client, 'SESSION.SAVE', 's');
    await other.expect('FLUSHALL\r\n', '+OK\r\n');
    const saved = (await pumped(clock, replyTo(client))) as Record<string, string>;
    expect(Number(saved.sessions)).toBeLessThan(100);
    expect(await pumped(clock, ask(client, 'SESSION.LOAD', 's'))).toMatchObject({ sessions: saved.sessions });
  });

  it('sessions given by their tokens may end', async () => {
    const { clock, client, server } = await start();
    const other = await connectTo(server);
    const tokens = await fill(client, 5);
    clock.msPerLook = 2;
    await beginSave(client, 'SESSION.SAVE', 's', ...tokens);
    await other.expect('FLUSHALL\r\n', '+OK\r\n');
    const saved = (await pumped(clock, replyTo(client))) as Record<string, string>;
    expect(Number(saved.sessions)).toBeLessThan(5);
  });

  it('the client may leave: the save continues', async () => {
    const { dir, clock, client, server } = await start();
    const other = await connectTo(server);
    await ask(client, 'SESSION.NEW', 'a');
    await beginSave(client, 'SAVE');
    client.close();
    while ((await info(other)).rdb_saves === '0') clock.step();
    expect(filesIn(dir)).toHaveLength(1);
  });

  it('the server may stop: nothing is left of the data set', async () => {
    const { dir, clock, client, server, log } = await start();
    await ask(client, 'SESSION.NEW', 'a');
    await beginSave(client, 'SESSION.SAVE', 's');
    await pumped(clock, server.close());
    expect(await client.takeAll()).toBe('-ERR could not save s: the server is stopping\r\n');
    expect(filesIn(dir)).toEqual([]);
    expect(log.lines).toContain('could not save s: the server is stopping');
  });
});

describe('during a load', () => {
  const COUNT = 50;

  async function saved(config: Partial<Config> = {}) {
    const started = await start(config);
    await fill(started.client, COUNT);
    await pumped(started.clock, ask(started.client, 'SESSION.SAVE', 's'));
    await started.client.expect('FLUSHALL\r\n', '+OK\r\n');
    started.clock.msPerLook = 2;
    return started;
  }

  /** Starts a load and lets it run until some sessions exist. */
  async function beginLoad(clock: FakeClock, client: RawClient, server: Server): Promise<void> {
    await beginSave(client, 'SESSION.LOAD', 's');
    while (server.engine.size < 3) {
      clock.step();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.engine.size).toBeLessThan(COUNT);
  }

  it('others are served, even if they end sessions, load the same data set or save', async () => {
    const { clock, client, server } = await saved();
    const other = await connectTo(server);
    await beginLoad(clock, client, server);
    const there = Number(await ask(other, 'DBSIZE'));
    await other.expect('FLUSHALL\r\n', '+OK\r\n');
    const second = await connectTo(server);
    const loading = ask(second, 'SESSION.LOAD', 's');
    expect(await pumped(clock, ask(other, 'SESSION.SAVE', 'meanwhile'))).toMatchObject({ name: 'meanwhile' });
    expect(await pumped(clock, replyTo(client))).toMatchObject({ name: 's' });
    expect(await pumped(clock, loading)).toMatchObject({ name: 's' });
    expect(there).toBeGreaterThan(0);
    expect(server.engine.size).toBe(COUNT);
  });

  it('the server may stop', async () => {
    const { clock, client, server } = await saved();
    await beginLoad(clock, client, server);
    await pumped(clock, server.close());
    expect(await client.takeAll()).toMatch(
      /^-ERR the server is stopping; \d+ sessions loaded before that, 0 skipped\r\n$/,
    );
  });

  it("the journal's disk may fail: the reply says what was loaded", async () => {
    const { clock, client, server } = await saved({ appendonly: true });
    await beginLoad(clock, client, server);
    const other = await connectTo(server);
    await whileFull(async () => {
      // Far enough for something to be written, but not to the end of the load.
      while ((await info(other)).aof_last_write_status === 'ok') if (server.engine.size < COUNT / 2) clock.step();
      expect(await pumped(clock, replyTo(client))).toMatch(
        /^-MISCONF Errors writing to the AOF file: EFBIG.*; \d+ sessions loaded before that, 0 skipped$/,
      );
    });
  });

  it('memory may run out: the reply says what was loaded', async () => {
    const { clock, client, server } = await saved();
    await beginLoad(clock, client, server);
    const other = await connectTo(server);
    await other.expect('CONFIG SET maxmemory 1mb\r\n', '+OK\r\n');
    expect(await pumped(clock, replyTo(client))).toMatch(
      /^-OOM command not allowed when used memory > 'maxmemory'; \d+ sessions loaded before that, 0 skipped$/,
    );
    expect(await ask(client, 'SESSION.LOAD', 's')).toBe("-OOM command not allowed when used memory > 'maxmemory'.");
  });
});

describe('the disk', () => {
  it('may be unusable: the reply says why', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const { client, log } = await start({ dir: file });
    expect(await ask(client, 'SESSION.SAVE', 's')).toBe(
      `-ERR could not save s: cannot use the directory ${file}/saves: ENOTDIR: not a directory`,
    );
    expect(await ask(client, 'SESSION.LOAD', 's')).toBe(`-ERR cannot read ${file}/saves: ENOTDIR: not a directory`);
    await client.expect('BGSAVE\r\n', '+Background saving started\r\n');
    expect(await info(client)).toMatchObject({ rdb_last_bgsave_status: 'err', rdb_saves: '0' });
    expect(log.lines.at(-1)).toBe(
      `could not save dump: cannot use the directory ${file}/saves: ENOTDIR: not a directory`,
    );
    expect(await ask(client, 'SHUTDOWN', 'SAVE')).toBe('-ERR Errors trying to SHUTDOWN. Check logs.');
    expect(await ask(client, 'PING')).toBe('+PONG');
    await client.send('SHUTDOWN SAVE FORCE\r\n');
    expect(await client.takeAll()).toBe('');
  });

  it('may be full: no partial file is left', async () => {
    const { dir, clock, client } = await start();
    await fill(client, 3000);
    await pumped(clock, ask(client, 'SAVE'));
    const files = filesIn(dir);
    const failing = await whileFull(() => pumped(clock, ask(client, 'SESSION.SAVE', 's')));
    expect(failing).toBe(`-ERR could not save s: cannot write to ${dir}/saves: EFBIG: file too large`);
    expect(filesIn(dir)).toEqual(files);
    expect(await pumped(clock, ask(client, 'SESSION.SAVE', 's'))).toMatchObject({ sessions: '3000' });
  });

  it('is used by one server at a time', async () => {
    const dir = temporaryDirectory();
    const one = await start({ dir });
    const two = await start({ dir });
    await ask(one.client, 'SESSION.NEW', 'a');
    await beginSave(one.client, 'SAVE');
    expect(await ask(two.client, 'SESSION.SAVE', 's')).toBe(
      `-ERR could not save s: another respite (pid ${process.pid}) is using the directory ${dir}/saves`,
    );
    expect(await pumped(one.clock, replyTo(one.client))).toBe('+OK');
    expect(await pumped(two.clock, ask(two.client, 'SESSION.LOAD', 'dump'))).toMatchObject({ sessions: '1' });
  });
});

describe("Redis' commands", () => {
  it('BGSAVE saves all sessions as dump, LASTSAVE returns the time', async () => {
    const { dir, clock, client } = await start();
    const started = Math.floor(clock.wall() / 1000);
    clock.advance(5000);
    expect(await ask(client, 'LASTSAVE')).toBe(String(started));
    await ask(client, 'SESSION.NEW', 'a');
    expect(await info(client)).toMatchObject({
      rdb_changes_since_last_save: '1',
      rdb_last_save_time: String(started),
      rdb_last_bgsave_status: 'ok',
      rdb_last_bgsave_time_sec: '-1',
    });
    await client.expect('BGSAVE SCHEDULE\r\n', '+Background saving started\r\n');
    while ((await info(client)).rdb_saves === '0') clock.step();
    expect(await ask(client, 'LASTSAVE')).toBe(String(started + 5));
    expect(await info(client)).toMatchObject({ rdb_changes_since_last_save: '0', rdb_last_bgsave_time_sec: '0' });
    expect(filesIn(dir)).toEqual([expect.stringMatching(/^dump\./)]);
    expect(await ask(client, 'BGSAVE', 'NOW')).toBe('-ERR syntax error');
    expect(await ask(client, 'BGSAVE', 'SCHEDULE', 'x')).toBe('-ERR syntax error');
  });

  it('BGREWRITEAOF compacts the journal, one compaction at a time', async () => {
    const { clock, client } = await start({ appendonly: true });
    await ask(client, 'SESSION.NEW', 'a', 'DATA', 'k', 'v'.repeat(500));
    await client.expect('SESSION.ENDALL\r\n', ':1\r\n');
    const before = Number((await info(client)).aof_current_size);
    await client.expect('BGREWRITEAOF\r\n', '+Background append only file rewriting started\r\n');
    await client.expect('BGREWRITEAOF\r\n', '-ERR Background append only file rewriting already in progress\r\n');
    expect(await info(client)).toMatchObject({ aof_enabled: '1', aof_rewrite_in_progress: '1' });
    let after = await info(client);
    for (; after.aof_rewrite_in_progress === '1' || after.aof_pending_bio_fsync === '1'; after = await info(client))
      clock.step();
    expect(Number(after.aof_current_size)).toBeLessThan(before);
    expect(after).toMatchObject({
      aof_last_bgrewrite_status: 'ok',
      aof_last_write_status: 'ok',
      aof_last_rewrite_time_sec: '0',
      aof_pending_bio_fsync: '0',
    });
    expect(Number(after.aof_base_size)).toBeGreaterThan(0);
  });

  it('BGREWRITEAOF without a journal says that there is none', async () => {
    const { client } = await start();
    expect(await ask(client, 'BGREWRITEAOF')).toBe(
      '-ERR there is no journal to compact, because the option appendonly is no',
    );
    expect(await info(client)).toMatchObject({ aof_enabled: '0' });
  });

  it('CONFIG GET appendonly returns the actual value, once', async () => {
    const { client } = await start({ appendonly: true });
    await client.expect('CONFIG GET appendonly\r\n', '*2\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n');
    expect(await ask(client, 'CONFIG', 'SET', 'appendonly', 'no')).toContain(
      "can't set immutable config: this option can be set only when the server starts",
    );
  });

  it('SHUTDOWN SAVE without a journal saves dump, after a save that is in progress', async () => {
    const { dir, clock, client, server } = await start();
    const other = await connectTo(server);
    await ask(client, 'SESSION.NEW', 'a');
    await beginSave(client, 'SESSION.SAVE', 's');
    await other.send('SHUTDOWN SAVE\r\n');
    expect(await pumped(clock, other.takeAll())).toBe('');
    await server.closed;
    expect(filesIn(dir).map((file) => file.split('.')[0])).toEqual(['dump', 's']);
  });

  it('SHUTDOWN and SHUTDOWN NOSAVE write nothing', async () => {
    for (const request of ['SHUTDOWN\r\n', 'SHUTDOWN NOSAVE\r\n']) {
      const { dir, client } = await start();
      await ask(client, 'SESSION.NEW', 'a');
      await client.send(request);
      expect(await client.takeAll()).toBe('');
      expect(readdirSync(dir)).toEqual([]);
    }
  });
});

describe('with a journal', () => {
  it('loaded sessions exist after a restart', async () => {
    const { dir, clock, client, server } = await start({ appendonly: true });
    const token = (await ask(client, 'SESSION.NEW', 'a', 'DATA', 'k', 'v')) as string;
    await ask(client, 'SESSION.NEW', 'b', '1');
    await pumped(clock, ask(client, 'SESSION.SAVE', 's'));
    await client.expect('FLUSHALL\r\n', '+OK\r\n');
    expect(await pumped(clock, ask(client, 'SESSION.LOAD', 's'))).toMatchObject({ sessions: '2' });
    await pumped(clock, server.close());
    const later = new FakeClock();
    later.setWall(clock.wall() + 5000);
    const again = await startServer({ dir, appendonly: true }, { clock: later });
    const reader = await connectTo(again);
    expect(await ask(reader, 'SESSION.GET', token, 'k')).toBe('v');
    expect(await info(reader)).toMatchObject({ rdb_changes_since_last_save: '0', sessions_expired_while_down: '1' });
  });

  it.each(['always', 'everysec', 'no'] as const)(
    'and appendfsync %s, SHUTDOWN SAVE stops only when all is durable',
    async (appendfsync) => {
      const { dir, clock, client, server, log } = await start({ appendonly: true, appendfsync });
      const other = await connectTo(server);
      await pumped(clock, ask(client, 'SESSION.NEW', 'a'));
      await whileFull(async () => {
        // With `always` its reply waits for the disk.
        await other.send(frame('SESSION.NEW', 'b'));
        while (server.engine.size < 2) await pumped(clock, ask(client, 'PING'));
        expect(await pumped(clock, ask(client, 'SHUTDOWN', 'SAVE'))).toBe(
          '-ERR Errors trying to SHUTDOWN. Check logs.',
        );
        expect(await info(client)).toMatchObject({ aof_last_write_status: 'err' });
        const refusal = /^-MISCONF Errors writing to the AOF file: EFBIG/;
        expect(await ask(client, 'SESSION.LOAD', 's')).toMatch(refusal);
        expect(await ask(client, 'BGREWRITEAOF')).toMatch(refusal);
        expect(await ask(client, 'SHUTDOWN', 'SAVE')).toBe('-ERR Errors trying to SHUTDOWN. Check logs.');
      });
      expect(log.lines.join('\n')).toMatch(/the journal in .* cannot be written/);
      while ((await info(client)).aof_last_write_status === 'err') clock.advance(100);
      await client.send('SESSION.NEW c\r\nSHUTDOWN SAVE\r\n');
      await pumped(clock, server.closed);
      const again = await startServer({ dir, appendonly: true });
      expect(again.engine.size).toBe(3);
    },
  );
});

/** Creates sessions. Returns their tokens. */
async function fill(client: RawClient, count: number): Promise<string[]> {
  const requests = Array.from({ length: count }, (_, n) =>
    frame('SESSION.NEW', `n${n}`, 'DATA', 'key', 'v'.repeat(200)),
  );
  await client.send(Buffer.concat(requests));
  const replies = await client.take(count * '$22\r\n'.length + count * 24);
  return replies.split('\r\n').filter((line) => line.length === 22);
}

/** Returns the same bytes, except one. */
function changed(bytes: Buffer, at: number): Buffer {
  const other = Buffer.from(bytes);
  other[at] ^= 1;
  return other;
}

/** Runs an action while this process cannot write files beyond a few bytes. */
async function whileFull<Result>(action: () => Promise<Result>): Promise<Result> {
  const limit = (bytes: string) => execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}`]);
  limit('100:unlimited');
  try {
    return await action();
  } finally {
    limit('unlimited:unlimited');
  }
}
