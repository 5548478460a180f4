import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RawClient } from '../raw-client.js';
import { hasOpenssl, writeCertificate } from '../tools/certificate.js';
import { Program, refusalOf, runToEnd } from '../tools/program.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'respite-configuration-')));
afterAll(() => rmSync(root, { recursive: true }));

let directory = root;
let tests = 0;
beforeEach(() => {
  directory = join(root, String(tests++));
  mkdirSync(directory);
});
const path = (name: string) => join(directory, name);

function write(name: string, text: string): string {
  writeFileSync(path(name), text);
  return path(name);
}

/** Waits until the program has logged a line. */
const logged = (program: Program, line: string | RegExp) =>
  vi.waitFor(() => expect(program.log).toMatch(line), { timeout: 60_000, interval: 20 });

/** Returns the value of an option. */
const option = async (program: Program, name: string) => ((await program.client().config('GET', name)) as string[])[1];

describe('a configuration file', () => {
  it('comes after the command line and the environment, and before the defaults', async () => {
    const file = write('respite.conf', 'port 1\ntimeout 10\nmaxclients 10\nslowlog-max-len 10\n');
    const program = await Program.start([file, '--timeout', '30'], { RESPITE_TIMEOUT: '20', RESPITE_MAXCLIENTS: '20' });
    const names = ['timeout', 'maxclients', 'slowlog-max-len', 'tcp-backlog'];
    expect(await Promise.all(names.map((name) => option(program, name)))).toEqual(['30', '20', '10', '511']);
    await program.stop();
  });

  it('and the environment know the other name of an option, as the command line does', async () => {
    const file = write('respite.conf', 'log-level warning\n');
    const cases: [string[], Record<string, string>, string][] = [
      [[file], {}, `warning  ${file}:1`],
      [[file], { RESPITE_LOG_LEVEL: 'verbose' }, 'verbose  environment RESPITE_LOG_LEVEL'],
      [[], { RESPITE_LOG_LEVEL: 'verbose', RESPITE_LOGLEVEL: 'debug' }, 'debug    environment RESPITE_LOGLEVEL'],
      [['--log-level', 'debug'], { RESPITE_LOG_LEVEL: 'verbose' }, 'debug    command line'],
    ];
    for (const [args, environment, expected] of cases) {
      const { out, err } = await runToEnd(['--check-config', ...args], environment);
      expect(err).toBe('');
      const shown = /^loglevel +(.*)$/m.exec(out)?.[1].replace(/ +/, ' ');
      expect(shown).toBe(expected.replace(/ +/, ' '));
    }
    const { err } = await runToEnd(['--check-config'], { RESPITE_LOG_LEVEL: 'loud' });
    expect(err).toMatch(/^error: RESPITE_LOG_LEVEL=loud: expected /);
  });

  it('with mistakes is refused: one line for each', async () => {
    const file = write('respite.conf', 'prot 7000\ntimeout x\n');
    const wrong = await runToEnd([file, '--maxclients', '0'], { RESPITE_PORT: 'http' });
    expect(wrong).toEqual({
      code: 1,
      out: '',
      err: [
        'RESPITE_PORT=http: expected a whole number from 0 to 65535',
        '--maxclients 0: expected a whole number from 1 to 1000000',
        `${file}:1: respite has no option "prot"; did you mean "port"?`,
        `${file}:2: timeout x: expected a whole number from 0 to 2147483647`,
      ]
        .map((line) => `error: ${line}\n`)
        .sort((one, other) => Number(one.includes(file)) - Number(other.includes(file)))
        .join(''),
    });
  });
});

describe.skipIf(process.getuid?.() !== 0)('a configuration file that the user may not read', () => {
  it('is refused', async () => {
    const file = write('respite.conf', 'port 7000\n');
    chmodSync(file, 0o600);
    for (const folder of [root, directory]) chmodSync(folder, 0o755);
    expect(await runToEnd([file], {}, 65_534)).toEqual({
      code: 1,
      out: '',
      err: `error: ${file}: cannot read ${file}: EACCES: permission denied\n`,
    });
  });
});

