import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Config, ConfigError, type ReloadReport, type Server } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { LiveReader } from '../http/live/live-reader.js';
import { frame, RawClient } from '../raw-client.js';
import { hasOpenssl, writeCertificate } from '../tools/certificate.js';

const directory = mkdtempSync(join(tmpdir(), 'respite-reload-'));
afterEach(stopServers);
afterAll(() => rmSync(directory, { recursive: true }));

const path = (name: string) => join(directory, name);
const write = (name: string, text: string) => writeFileSync(path(name), text);
const NOTHING: ReloadReport = { changed: [], restart: [], kept: [], disconnected: 0 };

/** Starts a server whose options can be given again. */
async function start(given: Partial<Config>) {
  const log = keepLog();
  let now = given;
  const server = await startServer(given, {
    log,
    source: { read: () => ({ bind: '127.0.0.1', port: 0, ...now }) },
  });
  return {
    server,
    log,
    /** Gives other options and reloads. */
    reload(next: Partial<Config> = now): ReloadReport {
      now = next;
      return server.reload();
    },
  };
}

async function as(server: Server, name: string, password: string): Promise<RawClient> {
  const client = await connectTo(server);
  await client.expect(frame('AUTH', name, password), '+OK\r\n');
  return client;
}

const denied = (user: string, command: string) =>
  `-NOPERM User ${user} has no permissions to run the '${command}' command\r\n`;

