import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, createServer } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, RawClient } from '../raw-client.js';
import { Program, runToEnd } from '../tools/program.js';

afterEach(stopServers);

/** Files that hold no credential, and why. */
const BAD: readonly [what: string, make: (path: string) => void, reason: string][] = [
  ['a directory', (path) => mkdirSync(path), 'it is a directory'],
  ['a device', (path) => symlinkSync('/dev/zero', path), 'it is not a regular file'],
  ['a link to nothing', (path) => symlinkSync('gone', path), 'it is a symbolic link to gone, which does not exist'],
  ['a link to itself', (path) => symlinkSync(path, path), 'ELOOP: too many symbolic links encountered'],
  ['nothing', () => {}, 'ENOENT: no such file or directory'],
  [
    '100 MB',
    (path) => {
      writeFileSync(path, 'x');
      truncateSync(path, 100e6);
    },
    'it has more than 16 MB',
  ],
];

const OPTIONS = ['requirepass-file', 'users-file', 'secret-file', 'tls-cert'] as const;

describe.each(OPTIONS)('%s', (option) => {
  it.each(BAD)('is refused if it is %s, with the path and the reason', (_, make, reason) => {
    const path = join(temporaryDirectory(), 'x');
    make(path);
    const config = option === 'tls-cert' ? { 'tls-cert': path, 'tls-key': path } : { [option]: path };
    expect(() => createServer(config)).toThrow(new ConfigError(`${option}: cannot read ${path}: ${reason}`));
  });

  it('does not keep the program waiting if it is a named pipe', async () => {
    const path = join(temporaryDirectory(), 'x');
    execFileSync('mkfifo', [path]);
    const { code, err } = await runToEnd([`--${option}`, path, ...(option === 'tls-cert' ? ['--tls-key', path] : [])]);
    expect([code, err]).toEqual([1, `error: ${option}: cannot read ${path}: it is a named pipe, not a file\n`]);
  });
});

describe('the file of a password', () => {
  it.each([
    ['Windows', '\ufeffsecret\r\n'],
    ['other systems', 'secret\n'],
    ['no line ending', 'secret'],
  ])('may come from an editor of %s', async (_, text) => {
    const path = join(temporaryDirectory(), 'x');
    writeFileSync(path, text);
    const client = await connectTo(await startServer({ 'requirepass-file': path }));
    await client.expect(frame('AUTH', 'secret'), '+OK\r\n');
  });

  it.each([
    ['', 'there is no password in it'],
    ['\r\n', 'there is no password in it'],
    ['one\ntwo\n', 'a password is one line, but there are more'],
    ['secret\n\n', 'a password is one line, but there are more'],
    ['x'.repeat(513), 'expected at most 512 characters'],
    [Buffer.from([0xff]), 'the password is not UTF-8 text'],
  ])('is refused if it is %j', (content, reason) => {
    const path = join(temporaryDirectory(), 'x');
    writeFileSync(path, content);
    expect(() => createServer({ 'requirepass-file': path })).toThrow(
      expect.objectContaining({ message: expect.stringContaining(`requirepass-file ${path}: `) }),
    );
    expect(() => createServer({ 'requirepass-file': path })).toThrow(reason);
  });

  it('may be behind a link that is switched, as in Kubernetes', async () => {
    const mount = temporaryDirectory();
    const publish = (version: string, password: string) => {
      mkdirSync(join(mount, version));
      writeFileSync(join(mount, version, 'password'), password);
      symlinkSync(version, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    publish('1', 'old');
    symlinkSync('..data/password', join(mount, 'password'));
    const server = await startServer({ 'requirepass-file': join(mount, 'password') });
    publish('2', 'new');
    rmSync(join(mount, '1'), { recursive: true });
    expect(server.reload().changed).toEqual(['requirepass']);
    await (await connectTo(server)).expect(frame('AUTH', 'new'), '+OK\r\n');
    rmSync(join(mount, '2'), { recursive: true });
    expect(() => server.reload()).toThrow('it is a symbolic link to ..data/password, which does not exist');
    await (await connectTo(server)).expect(frame('AUTH', 'new'), '+OK\r\n');
  });

  it('stays in use while the file is a named pipe at a reload', async () => {
    const path = join(temporaryDirectory(), 'x');
    writeFileSync(path, 'secret');
    const program = Program.launch(['--requirepass-file', path]);
    await program.ready;
    rmSync(path);
    execFileSync('mkfifo', [path]);
    program.signal('SIGHUP');
    while (!program.log.includes('cannot reload')) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(program.log).toContain(`requirepass-file: cannot read ${path}: it is a named pipe, not a file`);
    const client = await RawClient.connect(program.port);
    await client.expect(frame('AUTH', 'secret'), '+OK\r\n');
    await program.stop();
  });
});

it('the file of users may come from an editor of Windows', async () => {
  const path = join(temporaryDirectory(), 'x');
  writeFileSync(path, '\ufeffweb read,write secret\r\nops admin other\r\n');
  const client = await connectTo(await startServer({ 'users-file': path }));
  await client.expect(frame('AUTH', 'web', 'secret'), '+OK\r\n');
});
