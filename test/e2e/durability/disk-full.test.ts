import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startNode } from '../../child-process.js';
import { temporaryDirectory } from '../../journal/temporary-directory.js';
import { frame, RawClient } from '../../raw-client.js';
import { Program } from '../../tools/program.js';

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';
const VALUE = 'v'.repeat(4000);

/** A directory with little room until `makeRoom` is called. */
interface SmallDisk {
  readonly dir: string;
  /** Starts to limit the room for the program that was started there. */
  restrict(program: Program): void;
  makeRoom(program: Program): void;
  readonly code: string;
}

let unmount = () => {};

afterEach(() => {
  unmount();
  unmount = () => {};
});

/** Mounts a small file system in memory. Returns undefined if nothing can be mounted. */
function smallFileSystem(): SmallDisk | undefined {
  const dir = temporaryDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  unmount = () => execFileSync('umount', [dir]);
  const filler = join(dir, 'filler');
  return {
    dir,
    restrict: () => {
      const { bavail, bsize } = statfsSync(dir);
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - 100_000)));
    },
    makeRoom: () => rmSync(filler),
    code: 'ENOSPC',
  };
}

/** Limits the size of files. */
function limitedFiles(): SmallDisk {
  const limit = (program: Program, bytes: string) =>
    execFileSync('prlimit', ['--pid', String(program.pid), `--fsize=${bytes}:unlimited`]);
  return {
    dir: temporaryDirectory(),
    restrict: (program) => limit(program, '100000'),
    makeRoom: (program) => limit(program, 'unlimited'),
    code: 'EFBIG',
  };
}

const disks = [
  ['a full file system', smallFileSystem],
  ['a limited file size', limitedFiles],
] as const;

it.each(
  disks.flatMap(([what, make]) => (['always', 'everysec'] as const).map((policy) => [what, policy, make] as const)),
)(
  '%s, with %s: writes get MISCONF and reads work; when there is room writes work again, and nothing acknowledged is lost',
  async (_, policy, make) => {
    const disk = make();
    // The limited file size needs no permissions, so it is always tested.
    if (disk === undefined) return;
    const args = ['--appendonly', 'yes', '--appendfsync', policy, '--dir', disk.dir];
    let program = await Program.start(args);
    let [client, writer] = [await RawClient.connect(program.port), await RawClient.connect(program.port)];
    await client.bulk('SESSION.NEW', 'x', '3600', 'TOKEN', TOKEN);
    disk.restrict(program);

    // The writer writes until it is refused, or gets no reply because its write has to wait.
    let acknowledged = 0;
    let refused: string | undefined;
    let enough = false;
    const write = async () => {
      for (let n = 1; !enough && refused === undefined; n++) {
        await writer.send(frame('SESSION.SET', TOKEN, `key-${n}`, VALUE));
        const reply = await writer.takeUntil('\r\n');
        if (reply === '+OK\r\n') acknowledged = n;
        else refused = reply;
      }
    };
    const writing = write();
    const misconf = new RegExp(`^-MISCONF Errors writing to the AOF file: ${disk.code}: `);
    const probe = async () => {
      await client.send(frame('SESSION.SET', TOKEN, 'probe', '1'));
      return client.takeUntil('\r\n');
    };
    while (!program.log.includes('changes are refused')) await client.expect('PING\r\n', '+PONG\r\n');
    expect(await probe()).toMatch(misconf);
    expect(await client.bulk('SESSION.GET', TOKEN, `key-${acknowledged}`)).toBe(VALUE);
    expect(acknowledged).toBeGreaterThan(5);
    enough = true;

    disk.makeRoom(program);
    while (misconf.test(await probe()));
    await writing;
    // The log may arrive after the reply.
    const accepted = 'the journal can be written again: changes are accepted';
    while (!program.log.includes(accepted)) await client.expect('PING\r\n', '+PONG\r\n');
    // With `always` the pending write was carried out when there was room.
    if (policy === 'always') expect(refused).toBeUndefined();
    else if (refused !== undefined) expect(refused).toMatch(misconf);
    expect(await probe()).toBe('+OK\r\n');

    // With `everysec` a kill may lose what was not written to the system yet.
    program.signal(policy === 'always' ? 'SIGKILL' : 'SIGTERM');
    await program.exited();
    for (const one of [client, writer]) one.close();
    program = await Program.start(args);
    client = await RawClient.connect(program.port);
    for (let n = 1; n <= acknowledged; n++) expect(await client.bulk('SESSION.GET', TOKEN, `key-${n}`)).toBe(VALUE);
    expect(await client.bulk('SESSION.GET', TOKEN, 'probe')).toBe('1');
    client.close();
    await program.stop();
  },
);