describe('a reload', () => {
  it('applies what has changed, and says what needs a restart', async () => {
    const { server, log, reload } = await start({ maxmemory: 2 ** 30, timeout: 5, dir: 'a' });
    expect(reload()).toEqual(NOTHING);
    expect(reload({ maxmemory: 2 ** 31, dir: 'b' })).toEqual({
      ...NOTHING,
      changed: ['timeout', 'maxmemory'],
      restart: ['dir'],
    });
    const client = await connectTo(server);
    await client.expect(frame('CONFIG', 'GET', 'maxmemory'), '*2\r\n$9\r\nmaxmemory\r\n$10\r\n2147483648\r\n');
    await client.expect(frame('CONFIG', 'GET', 'dir'), '*2\r\n$3\r\ndir\r\n$1\r\na\r\n');
    // As long as it is not restarted, each reload says so again.
    expect(reload()).toEqual({ ...NOTHING, restart: ['dir'] });
    expect(reload({ maxmemory: 2 ** 31, dir: 'a' })).toEqual(NOTHING);
    expect(log.lines).toEqual([
      'reloaded: nothing has changed',
      'reloaded: changed timeout (5, now 0), maxmemory (1gb, now 2gb)',
      'changed, but needs a restart: dir',
      'reloaded: nothing has changed',
      'changed, but needs a restart: dir',
      'reloaded: nothing has changed',
    ]);
  });

  it('keeps what CONFIG SET has changed, until the option is given another value', async () => {
    const { server, log, reload } = await start({ maxclients: 100, timeout: 10 });
    const client = await connectTo(server);
    await client.expect(
      'CONFIG SET maxclients 50 hz 10\r\n',
      "-ERR Unknown option or number of arguments for CONFIG SET - 'hz'\r\n",
    );
    await client.expect('CONFIG SET maxclients 50\r\n', '+OK\r\n');
    expect(reload({ maxclients: 100, timeout: 20 })).toEqual({
      ...NOTHING,
      changed: ['timeout'],
      kept: ['maxclients'],
    });
    await client.expect('CONFIG GET maxclients\r\n', '*2\r\n$10\r\nmaxclients\r\n$2\r\n50\r\n');
    expect(log.lines).toContain('kept the values that CONFIG SET gave to: maxclients');
    expect(reload({ maxclients: 200, timeout: 20 })).toEqual({ ...NOTHING, changed: ['maxclients'] });
    await client.expect('CONFIG GET maxclients\r\n', '*2\r\n$10\r\nmaxclients\r\n$3\r\n200\r\n');
  });

  it('changes nothing if anything is wrong', async () => {
    write('users', 'shop read,write old\n');
    write('password', 'old\n');
    const given = { 'users-file': path('users'), 'requirepass-file': path('password'), timeout: 5 };
    const { server, log, reload } = await start(given);
    const client = await as(server, 'shop', 'old');
    write('password', 'new\n');
    const mistakes: [() => Partial<Config>, RegExp][] = [
      [() => ({ ...given, timeout: -1 }), /^option timeout: expected/],
      [() => ({ ...given, 'tls-cert': 'x' }), /^tls-cert needs tls-key/],
      [() => ({ ...given, secret: 'short' }), /^secret: the secret must have/],
      [() => ({ ...given, requirepass: 'x' }), /^requirepass and requirepass-file cannot be combined/],
      [() => ({ ...given, 'requirepass-file': path('missing') }), /^requirepass-file: cannot read .*ENOENT/],
      [() => ({ ...given, 'users-file': path('missing') }), /^users-file: cannot read .*ENOENT/],
      [
        () => {
          write('users', 'shop nothing new\n');
          return { ...given, timeout: 6 };
        },
        /^users-file .*, line 1: the second word must be permissions/,
      ],
    ];
    for (const [next, reason] of mistakes) {
      expect(() => reload(next())).toThrow(ConfigError);
      expect(() => reload()).toThrow(reason);
    }
    expect(log.lines).toHaveLength(2 * mistakes.length);
    expect(log.lines.every((line) => line.startsWith('cannot reload, so nothing has changed: '))).toBe(true);
    const admin = await as(server, 'default', 'old');
    await admin.expect('CONFIG GET timeout\r\n', '*2\r\n$7\r\ntimeout\r\n$1\r\n5\r\n');
    await as(server, 'shop', 'old');
    await client.expect('GET y\r\n', '$-1\r\n');
  });

  it('fails through CONFIG RELOAD with the reason, and otherwise replies with what was done', async () => {
    let given: Partial<Config> = {};
    const server = await startServer({}, { source: { read: () => ({ bind: '127.0.0.1', port: 0, ...given }) } });
    const client = await connectTo(server);
    given = { timeout: 7, maxclients: 9 };
    await client.send('CONFIG SET maxmemory 1gb\r\nCONFIG RELOAD\r\n');
    expect([await client.reply(), await client.reply()]).toEqual([
      expect.anything(),
      ['changed', ['maxclients', 'timeout'], 'restart', [], 'kept', ['maxmemory'], 'disconnected', 0],
    ]);
    given = { timeout: -7 };
    await client.expect(
      'CONFIG RELOAD\r\n',
      '-ERR CONFIG RELOAD failed, so nothing has changed: option timeout: expected a whole number from 0 to 2147483647, but it is -7\r\n',
    );
  });
});