describe('--check-config', () => {
  it('prints each option, its value without credentials, and where it comes from', async () => {
    write('more.conf', 'maxmemory 1024mb\nclient-output-buffer-limit pubsub 1mb 0 0\n');
    const file = write(
      'respite.conf',
      `\nrequirepass "hunter 2"\ninclude ${path('more.conf')}\nunixsocket "/tmp/a b"\n`,
    );
    const { code, out, err } = await runToEnd(['--check-config', file, '--port', '7000'], {
      RESPITE_USERS: 'shop read hunter3',
      RESPITE_MAXCLEINTS: '5',
    });
    expect([code, err]).toEqual([
      0,
      'warning: the environment variable RESPITE_MAXCLEINTS is ignored, because respite has no such option: did you mean RESPITE_MAXCLIENTS?\n',
    ]);
    const rows = out.split('\n').map((row) => row.split(/ {2,}/));
    expect(rows).toEqual(
      expect.arrayContaining([
        ['option', 'value', 'from'],
        ['port', '7000', 'command line'],
        ['requirepass', '***', `${file}:2`],
        ['users', '***', 'environment RESPITE_USERS'],
        ['secret', '""', 'default'],
        ['maxmemory', '1gb', `${path('more.conf')}:1`],
        ['unixsocket', '"/tmp/a b"', `${file}:4`],
        ['client-output-buffer-limit', 'normal 512mb 0 0 pubsub 1mb 0 0', `${path('more.conf')}:2`],
        ['bind', '127.0.0.1 -::1', 'default'],
      ]),
    );
    expect(out).not.toContain('hunter');
  });

  it('exits with 1 and every reason for which respite would not start', async () => {
    const file = write('respite.conf', 'users-file missing-users\nsecret short\ntls-cert no-cert\ntls-key no-key\n');
    const { code, err } = await runToEnd([file, '--check-config']);
    expect(code).toBe(1);
    expect(err.split('\n')).toEqual([
      'error: users-file: cannot read missing-users: ENOENT: no such file or directory',
      'error: secret: the secret must have at least 16 bytes, but it has 5',
      'error: tls-cert: cannot read no-cert: ENOENT: no such file or directory',
      '',
    ]);
    expect((await runToEnd(['--check-config', '--bind', '0.0.0.0'])).err).toMatch(
      /^error: cannot listen on 0\.0\.0\.0/,
    );
    expect((await runToEnd(['--check-config', '--tls-cert', 'x'])).err).toBe('error: tls-cert needs tls-key as well\n');
    expect((await runToEnd(['--check-config', path('missing')])).code).toBe(1);
  });
});