describe.each(['SIGTERM', 'SIGINT'] as const)('%s while the disk is full', (signal) => {
  /** Starts a program and makes it acknowledge changes that its disk does not take. */
  async function fill(...more: string[]) {
    const disk = limitedFiles();
    const args = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--dir', disk.dir];
    const program = await Program.start([...args, ...more]);
    const client = await RawClient.connect(program.port);
    await client.bulk('SESSION.NEW', 'x', '3600', 'TOKEN', TOKEN);
    await client.expect(frame('SESSION.SET', TOKEN, 'key-0', VALUE), '+OK\r\n');
    // A batch with more than there is room for would be cut, and dropped completely.
    while (!(await client.bulk('INFO', 'persistence')).includes('aof_buffer_length:0\r\n'));
    disk.restrict(program);
    let acknowledged = 0;
    for (let n = 1; !program.log.includes('changes are refused'); n++) {
      await client.send(frame('SESSION.SET', TOKEN, `key-${n}`, VALUE));
      if ((await client.takeUntil('\r\n')) === '+OK\r\n') acknowledged = n;
    }
    return { disk, args, program, client, acknowledged };
  }

  /** Starts the program again. Returns its log and the value of a key. */
  async function startAgain(args: string[], key: string) {
    const program = await Program.start(args);
    const client = await RawClient.connect(program.port);
    const value = await client.bulk('SESSION.GET', TOKEN, key).catch(() => 'none');
    client.close();
    await program.stop();
    return { log: program.log, value };
  }

  it('reports after a while that changes are lost and exits with 1, and the next start says why', async () => {
    const { args, program } = await fill('--shutdown-timeout', '1');
    program.signal(signal);
    expect(await program.exited()).toBe(1);
    expect(program.log).toMatch(
      / warning could not write \d+ changes? to disk: EFBIG: .*; waiting up to 1 s for the disk/,
    );
    expect(program.log).toMatch(/ warning stopped with changes that are not on disk: \d+ changes? lost: EFBIG/);
    const { log, value } = await startAgain(args, 'key-0');
    expect(log).toMatch(/ warning the last shutdown, at \S+, lost \d+ changes?: EFBIG/);
    expect(log).not.toMatch(/crash|kill/);
    expect(value).toBe(VALUE);
  });

  it('waits for room, and loses nothing if there is some in time', async () => {
    const { disk, args, program, client, acknowledged } = await fill('--shutdown-timeout', '3600');
    program.signal(signal);
    while (!program.log.includes('waiting up to')) await client.expect('PING\r\n', '+PONG\r\n');
    disk.makeRoom(program);
    expect(await program.exited()).toBe(0);
    expect((await startAgain(args, `key-${acknowledged}`)).value).toBe(VALUE);
  });

  it('a second one exits immediately, but not after SHUTDOWN ABORT', async () => {
    const { program, client } = await fill('--shutdown-timeout', '3600');
    program.signal(signal);
    while (!program.log.includes('waiting up to')) await client.expect('PING\r\n', '+PONG\r\n');
    await client.expect('SHUTDOWN ABORT\r\n', '+OK\r\n');
    program.signal(signal);
    while (program.log.split('waiting up to').length < 3) await client.expect('PING\r\n', '+PONG\r\n');
    program.signal(signal);
    expect(await program.exited()).toBe(1);
    expect(program.log).toMatch(new RegExp(`${signal} again: exiting at once, without writing \\d+ changes? to disk$`));
  });
});

it('an embedding program that closes its server while the disk is full goes on until the server has stopped', async () => {
  const script = `
    import { execFileSync } from 'node:child_process';
    import { createServer, Slice } from './src/index.ts';

    const server = createServer({ bind: '127.0.0.1', port: 0, appendonly: true, dir: process.env.DIR, 'shutdown-timeout': 1 });
    await server.listen();
    execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=100:unlimited']);
    server.engine.create(Slice.of('x'.repeat(200)));
    await server.close();
    console.log('closed');
  `;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const child = startNode(args, { env: { DIR: temporaryDirectory() }, showErrors: true });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  expect(output).toBe('closed\n');
  expect(code).toBe(0);
});
