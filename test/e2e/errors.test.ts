import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frame, RawClient } from '../raw-client.js';
import { Program, refusalOf } from '../tools/program.js';

/** Every error in the specification of the commands, as clients of the program see it. */
describe('errors', () => {
  let program: Program;
  beforeAll(async () => {
    program = await Program.start();
  });
  afterAll(() => program.stop());

  const call = (command: string, ...args: string[]) => program.client().call(command, args);
  const create = async (...args: string[]) => (await call('SESSION.NEW', ...args)) as string;
  const refusal = (command: string, ...args: string[]) => refusalOf(call(command, ...args));

  it('NOSESSION: unknown, malformed, ended or expired', async () => {
    const ended = await create('x');
    await call('SESSION.END', ended);
    const expired = await create('x');
    await call('SESSION.PEXPIRE', expired, '1');
    for (let left = 1; left > 0; left = (await call('SESSION.EXISTS', expired)) as number);
    const noToken =
      ': expected a token, which has 22 characters, or the name of a shared session after "@", such as @user:42';
    for (const [token, detail] of [
      ['AAAAAAAAAAAAAAAAAAAAAA', ''],
      [ended, ''],
      [expired, ''],
      ['user:42', noToken],
      // What may be a large part of a token is not repeated.
      [ended.slice(1), noToken],
      [`"${ended}"`, noToken],
      ['@user:42', ': no shared session has this name'],
    ]) {
      expect(await refusal('SESSION.GET', token, 'key')).toBe(`NOSESSION no such session${detail}`);
      expect(await refusal('SESSION.SET', token, 'key', 'value')).toBe(`NOSESSION no such session${detail}`);
      expect(await refusal('SESSION.ROTATE', token)).toBe(`NOSESSION no such session${detail}`);
    }
    expect(await refusal('SESSION.OPEN', 'nobody')).toBe('NOSESSION no such session: no session has this name');
  });

  it('NOTSHARED', async () => {
    await create('unshared');
    expect(await refusal('SESSION.OPEN', 'unshared')).toBe('NOTSHARED no session with this name is shared');
  });

  it('SESSIONEXISTS', async () => {
    const token = await create('x');
    expect(await refusal('SESSION.NEW', 'y', 'TOKEN', token)).toBe(
      'SESSIONEXISTS a session with this token already exists',
    );
    await create('shared', 'SHARED');
    expect(await refusal('SESSION.NEW', 'shared', 'SHARED')).toBe(
      'SESSIONEXISTS a shared session with this name already exists',
    );
  });

  it('wrong number of arguments', async () => {
    const token = await create('x');
    const wrong = (name: string) => `ERR wrong number of arguments for '${name}' command`;
    const set = `${wrong('session.set')}: SESSION.SET token key value [key value ...]`;
    const get = `${wrong('session.get')}: SESSION.GET token key`;
    expect(await refusal('SESSION.SET')).toBe(set);
    expect(await refusal('SESSION.SET', token, 'key')).toBe(set);
    expect(await refusal('SESSION.SET', token, 'key', 'value', 'key')).toBe(set);
    expect(await refusal('SESSION.SET', 'unknown', 'key', 'value', 'key')).toBe(set);
    expect(await refusal('session.Get', token)).toBe(get);
    expect(await refusal('SESSION.GET', token, 'a', 'b')).toBe(get);
    expect(await refusal('SESSION.NEW', 'x', 'DATA', 'key')).toBe(`${wrong('session.new')}: each key needs a value`);
    expect(await refusal('SESSION.HELP', 'x')).toBe(`${wrong('session.help')}: SESSION.HELP`);
    expect(await refusal('CONFIG', 'GET')).toBe(wrong('config|get'));
    expect(await refusal('CONFIG')).toBe(wrong('config'));
    expect(await refusal('PING', 'a', 'b')).toBe(wrong('ping'));
  });

  it('unknown command, with its arguments, but without possible credentials', async () => {
    const unknown = (name: string, args: string) => `ERR unknown command '${name}', with args beginning with: ${args}`;
    expect(await refusal('NOPE', 'a', 'b')).toBe(unknown('NOPE', "'a' 'b' "));
    expect(await refusal('NOPE')).toBe(unknown('NOPE', ''));
    const unknownSession = (name: string, guess = '') =>
      `ERR unknown command '${name}': ${guess}SESSION.HELP lists the session commands`;
    expect(await refusal('SESSION.NOPE', 'a', 'b')).toBe(unknownSession('SESSION.NOPE'));
    expect(await refusal('SESSION', 'GET', 'x')).toBe(unknownSession('SESSION'));
    expect(await refusal('session.getal', 'x')).toBe(unknownSession('session.getal', 'did you mean SESSION.GETALL? '));
    expect(await refusal('SESSION.GTE', 'x')).toBe(unknownSession('SESSION.GTE', 'did you mean SESSION.GET? '));
    expect(await refusal('SESSION.TLL', 'x')).toBe(unknownSession('SESSION.TLL', 'did you mean SESSION.TTL? '));
    const token = await create('x');
    expect(await refusal('NGET', token, 'key')).toBe(unknown('NGET', "'(redacted)' 'key' "));
    expect((await refusal('N '.repeat(1000), 'x '.repeat(1000), 'y')).length).toBeLessThan(400);
    for (const words of [
      [`SESSION.GET ${token} key`],
      [token],
      [`${'x '.repeat(60)}${token}`],
      [`${'x'.repeat(1005)} ${token}`],
      ['GET', `'${token}'`],
      ['GET', `token=${token}`],
      ['CLIENT', token],
      ['CONFIG', `GET ${token}`],
      ['CLIENT', 'SETINFO', token, 'x'],
    ]) {
      const [command, ...args] = words;
      expect(await refusal(command, ...args)).not.toContain(token.slice(0, 6));
    }
    expect(await refusal('SESSION.SET x secret')).toBe(
      unknownSession('SESSION.SET', 'did you mean SESSION.SET or SESSION.GET? '),
    );
    expect(await refusal('NO\r\nPE', 'a\r\n+OK')).toBe(unknown('NO  PE', "'a  +OK' "));
    expect(await refusal('CONFIG', 'NOPE')).toBe("ERR unknown subcommand 'NOPE'. Try CONFIG HELP.");
  });

  it('syntax error, not an integer, invalid expire time', async () => {
    const options = '; the options are DATA, EXTEND, MAXAGE, LIMIT, TOKEN, SHARED';
    const seconds = (name: string) => `${name} must be a whole number of seconds from 0 to 2147483647`;
    const notAnInteger = 'ERR value is not an integer or out of range';
    const syntax = 'ERR syntax error';
    const token = await create('x');
    for (const [request, error] of [
      ['SESSION.NEW x 60s', `${notAnInteger}: ${seconds('ttl')}${options}`],
      ['SESSION.NEW x -1', `ERR invalid expire time in 'session.new' command: ${seconds('ttl')}${options}`],
      ['SESSION.NEW x 60 maybe', `${syntax}: deleteSession must be yes, no, true, false, 1 or 0${options}`],
      ['SESSION.NEW x 60 1 NOPE', `${syntax}: argument 4 is not expected here${options}`],
      ['SESSION.NEW x 60 EXTEND READ', `${syntax}: EXTEND must be GET, SET or BOTH`],
      ['SESSION.NEW x 60 EXTEND', `${syntax}: EXTEND needs a value`],
      ['SESSION.NEW x 60 EXTEND GET EXTEND GET', `${syntax}: EXTEND is given twice`],
      ['SESSION.NEW x MAXAGE 1h', `${notAnInteger}: ${seconds('MAXAGE')}`],
      ['SESSION.NEW x LIMIT 0', `${notAnInteger}: LIMIT must be a whole number from 1 to 2147483647`],
      [`SESSION.EXPIRE ${token} 60s`, `${notAnInteger}: ${seconds('ttl')}`],
      [`SESSION.PEXPIRE ${token} 1.5`, `${notAnInteger}: milliseconds must be a whole number from 0 to 2147483647000`],
      [`SESSION.EXPIRE ${token} 60 1 1`, `${syntax}: argument 4 is not expected here`],
      [`SESSION.ROTATE ${token} SOON`, `${syntax}: argument 2 must be GRACE`],
      [`SESSION.ROTATE ${token} GRACE 1m`, `${notAnInteger}: ${seconds('GRACE')}`],
      ['SESSION.SCAN 0 TYPE x', `${syntax}: argument 2 must be MATCH or COUNT`],
      ['SESSION.SCAN 0 COUNT 5 TYPE x', `${syntax}: argument 4 must be MATCH or COUNT`],
      ['SESSION.SCAN 0 COUNT', `${syntax}: COUNT needs a value`],
    ]) {
      const [command, ...args] = request.split(' ');
      expect(await refusal(command, ...args), request).toBe(error);
    }
  });

  it('INCRBY: not an integer, overflow', async () => {
    const token = await create('x', 'DATA', 'text', 'text', 'max', '9223372036854775807');
    expect(await refusal('SESSION.INCRBY', token, 'text', '1')).toBe(
      'ERR value is not an integer: the value of this key must be a whole number from -2^63 to 2^63 - 1',
    );
    expect(await refusal('SESSION.INCRBY', token, 'max', 'x')).toBe(
      'ERR value is not an integer or out of range: increment must be a whole number from -2^63 to 2^63 - 1',
    );
    expect(await refusal('SESSION.INCRBY', token, 'max', '1')).toBe('ERR increment or decrement would overflow');
  });

  it('APPEND beyond the maximum length of a value', async () => {
    const small = await Program.start(['--proto-max-bulk-len', '1kb']);
    const client = small.client();
    const token = (await client.call('SESSION.NEW', ['x', 'DATA', 'key', 'v'.repeat(1000)])) as string;
    expect(await client.call('SESSION.APPEND', [token, 'key', 'v'.repeat(24)])).toBe(1024);
    expect(await refusalOf(client.call('SESSION.APPEND', [token, 'key', 'v']))).toBe(
      'ERR string exceeds maximum allowed size (proto-max-bulk-len)',
    );
    await small.stop();
  });
});