describe('signals', () => {
  it('SIGHUP reads the file and the files of users and passwords again, all or nothing', async () => {
    const users = write('users', 'shop read,write a\n');
    const file = write(
      'respite.conf',
      `users-file ${users}\nrequirepass-file ${write('password', 'old')}\ntimeout 10\n`,
    );
    const program = await Program.start([file]);
    const shop = program.client({ protocol: 2, username: 'shop', password: 'a' });
    await shop.set('x', '1');

    write('users', 'shop read b\n');
    write('password', 'new\n');
    write('respite.conf', `users-file ${users}\nrequirepass-file ${path('password')}\ntimeout 1x\n`);
    program.signal('SIGHUP');
    await logged(program, `cannot reload, so nothing has changed: ${file}:3: timeout 1x: expected a whole number`);
    expect(await shop.set('x', '2')).toBe('OK');

    write('respite.conf', `users-file ${users}\nrequirepass-file ${path('password')}\ntimeout 20\nport 7000\ndir x\n`);
    program.signal('SIGHUP');
    await logged(program, 'reloaded: changed requirepass, timeout (10, now 20), users-file');
    await logged(program, 'changed, but needs a restart: dir');
    expect(await shop.get('x')).toBe('2');
    expect(await refusalOf(shop.set('x', '3'))).toMatch(/^NOPERM/);
    const admin = program.client({ protocol: 2, password: 'new' });
    expect(await admin.acl('WHOAMI')).toBe('default');
    expect(await admin.config('GET', 'timeout')).toEqual(['timeout', '20']);
    expect(program.log).not.toMatch(/warning.*port/);
    await program.stop();
  });

  it('SIGHUP without a configuration file reads the other files again', async () => {
    const users = write('users', 'ops read,write,admin a\n');
    const program = await Program.start(['--users-file', users]);
    write('users', 'ops read,write,admin a\nshop read b\n');
    program.signal('SIGHUP');
    await logged(program, 'reloaded: changed users-file');
    const shop = program.client({ protocol: 2, username: 'shop', password: 'b' });
    expect(await shop.acl('WHOAMI')).toBe('shop');
    await program.stop();
  });

  it('SIGUSR1 and SIGUSR2 are ignored, and open no debugger', async () => {
    const program = Program.launch([]);
    await program.ready;
    program.signal('SIGUSR1');
    await logged(program, /SIGUSR1 is ignored/);
    program.signal('SIGUSR2');
    await logged(program, /SIGUSR2 is ignored/);
    expect(await program.client().ping()).toBe('PONG');
    expect(program.log).not.toMatch(/debugger/i);
    await program.stop();
  });

  it('come at any time from when the program begins to load', async () => {
    const preload = new URL('../tools/signal-while-loading.mjs', import.meta.url);
    const program = Program.launch([], {
      NODE_OPTIONS: `--import=${preload.href}`,
      SIGNALS: 'SIGHUP,SIGUSR1,SIGUSR2',
    });
    await program.ready;
    expect(await program.client().ping()).toBe('PONG');
    expect(program.log).not.toMatch(/debugger/i);
    await program.stop();
  });

  it('reloads under load drop no connection and lose no reply', async () => {
    const users = write('users', 'shop read,write a\nops admin b\n');
    const file = write('respite.conf', `users-file ${users}\nmaxclients 1000\n`);
    const program = await Program.start([file]);
    const clients = Array.from({ length: 20 }, () => program.client({ protocol: 2, username: 'shop', password: 'a' }));
    let isDone = false;
    const sent = clients.map(async (client, id) => {
      let reconnected = 0;
      client.on('reconnecting', () => reconnected++);
      let count = 0;
      while (!isDone || count === 0) {
        expect(await client.set(`key:${id}`, ++count)).toBe('OK');
        expect(await client.get(`key:${id}`)).toBe(String(count));
      }
      return reconnected;
    });
    const ops = program.client({ protocol: 2, username: 'ops', password: 'b' });
    for (let round = 0; round < 20; round++) {
      write('users', `shop read,write ${round % 2 ? 'a' : 'c'}\nops admin b\n`);
      // Every other reload fails.
      write('respite.conf', `users-file ${users}\nmaxclients ${round % 2 ? 1000 + round : 'many'}\n`);
      const reply = ops.config('RELOAD' as 'GET', ...([] as unknown as [string]));
      if (round % 2 === 0) expect(await refusalOf(reply)).toMatch(/^ERR CONFIG RELOAD failed/);
      else expect(await reply).toContain('changed');
    }
    isDone = true;
    expect(await Promise.all(sent)).toEqual(clients.map(() => 0));
    expect(await ops.config('GET', 'maxclients')).toEqual(['maxclients', '1019']);
    await program.stop();
  });
});