describe('users', () => {
  const users = (...lines: string[]) => ({ users: lines.join(';') });

  it('keep their connections, and get their new permissions at once', async () => {
    const { server, log, reload } = await start(users('shop read,write a', 'ops admin b'));
    const [shop, ops] = [await as(server, 'shop', 'a'), await as(server, 'ops', 'b')];
    await shop.expect('MULTI\r\nSET y 1\r\n', '+OK\r\n+QUEUED\r\n');
    expect(reload(users('shop read a', 'ops read,admin new'))).toEqual({ ...NOTHING, changed: ['users'] });
    await shop.expect(
      'EXEC\r\n',
      `-EXECABORT Transaction discarded because of: NOPERM User shop has no permissions to run the 'set' command\r\n`,
    );
    await shop.expect('SET y 1\r\nGET y\r\n', `${denied('shop', 'set')}$-1\r\n`);
    await ops.expect('GET y\r\n', '$-1\r\n');
    // The new password counts for whoever connects now.
    const other = await connectTo(server);
    await other.expect(
      'AUTH ops b\r\nAUTH ops new\r\n',
      '-WRONGPASS invalid username-password pair or user is disabled.\r\n+OK\r\n',
    );
    expect(log.lines[0]).toBe('reloaded: changed users');
  });

  it('that no longer exist are disconnected, and so are subscribers and monitors who may no longer listen', async () => {
    const { server, log, reload } = await start(
      users(
        'gone read a',
        'stays read a',
        'listener read,events a',
        'quiet events a',
        'spy read,admin a',
        'ops admin a',
      ),
    );
    const names = ['gone', 'stays', 'listener', 'quiet', 'spy', 'ops'];
    const [gone, stays, listener, quiet, spy, ops] = await Promise.all(names.map((name) => as(server, name, 'a')));
    await listener.expect('SUBSCRIBE x\r\n', '*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n');
    await spy.expect('MONITOR\r\n', '+OK\r\n');
    const report = reload(users('stays read a', 'listener read a', 'quiet read a', 'spy read a', 'ops admin a'));
    expect(report).toEqual({ ...NOTHING, changed: ['users'], disconnected: 3 });
    await Promise.all([gone, listener, spy].map((client) => client.takeAll()));
    await stays.expect('GET y\r\n', '$-1\r\n');
    await quiet.expect('SUBSCRIBE x\r\n', denied('quiet', 'subscribe'));
    await ops.expect('ACL WHOAMI\r\n', '$3\r\nops\r\n');
    expect(log.lines).toContain(
      '3 clients disconnected: their users no longer exist, or may no longer receive what they have subscribed to',
    );
  });

  it('who watch the page have to log in again, and see nothing more until then', async () => {
    const { server, reload } = await start({ ...users('watcher monitor a', 'other read a'), 'http-port': 0 });
    const headers = { Authorization: `Basic ${Buffer.from('watcher:a').toString('base64')}` };
    const reader = await LiveReader.open(server, headers);
    await reader.next('snapshot');
    reload({ ...users('watcher monitor a', 'other read a'), 'http-port': 0, timeout: 5 });
    await reader.next('snapshot');
    reload({ ...users('other read a'), 'http-port': 0 });
    await reader.ended();
    expect((await LiveReader.open(server, headers)).status).toBe(401);
  });

  it('that end themselves with CONFIG RELOAD get its reply, and nothing after it', async () => {
    let given: Partial<Config> = users('ops admin,write a');
    const server = await startServer(given, { source: { read: () => ({ bind: '127.0.0.1', port: 0, ...given }) } });
    const ops = await as(server, 'ops', 'a');
    given = users('other admin a');
    await ops.send('CONFIG RELOAD\r\nSET x 1\r\n');
    expect(await ops.takeAll()).toMatch(
      // The second request may come too late to be read.
      /disconnected\r\n:1\r\n(?:-NOPERM User ops has no permissions to run the 'set' command\r\n)?$/,
    );
  });

  it('replace the user of clients that needed no password', async () => {
    const { server, reload } = await start({});
    const client = await connectTo(server);
    await client.expect('ACL WHOAMI\r\n', '$7\r\ndefault\r\n');
    expect(reload(users('ops admin a')).disconnected).toBe(1);
    expect(await client.takeAll()).toBe('');
    // With a password there is a user "default" again. As after CONFIG SET, its clients stay.
    const { server: second, reload: reloadSecond } = await start({});
    const other = await connectTo(second);
    expect(reloadSecond({ ...users('ops admin a'), requirepass: 'x' }).disconnected).toBe(0);
    await other.expect('ACL WHOAMI\r\n', '$7\r\ndefault\r\n');
  });
});