describe('a server with a password', () => {
  let program: Program;
  beforeAll(async () => {
    program = await Program.start([], { RESPITE_REQUIREPASS: 'correct horse' });
  });
  afterAll(() => program.stop());

  it('NOAUTH until the right password is given, WRONGPASS for a wrong one', async () => {
    const client = await RawClient.connect(program.port);
    const wrongPassword = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
    await client.expect('PING\r\n', '-NOAUTH Authentication required.\r\n');
    await client.expect('SESSION.NEW x\r\n', '-NOAUTH Authentication required.\r\n');
    await client.expect('AUTH wrong\r\n', wrongPassword);
    await client.expect('AUTH "correct horse "\r\n', wrongPassword);
    await client.expect('AUTH somebody "correct horse"\r\n', wrongPassword);
    await client.expect('AUTH default "correct horse" x\r\n', '-ERR syntax error\r\n');
    await client.expect('PING\r\n', '-NOAUTH Authentication required.\r\n');
    await client.expect('HELLO 3 AUTH default wrong\r\n', wrongPassword);
    await client.expect('HELLO 3\r\n', '-NOAUTH HELLO must be called with the client already authenticated');
    client.close();
    for (const auth of ['AUTH "correct horse"', 'AUTH default "correct horse"']) {
      const other = await RawClient.connect(program.port);
      await other.expect(`${auth}\r\nPING\r\n`, '+OK\r\n+PONG\r\n');
      other.close();
    }
  });

  it('ioredis can authenticate with AUTH and with HELLO', async () => {
    const password = 'correct horse';
    for (const options of [
      { protocol: 2, password },
      { protocol: 3, password },
      { protocol: 3, username: 'default', password },
    ] as const) {
      const client = program.client(options);
      expect(await client.ping()).toBe('PONG');
    }
  });

  it('accepts only small requests before a client has authenticated', async () => {
    for (const [bytes, reason] of [
      ['*17\r\n', 'unauthenticated multibulk length'],
      ['*2\r\n$4\r\nAUTH\r\n$16385\r\n', 'unauthenticated bulk length'],
    ]) {
      const client = await RawClient.connect(program.port);
      await client.send(bytes);
      expect(await client.takeAll()).toBe(`-ERR Protocol error: ${reason}\r\n`);
    }
  });

  it('accepts large requests that arrive together with the password', async () => {
    const client = await RawClient.connect(program.port);
    const long = 'x'.repeat(20_000);
    await client.expect(
      Buffer.concat([frame('AUTH', 'correct horse'), frame('ECHO', long)]),
      `+OK\r\n$20000\r\n${long}\r\n`,
    );
    client.close();
  });

  it('never shows the password', async () => {
    const client = program.client({ protocol: 2, password: 'correct horse' });
    expect(JSON.stringify(await client.call('CONFIG', ['GET', '*']))).not.toContain('correct horse');
    expect(program.log).not.toContain('correct horse');
  });
});

