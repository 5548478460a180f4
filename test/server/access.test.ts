import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/table.js';
import { ConfigError, createServer } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame } from '../raw-client.js';

const directory = mkdtempSync(join(tmpdir(), 'respite-access-'));
afterEach(stopServers);
afterAll(() => rmSync(directory, { recursive: true }));

const WRONG = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
const NOAUTH = '-NOAUTH Authentication required.\r\n';
const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';

describe('a password', () => {
  it('can be changed while the server runs, and connected clients stay authenticated', async () => {
    const server = await startServer({ requirepass: 'old' });
    const client = await connectTo(server);
    await client.expect('CONFIG SET requirepass new\r\n', NOAUTH);
    await client.expect('AUTH old\r\nCONFIG SET requirepass new\r\nPING\r\n', '+OK\r\n+OK\r\n+PONG\r\n');
    const other = await connectTo(server);
    await other.expect('AUTH old\r\nAUTH new\r\n', `${WRONG}+OK\r\n`);
    expect(await other.bulk('INFO', 'stats')).toContain('acl_access_denied_auth:1\r\n');
    await other.expect('RESET\r\nPING\r\n', `+RESET\r\n${NOAUTH}`);
  });

  it('ends the connection after ten wrong attempts, which the log reports without the passwords', async () => {
    const log = keepLog();
    const server = await startServer({ requirepass: 'secret' }, { log, clock: new FakeClock() });
    const [client, bystander] = [await connectTo(server), await connectTo(server)];
    await bystander.expect('AUTH secret\r\n', '+OK\r\n');
    await client.send('AUTH guess-1\r\nHELLO 3 AUTH default guess-2\r\n'.repeat(10));
    expect(await client.takeAll()).toBe(WRONG.repeat(10));
    await bystander.expect('PING\r\n', '+PONG\r\n');
    await server.close();
    expect(log.lines).toEqual([
      'an attempt to authenticate from this machine failed',
      'failed attempts to authenticate from this machine are over: 10 attempts within a second',
    ]);
  });
});