describe('a password in a file', () => {
  it('counts without its final line ending, is not shown, and changes with its file', async () => {
    write('requirepass', 'correct horse\r\n');
    const { server, log, reload } = await start({ 'requirepass-file': path('requirepass') });
    const client = await as(server, 'default', 'correct horse');
    await client.expect('CONFIG GET requirepass\r\n', '*0\r\n');
    await client.expect(
      'CONFIG SET requirepass x\r\n',
      "-ERR CONFIG SET failed (possibly related to argument 'requirepass') - the password is in requirepass-file: change that file, then use CONFIG RELOAD\r\n",
    );
    write('requirepass', 'battery');
    expect(reload()).toEqual({ ...NOTHING, changed: ['requirepass'] });
    await as(server, 'default', 'battery');
    await client.expect('PING\r\n', '+PONG\r\n');
    expect(log.lines).toEqual(['reloaded: changed requirepass']);
  });

  it.each([
    ['', 'there is no password in it'],
    ['\n', 'there is no password in it'],
    [Buffer.from([0x61, 0xff]), 'the password is not UTF-8 text'],
    ['x'.repeat(600), 'expected at most 512 characters'],
  ])('must not be %j', async (content, reason) => {
    writeFileSync(path('bad'), content);
    await expect(startServer({ 'requirepass-file': path('bad') })).rejects.toThrow(
      `requirepass-file ${path('bad')}: ${reason}`,
    );
  });

  it('cannot be combined with a password', async () => {
    await expect(startServer({ 'requirepass-file': path('bad'), requirepass: 'x' })).rejects.toThrow(
      /cannot be combined/,
    );
  });

  it('is not given up by a server that other machines can reach', async () => {
    const { reload } = await start({ bind: '0.0.0.0', requirepass: 'x' });
    expect(() => reload({ bind: '0.0.0.0' })).toThrow(/^cannot listen on 0.0.0.0: respite is in protected mode/);
    expect(reload({ bind: '0.0.0.0', 'protected-mode': false }).changed).toEqual(['protected-mode', 'requirepass']);
  });
});

it('a new secret needs a restart', async () => {
  write('secret', '0123456789abcdef');
  const { reload } = await start({ 'secret-file': path('secret') });
  write('secret', 'fedcba9876543210');
  expect(reload()).toEqual({ ...NOTHING, restart: ['secret-file'] });
  write('secret', 'short');
  expect(() => reload()).toThrow(/must have at least 16 bytes/);
});

describe.skipIf(!hasOpenssl)('a certificate', () => {
  const files = (name: string) => ({ 'tls-cert': path(`${name}/cert.pem`), 'tls-key': path(`${name}/key.pem`) });

  function make(folder: string, name: string): void {
    mkdirSync(path(folder), { recursive: true });
    writeCertificate(path(folder), name);
  }

  /** Connects, and returns the name in the server's certificate. */
  async function dial(server: Server) {
    const socket = connectTls({ host: '127.0.0.1', port: server.addresses[0].port, rejectUnauthorized: false });
    const client = await RawClient.over(socket, 'secureConnect');
    return { client, name: socket.getPeerCertificate().subject.CN };
  }

  it('is replaced by a reload, for new connections', async () => {
    make('tls', 'first');
    const { server, log, reload } = await start(files('tls'));
    const before = await dial(server);
    expect(before.name).toBe('first');
    make('tls', 'second');
    expect(reload()).toEqual({ ...NOTHING, changed: ['tls-cert'] });
    expect(reload()).toEqual(NOTHING);
    const after = await dial(server);
    expect(after.name).toBe('second');
    for (const { client } of [before, after]) await client.expect('PING\r\n', '+PONG\r\n');
    expect(log.lines[0]).toBe('reloaded: changed tls-cert');
    for (const { client } of [before, after]) client.close();
  });

  it('may move to other files, but TLS can be switched on and off only by a restart', async () => {
    make('tls', 'first');
    make('other', 'other');
    const { server, reload } = await start(files('tls'));
    expect(reload({})).toEqual({ ...NOTHING, restart: ['tls-cert', 'tls-key'] });
    expect(reload({ ...files('tls'), 'tls-ca': path('tls/cert.pem') })).toEqual({ ...NOTHING, restart: ['tls-ca'] });
    expect(reload(files('other')).changed).toEqual(['tls-cert', 'tls-key']);
    const { client, name } = await dial(server);
    expect(name).toBe('other');
    client.close();
    expect(() => reload({ ...files('other'), 'tls-key': path('tls/key.pem') })).toThrow(/is not the private key/);
  });
});
