import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { OPTIONS, optionNames } from '../../src/config.js';
import { version } from '../../src/version.js';
import { frame, RawClient } from '../raw-client.js';
import { hasOpenssl, writeCertificate, writeSignedCertificate } from '../tools/certificate.js';
import { isThere, works } from '../tools/external-tool.js';
import { Program, runToEnd } from '../tools/program.js';
import { withoutPackages } from '../tools/without-packages.js';

const directory = mkdtempSync(join(tmpdir(), 'respite-'));
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string, content: string) => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

describe('the program', () => {
  it('says in one line how to reach it', async () => {
    const program = await Program.start();
    expect(program.log).toMatch(
      new RegExp(
        `^\\S+ notice respite ${version} is ready on 127\\.0\\.0\\.1:${program.port} - no journal, no maxmemory, no password, no TLS - try: redis-cli -p ${program.port}$`,
        'm',
      ),
    );
    await program.stop();
  });

  it('serves everything but scripts without the package for them', async () => {
    const program = await Program.start([], withoutPackages('wasmoon-lua5.1'));
    const client = await RawClient.connect(program.port);
    const missing = /^-ERR scripts need the npm package wasmoon-lua5\.1, which is not installed: npm install wasmoon/;
    for (const request of [frame('EVAL', 'return 1', '0'), frame('SCRIPT', 'LOAD', 'return 1')]) {
      await client.send(request);
      expect(await client.takeUntil('\r\n')).toMatch(missing);
    }
    await client.expect(frame('EVALSHA', 'a'.repeat(40), '0'), '-NOSCRIPT No matching script. Please use EVAL.\r\n');
    await client.expect('SCRIPT EXISTS a\r\nSCRIPT FLUSH\r\nSET k v\r\n', '*1\r\n:0\r\n+OK\r\n+OK\r\n');
    await client.send('HELLO 2\r\nGET k\r\n');
    expect(await client.takeUntil('$1\r\nv\r\n')).toContain('modules');
    client.close();
    await program.stop();
  });

  it('serves everything but paths in JSON without the package for them', async () => {
    const program = await Program.start([], withoutPackages('json-p3'));
    const client = await RawClient.connect(program.port);
    await client.expect(frame('JSON.SET', 'k', '$', '{"a":1}'), '+OK\r\n');
    await client.expect(frame('JSON.GET', 'k'), '$7\r\n{"a":1}\r\n');
    await client.send('JSON.GET k $.a\r\n');
    expect(await client.takeUntil('\r\n')).toBe(
      '-ERR paths in JSON need the npm package json-p3, which is not installed: npm install json-p3\r\n',
    );
    client.close();
    await program.stop();
  });

  it.each([
    [
      ['--appendonly', 'yes', '--dir', join(directory, 'data'), '--maxmemory', '100mb', '--requirepass', 'hunter2'],
      / - journal in \S+\/data, synced every second, maxmemory 100mb \(noeviction\), password required, no TLS - try/,
    ],
    [['--http-port', '0'], / no TLS, page at http:\/\/127\.0\.0\.1:\d+\/? - try: redis-cli -p \d+$/m],
    [['--requirepass', 'x'], /try: redis-cli -p \d+ --askpass$/m],
    [['--bind', '127.0.0.2'], /try: redis-cli -h 127\.0\.0\.2 -p \d+$/m],
    [
      ['--users', 'metrics monitor a;web read,write b'],
      / user and password required, no TLS - try: redis-cli -p \d+ --user web --askpass$/m,
    ],
    [['--users', 'web read a', '--requirepass', 'x'], / password required, no TLS - try: redis-cli -p \d+ --askpass$/m],
  ])('says how to reach it and what matters most with %j', async (args, invitation) => {
    const program = await Program.start(args);
    expect(program.log).toMatch(invitation);
    await program.stop();
  });

  const hasTools = isThere('redis-cli', 'redis-tools', works('redis-cli', '--version')) && hasOpenssl;
  const own = join(directory, 'own');
  const signed = join(directory, "ca's files");
  const tls = (of: string) => ['--tls-cert', join(of, 'cert.pem'), '--tls-key', join(of, 'key.pem')];

  it.skipIf(!hasTools).each<[string, string[], string, string]>([
    ['no password', [], 'default', ''],
    ['a password', ['--requirepass', 'secret'], 'default', ''],
    ['users', ['--users', 'web read secret'], 'web', ''],
    ['a user with characters of the shell', ['--users', "it's$HOME read secret"], "it's$HOME", ''],
    ['users and a password', ['--users', 'web read other', '--requirepass', 'secret'], 'default', ''],
    ['a unix socket', ['--unixsocket', join(directory, 'a socket')], 'default', ''],
    ['TLS, self-signed', [...tls(own), '--requirepass', 'secret'], 'default', ''],
    ['TLS with its own authority', [...tls(signed), '--tls-ca', join(signed, 'ca.pem')], 'default', ''],
    [
      'client certificates',
      [...tls(signed), '--tls-ca', join(signed, 'ca.pem'), '--tls-auth-clients', 'yes', '--users', 'web read secret'],
      'web',
      signed,
    ],
  ])('says the command of redis-cli that connects, with %s', async (_, args, user, certificate) => {
    for (const each of [own, signed]) mkdirSync(each, { recursive: true });
    writeCertificate(own, 'localhost');
    writeSignedCertificate(signed, 'localhost');
    const program = await Program.start(args);
    const [, command] = / - try: (.*)$/m.exec(program.log) ?? [];
    const run = command
      .replace(' --askpass', ' --no-auth-warning -a secret')
      .replace('CERTIFICATE', `"${certificate}/cert.pem"`)
      .replace('KEY', `"${certificate}/key.pem"`);
    expect(execFileSync('sh', ['-c', `${run} ACL WHOAMI`], { encoding: 'utf8' })).toBe(`${user}\n`);
    expect(command.includes('--askpass')).toBe(args.some((argument) => argument.includes('secret')));
    await program.stop();
  });

  it('continues when nobody reads its log any more', async () => {
    const program = await Program.start(['--maxclients', '1']);
    program.closeLog();
    const [first, second] = [await RawClient.connect(program.port), await RawClient.connect(program.port)];
    await second.takeAll();
    await first.expect('PING\r\n', '+PONG\r\n');
    program.signal('SIGTERM');
    expect(await program.exited()).toBe(0);
  });

  it('--help describes every option in 80 columns, in groups, with examples', async () => {
    for (const args of [['--help'], ['check', '--help'], ['demo', '--help']]) {
      const { code, out, err } = await runToEnd(args, { COLUMNS: '200' });
      expect([code, err]).toEqual([0, '']);
      expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
    const { out } = await runToEnd(['--help']);
    for (const heading of ['Network:', 'Access:', 'Limits:', 'Examples:']) expect(out).toContain(heading);
    const oneLine = out.replace(/\s+/g, ' ');
    for (const name of optionNames)
      expect(oneLine).toContain(`--${name} <${OPTIONS[name].kind.placeholder}> ${OPTIONS[name].help}`);
    expect(oneLine).toContain('Default: normal 512mb 0 0 pubsub 32mb 8mb 60');
  });

  it('--version prints the version', async () => {
    expect(await runToEnd(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it.each([
    [['--port', 'http'], '--port http: expected a whole number from 0 to 65535'],
    [['--port', '65536'], '--port 65536: expected a whole number from 0 to 65535'],
    [['--maxclients', '0'], '--maxclients 0: expected a whole number from 1 to 1000000'],
    [
      ['--proto-max-bulk-len', '1tb'],
      '--proto-max-bulk-len 1tb: expected a size from 1kb to 256mb, such as 512kb or 64mb',
    ],
    [['--protected-mode', 'maybe'], '--protected-mode maybe: expected yes or no'],
    [['--requirepass', 'hunter2'.repeat(80)], '--requirepass: expected at most 512 characters'],
    [['demo', '--port', 'http'], '--port http: expected a whole number from 0 to 65535'],
    [['--bind', ''], 'there is nothing to listen on: set bind to an address, or unixsocket to a path'],
    [
      ['--bind', '198.51.100.1', '--requirepass', 'x'],
      'cannot listen on 198.51.100.1:6379: this machine has no such address: change --bind, or write "-" before the address to make it optional',
    ],
    [['--bind', '- x'], `--bind '- x': expected addresses separated by spaces, such as "127.0.0.1 -::1"`],
    [['--nope'], "unknown option '--nope'"],
    [['--requirepas=hunter2'], "unknown option '--requirepas'"],
    [['--prot', '7000'], "unknown option '--prot'\n(Did you mean --port?)"],
    [['chekc', 'x'], 'argument 1 is not a command of respite: did you mean "check"?'],
    [
      ['--requirepass', 'correct', 'horse'],
      'argument 3 is not a file, an option or a command: write an option as a flag and its value, such as --port 7000, and put quotes around a value that has spaces',
    ],
    [['missing.conf'], `missing.conf: cannot read ${resolve('missing.conf')}: ENOENT: no such file or directory`],
    [
      ['missing.conf', 'x'],
      'argument 2 is not a file, an option or a command: write an option as a flag and its value, such as --port 7000, and put quotes around a value that has spaces',
    ],
    [
      [file('a.conf', ''), file('b.conf', '')],
      'respite reads one configuration file, which may include others: see "include" in docs/configuration.md',
    ],
    [['--secret', 'short'], 'secret: the secret must have at least 16 bytes, but it has 5'],
    [
      ['--secret', '0123456789abcdef', '--secret-file', 'x'],
      'secret and secret-file cannot be combined: set one of them',
    ],
    [
      ['--secret-file', join(directory, 'missing')],
      `secret-file: cannot read ${join(directory, 'missing')}: ENOENT: no such file or directory`,
    ],
    [['--secret-file', directory], `secret-file: cannot read ${directory}: it is a directory`],
    [
      ['--unixsocket', join(directory, 'missing/x.sock'), '--port', '0'],
      `cannot listen on ${join(directory, 'missing/x.sock')}: the directory ${join(directory, 'missing')} does not exist (ENOENT): create it first`,
    ],
  ])('%j: prints one clear line and exits with 1', async (args, line) => {
    expect(await runToEnd(args)).toEqual({ code: 1, out: '', err: `error: ${line}\n` });
  });

  it('names the environment variable that has a bad value', async () => {
    const { code, err } = await runToEnd([], { RESPITE_PORT: 'http' });
    expect([code, err]).toEqual([1, 'error: RESPITE_PORT=http: expected a whole number from 0 to 65535\n']);
    expect((await runToEnd([], { RESPITE_PORT: 'tcp://10.0.0.1:6379' })).err).toMatch(
      /; Kubernetes sets this variable/,
    );
    const secret = await runToEnd([], { RESPITE_REQUIREPASS: 'hunter2'.repeat(80) });
    expect(secret.err).toBe('error: RESPITE_REQUIREPASS: expected at most 512 characters\n');
  });

  it('warns about unknown RESPITE_ variables, except those that Kubernetes sets', async () => {
    const program = await Program.start([], {
      RESPITE_MAXCLEINTS: 'hunter2',
      RESPITE_COLOUR: 'hunter2',
      RESPITE_SERVICE_HOST: '10.0.0.1',
      RESPITE_PORT_6379_TCP_ADDR: '10.0.0.1',
    });
    const warnings = program.log.split('\n').filter((line) => line.includes(' the environment variable '));
    expect(warnings.map((line) => line.replace(/^\S+ warning /, '')).sort()).toEqual([
      'the environment variable RESPITE_COLOUR is ignored, because respite has no such option: respite --help lists the options',
      'the environment variable RESPITE_MAXCLEINTS is ignored, because respite has no such option: did you mean RESPITE_MAXCLIENTS?',
    ]);
    await program.stop();
  });

  it('prints one clear line and exits with 1 if the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    expect(await runToEnd(['--port', String(port), '--bind', '127.0.0.1'])).toEqual({
      code: 1,
      out: '',
      err: `error: cannot listen on 127.0.0.1:${port}: the port is in use: choose another with --port, or --port 0 for any free one\n`,
    });
    other.close();
  });

  it.each(['0.0.0.0', '*', '::', '127.0.0.1 198.51.100.1', 'example.test'])(
    'refuses to listen on %s without a password, and says what to do',
    async (bind) => {
      const { code, out, err } = await runToEnd(['--port', '0', '--bind', bind]);
      expect([code, out, err.trim().split('\n').length]).toEqual([1, '', 1]);
      expect(err).toMatch(
        /^error: cannot listen on \S+: respite is in protected mode: .*requirepass.*protected-mode no/,
      );
    },
  );

  it.each([[['--requirepass', 'x']], [['--protected-mode', 'no']]])('listens everywhere with %j', async (args) => {
    const program = await Program.start(['--bind', '*', ...args]);
    await program.stop();
  });

  it('takes options from the environment, but the command line has precedence', async () => {
    const program = await Program.start(['--maxclients', '7'], {
      RESPITE_MAXCLIENTS: '8',
      RESPITE_PROTO_MAX_BULK_LEN: '2kb',
    });
    const client = program.client();
    expect(await client.call('CONFIG', ['GET', 'maxclients', 'proto-max-bulk-len'])).toEqual([
      'maxclients',
      '7',
      'proto-max-bulk-len',
      '2048',
    ]);
    await program.stop();
  });

  it('derives the tokens of shared sessions from its secret', async () => {
    const secret = '0123456789abcdef';
    const tokens = [];
    for (const [args, environment] of [
      [['--secret', secret], {}],
      [[], { RESPITE_SECRET: secret }],
      [['--secret-file', file('secret', `${secret}\n`)], {}],
      [['--secret', 'another secret of 16'], {}],
      [[], {}],
    ] as [string[], Record<string, string>][]) {
      const program = await Program.start(args, environment);
      tokens.push(await program.client().call('SESSION.NEW', ['defaults', 'SHARED']));
      await program.stop();
    }
    expect(tokens[1]).toBe(tokens[0]);
    expect(tokens[2]).toBe(tokens[0]);
    expect(new Set(tokens).size).toBe(3);
  });
});

describe('the end of the program', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: it answers what it has read, closes every connection and exits with 0',
    async (signal) => {
      const program = await Program.start();
      const [busy, idle] = [await RawClient.connect(program.port), await RawClient.connect(program.port)];
      await idle.expect('PING\r\n', '+PONG\r\n');
      const token = (await program.client().call('SESSION.NEW', ['x', 'DATA', 'key', 'v'.repeat(100_000)])) as string;
      // The replies fill the socket, so they are sent but not read yet when the signal arrives.
      await busy.expect(
        Buffer.concat(Array.from({ length: 8 }, () => frame('SESSION.GET', token, 'key'))),
        '$100000\r\n',
      );
      program.signal(signal);
      expect(await idle.takeAll()).toBe('');
      expect(await busy.takeAll()).toHaveLength(8 * 100_011 - 9);
      expect(await program.exited()).toBe(0);
      expect(program.log).toMatch(new RegExp(`notice ${signal}: stopping\\n[^]*notice stopped$`));
    },
  );

  it('it does not wait for a client that reads nothing', async () => {
    const program = await Program.start(['--shutdown-timeout', '1']);
    const token = (await program.client().call('SESSION.NEW', ['x', 'DATA', 'key', 'v'.repeat(10_000_000)])) as string;
    const client = await RawClient.connect(program.port);
    client.socket.pause();
    await client.send(Buffer.concat(Array.from({ length: 5 }, () => frame('SESSION.GET', token, 'key'))));
    await program.client().ping();
    program.signal('SIGTERM');
    // It ends even though the client stays connected.
    expect(await program.exited()).toBe(0);
    client.close();
  });

  it('SHUTDOWN ends it without a reply', async () => {
    const program = await Program.start();
    const client = await RawClient.connect(program.port);
    await client.expect('SHUTDOWN ABORT\r\n', '-ERR No shutdown in progress.\r\n');
    await client.expect('SHUTDOWN SAVE NOSAVE\r\n', '-ERR syntax error\r\n');
    await client.send('SHUTDOWN NOSAVE\r\n');
    expect(await client.takeAll()).toBe('');
    expect(await program.exited()).toBe(0);
  });
});