describe('named users', () => {
  const digest = createHash('sha256').update('hunter2').digest('hex');
  const users = `reader read r; writer write w; both read,write #${digest}; listener events e; boss admin a`;

  async function as(name: string, password: string) {
    const server = await startServer({ users });
    const client = await connectTo(server);
    await client.expect(frame('AUTH', name, password), '+OK\r\n');
    return client;
  }

  it('must authenticate: there is no access without a name', async () => {
    const server = await startServer({ users });
    const client = await connectTo(server);
    await client.expect(
      'PING\r\nAUTH r\r\n',
      `${NOAUTH}-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n`,
    );
    for (const [name, password] of [
      ['reader', 'w'],
      ['nobody', 'r'],
      ['default', ''],
      ['default', 'r'],
      ['both', digest],
      ['both', `#${digest}`],
    ]) {
      await client.expect(frame('AUTH', name, password), WRONG);
    }
    await client.expect('AUTH both hunter2\r\n', '+OK\r\n');
    expect(await client.bulk('CLIENT', 'INFO')).toContain(' user=both ');
  });

  it('may run the commands that their permissions allow, according to the flags of each command', async () => {
    const allowed: Record<string, readonly string[]> = {
      reader: ['session.get', 'dbsize'],
      writer: ['session.set', 'session.new'],
      listener: ['subscribe', 'publish'],
      boss: [
        'session.scan',
        'session.tokens',
        'session.endall',
        'scan',
        'monitor',
        'flushall',
        'shutdown',
        'config|get',
        'client|kill',
      ],
    };
    const examples: Record<string, string> = {
      'session.get': `SESSION.GET ${TOKEN} k`,
      dbsize: 'DBSIZE',
      'session.set': `SESSION.SET ${TOKEN} k v`,
      'session.new': 'SESSION.NEW x',
      subscribe: 'SUBSCRIBE a',
      publish: 'PUBLISH a b',
      'session.scan': 'SESSION.SCAN 0',
      'session.tokens': 'SESSION.TOKENS x',
      'session.endall': 'SESSION.ENDALL',
      scan: 'SCAN 0',
      monitor: 'MONITOR',
      flushall: 'FLUSHALL',
      shutdown: 'SHUTDOWN ABORT',
      'config|get': 'CONFIG GET port',
      'client|kill': 'CLIENT KILL ID 99',
    };
    const passwords: Record<string, string> = { reader: 'r', writer: 'w', listener: 'e', boss: 'a' };
    for (const [name, mine] of Object.entries(allowed)) {
      for (const [command, example] of Object.entries(examples)) {
        const client = await as(name, passwords[name]);
        await client.send(`${example}\r\n`);
        const reply = await client.takeUntil('\r\n');
        const refusal = `-NOPERM User ${name} has no permissions to run the '${command}' command\r\n`;
        if (mine.includes(command)) expect(reply, `${name} ${command}`).not.toContain('NOPERM');
        else expect(reply, name).toBe(refusal);
      }
      const client = await as(name, passwords[name]);
      await client.expect('PING\r\n', '+PONG\r\n');
    }
  });

  it('only administrators may run commands that list tokens', () => {
    for (const name of [
      'session.endall',
      'session.scan',
      'session.tokens',
      'scan',
      'monitor',
      'flushall',
      'flushdb',
      'shutdown',
    ]) {
      expect(commands.find((command) => command.name === name)?.flags, name).toContain('admin');
    }
  });

  it('cannot queue a command in a transaction that they may not run', async () => {
    const client = await as('reader', 'r');
    await client.expect('MULTI\r\n', '+OK\r\n');
    await client.expect(
      'SESSION.NEW x\r\n',
      "-NOPERM User reader has no permissions to run the 'session.new' command\r\n",
    );
    await client.expect('EXEC\r\n', '-EXECABORT Transaction discarded because of previous errors.\r\n');
    expect(await client.bulk('INFO', 'stats')).toContain('acl_access_denied_cmd:1\r\n');
  });

  it('can be combined with a password for the user default', async () => {
    const server = await startServer({ users, requirepass: 'secret' });
    const client = await connectTo(server);
    await client.expect('AUTH secret\r\nFLUSHALL\r\nAUTH reader r\r\n', '+OK\r\n+OK\r\n+OK\r\n');
    await client.expect('FLUSHALL\r\n', "-NOPERM User reader has no permissions to run the 'flushall' command\r\n");
    await client.expect('HELLO 2 AUTH default secret SETNAME me\r\n', '*14\r\n');
    await client.takeUntil('modules\r\n*0\r\n');
    for (const option of ['FOO', 'AUTH a', 'SETNAME']) {
      const [word] = option.split(' ');
      await client.expect(`HELLO 3 ${option}\r\n`, `-ERR Syntax error in HELLO option '${word}'\r\n`);
    }
  });

  it('may not be empty if the option is set', () => {
    const file = join(directory, 'nobody');
    writeFileSync(file, '# none yet\n\n');
    expect(() => createServer({ 'users-file': file })).toThrow(
      new ConfigError(`users-file ${file}: there is no user in it`),
    );
    expect(() => createServer({ users: ' ; ' })).toThrow(new ConfigError('users: there is no user in it'));
  });

  it('can be read from a file', async () => {
    const file = join(directory, 'users');
    writeFileSync(file, '# our shop\nshop  read,write  pässword\n\n');
    const server = await startServer({ 'users-file': file });
    const client = await connectTo(server);
    await client.expect(frame('AUTH', 'shop', 'pässword'), '+OK\r\n');
  });

  it.each([
    [
      'shop',
      'users, user 1: expected a name, permissions and a password, separated by spaces, such as: shop read,write s3cret',
    ],
    [
      'a read x; shop reed secret',
      'users, user 2: the second word must be permissions joined by ",": any of read, write, events, admin, monitor',
    ],
    [
      'shop read #secret',
      'users, user 1: "#" must be followed by the SHA-256 of the password, 64 hexadecimal digits; a password itself cannot start with "#"',
    ],
    ['a read secret; a read secret', 'users, user 2: this user name is already taken'],
    [
      'default read secret',
      'users, user 1: the user "default" cannot be set here; its password is the option requirepass',
    ],
  ])('are refused as %j, in an error without the password', (line, message) => {
    const make = () => createServer({ users: line });
    expect(make).toThrow(new ConfigError(message));
    expect(message).not.toContain('secret');
  });

  it('are refused with the line number of the file', () => {
    const file = join(directory, 'wrong-users');
    writeFileSync(file, '# our shop\n\nshop read,write secret\nshop secret\n');
    expect(() => createServer({ 'users-file': file })).toThrow(/^users-file \/.*wrong-users, line 4: expected a name/);
  });

  it('keep their passwords out of CONFIG GET', async () => {
    const client = await as('boss', 'a');
    await client.send('CONFIG GET *\r\n');
    const all = await client.takeUntil('slowlog-max-len\r\n$3\r\n128\r\n');
    expect(all).toContain('users-file');
    expect(all).not.toMatch(/\$5\r\nusers\r\n|requirepass\r\n|\$6\r\nsecret\r\n/);
  });
});