describe('a server without a password', () => {
  it('replies to AUTH as Redis does', async () => {
    const program = await Program.start();
    const client = program.client();
    expect(await refusalOf(client.call('AUTH', ['x']))).toMatch(/^ERR AUTH <password> called without any password/);
    expect(await client.call('AUTH', ['default', 'x'])).toBe('OK');
    expect(await refusalOf(client.call('AUTH', ['somebody', 'x']))).toMatch(/^WRONGPASS /);
    expect(await refusalOf(client.call('HELLO', ['4']))).toBe('NOPROTO unsupported protocol version');
    expect(await refusalOf(client.call('HELLO', ['x']))).toBe('ERR Protocol version is not an integer or out of range');
    await program.stop();
  });
});

describe('maxclients', () => {
  it('refuses one client too many, and accepts another when one has left', async () => {
    const program = await Program.start(['--maxclients', '2']);
    const [first, second] = [await RawClient.connect(program.port), await RawClient.connect(program.port)];
    await second.expect('PING\r\n', '+PONG\r\n');
    const third = await RawClient.connect(program.port);
    expect(await third.takeAll()).toBe('-ERR max number of clients reached\r\n');
    const began = performance.now();
    const more = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(program.port)));
    for (const refused of more) expect(await refused.takeAll()).toBe('-ERR max number of clients reached\r\n');
    // One line per second.
    const seconds = (performance.now() - began) / 1000;
    expect(program.log.match(/refused a connection/g)?.length).toBeLessThanOrEqual(2 + seconds);
    await first.expect('PING\r\n', '+PONG\r\n');
    await first.send('QUIT\r\n');
    expect(await first.takeAll()).toBe('+OK\r\n');
    // The server may notice the end of the connection a moment later than the client.
    for (let reply = ''; reply !== '+'; ) {
      const fourth = await RawClient.connect(program.port);
      await fourth.send('PING\r\n');
      reply = await fourth.take(1);
      fourth.close();
    }
    await program.stop();
  });
});