describe('CONFIG REWRITE', () => {
  const rewrite = (program: Program) => program.client().config('REWRITE');

  it('writes what CONFIG SET has changed, and a restart finds it', async () => {
    const file = write('respite.conf', '# ours\ntimeout 10 \n\nmaxclients 100\n');
    chmodSync(file, 0o600);
    const first = await Program.start([file, '--slowlog-max-len', '5']);
    const set = (...words: string[]) => first.client().call('CONFIG', 'SET', ...words);
    await set('timeout', '20', 'maxmemory', '1gb', 'slowlog-max-len', '6', 'notify-keyspace-events', 'KEA');
    await set('client-output-buffer-limit', 'pubsub 1mb 0 0');
    expect(await rewrite(first)).toBe('OK');
    const text = readFileSync(file, 'utf8');
    expect(text).toBe(
      '# ours\ntimeout 20\n\nmaxclients 100\n# Generated by CONFIG REWRITE\nmaxmemory 1gb\n' +
        'client-output-buffer-limit normal 512mb 0 0 pubsub 1mb 0 0\nnotify-keyspace-events AKE\nslowlog-max-len 6\n',
    );
    await logged(first, /slowlog-max-len in .* does not count: at the next start the command line comes first/);
    expect(await rewrite(first)).toBe('OK');
    expect(readFileSync(file, 'utf8')).toBe(text);
    // A reload finds what is in the file, and keeps what the file cannot change.
    first.signal('SIGHUP');
    await logged(first, 'reloaded: nothing has changed');
    expect(await option(first, 'slowlog-max-len')).toBe('6');
    await first.stop();
    const second = await Program.start([file]);
    expect(await option(second, 'maxmemory')).toBe(String(2 ** 30));
    await second.stop();
  });

  it('changes nothing if the file cannot be written', async () => {
    const file = write('respite.conf', 'timeout 10\n');
    const program = await Program.start([file]);
    await program.client().config('SET', 'timeout', '20');
    // A folder in place of the temporary file.
    mkdirSync(path('respite.conf.tmp'));
    expect(await refusalOf(rewrite(program))).toMatch(/^ERR Rewriting config file: /);
    expect(readFileSync(file, 'utf8')).toBe('timeout 10\n');
    rmSync(path('respite.conf.tmp'), { recursive: true });
    expect(await rewrite(program)).toBe('OK');
    await program.stop();
  });

  it('warns if others can read the password that it writes', async () => {
    const file = write('respite.conf', '');
    chmodSync(file, 0o644);
    const program = await Program.start([file]);
    const client = program.client();
    await client.config('SET', 'requirepass', 'hunter2');
    expect(await client.config('REWRITE')).toBe('OK');
    expect(readFileSync(file, 'utf8')).toBe('# Generated by CONFIG REWRITE\nrequirepass hunter2\n');
    expect(program.log).toContain(`${file} now contains a password, and other users of this machine can read it`);
    await program.stop();
  });

  it('is an error without a configuration file', async () => {
    const program = await Program.start();
    expect(await refusalOf(rewrite(program))).toBe('ERR The server is running without a config file');
    await program.stop();
  });
});

describe.skipIf(!hasOpenssl)('the certificate of a running server', () => {
  async function dial(port: number) {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
    const client = await RawClient.over(socket, 'secureConnect');
    return { client, name: socket.getPeerCertificate().subject.CN };
  }

  it('is replaced when the link to its folder is switched, and connections go on', async () => {
    for (const name of ['first', 'second']) {
      mkdirSync(path(name));
      writeCertificate(path(name), name);
    }
    symlinkSync('first', path('..data'));
    for (const file of ['cert.pem', 'key.pem']) symlinkSync(join('..data', file), path(file));
    const tls = ['--tls-cert', path('cert.pem'), '--tls-key', path('key.pem'), '--http-port', '0'];
    const program = await Program.start(tls);
    const page = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(program.log)?.[1]);
    const before = await dial(program.port);
    expect(before.name).toBe('first');
    symlinkSync('second', path('..data_tmp'));
    renameSync(path('..data_tmp'), path('..data'));
    await logged(program, 'the certificate has changed: new connections get CN=second');
    for (const port of [program.port, page]) {
      const { client, name } = await dial(port);
      expect(name).toBe('second');
      client.close();
    }
    await before.client.expect('PING\r\n', '+PONG\r\n');
    before.client.close();
    await program.stop();
  });
});
