import { execFile, spawn, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program } from './program.js';

const run = promisify(execFile);
const installed = (program: string) => spawnSync(program, ['--version']).error === undefined;

const tools = installed('redis-cli') && installed('redis-benchmark');
if (!tools) {
  console.warn(
    'NOTICE: redis-cli and redis-benchmark are not installed (Debian: redis-tools): their tests are skipped',
  );
}

describe.skipIf(!tools)('redis-cli', () => {
  let program: Program;
  beforeAll(async () => {
    program = await Program.start();
  });
  afterAll(() => program.stop());

  const cli = async (...args: string[]) => {
    const { stdout, stderr } = await run('redis-cli', ['-p', String(program.port), ...args]);
    expect(stderr).toBe('');
    return stdout.trimEnd();
  };

  it.each([[[]], [['-2']], [['-3']]])('works with sessions %j', async (protocol) => {
    const token = await cli(...protocol, 'SESSION.NEW', 'user:42', '1800', 'EXTEND', 'GET', 'DATA', 'cart', 'pizza');
    expect(token).toMatch(/^[\w-]{22}$/);
    expect(await cli(...protocol, 'SESSION.GET', token, 'cart')).toBe('pizza');
    expect(await cli(...protocol, 'SESSION.GET', token, 'missing')).toBe('');
    expect(await cli(...protocol, 'SESSION.GETALL', token)).toMatch(/^cart[\n ]pizza$/);
    expect(await cli(...protocol, 'SESSION.TTL', token)).toBe('1800');
    expect(await cli(...protocol, 'SESSION.END', token)).toBe('1');
    expect(await cli(...protocol, 'SESSION.GET', token, 'cart')).toBe('NOSESSION no such session');
  });

  it('keeps bytes: -x reads a value from its input', async () => {
    const token = await cli('SESSION.NEW', 'x');
    const child = spawn('redis-cli', ['-p', String(program.port), '-x', 'SESSION.SET', token, 'bytes']);
    child.stdin.end(Buffer.from([0, 13, 10, 255]));
    await new Promise((resolve) => child.once('close', resolve));
    expect(await cli('--no-raw', 'SESSION.GET', token, 'bytes')).toBe('"\\x00\\r\\n\\xff"');
  });

  it('pipes a hundred thousand requests in', async () => {
    const child = spawn('redis-cli', ['-p', String(program.port), '--pipe']);
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    child.stdin.end('PING\r\n'.repeat(100_000));
    await new Promise((resolve) => child.once('close', resolve));
    expect(output).toContain('errors: 0, replies: 100000');
  });

  it('helps with a command, from its declaration', async () => {
    const help = await cli('help', 'SESSION.NEW');
    expect(help).toContain('name [ttl [deleteSession]] [SHARED] [EXTEND GET|SET|BOTH] [MAXAGE seconds] [LIMIT count]');
    expect(help).toContain('Creates a session.');
  });

  it('shows argument hints at its prompt', async () => {
    // script gives it the terminal that it wants.
    const child = spawn('script', ['-qec', `stty cols 200; redis-cli -p ${program.port}`, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm' },
    });
    const screen = await new Promise<string>((resolve) => {
      let output = '';
      let typed = 0;
      child.stdout.on('data', (text) => {
        output += text;
        if (typed === 0 && output.includes(`${program.port}> `)) {
          typed = 1;
          child.stdin.write('SESSION.NEW ');
        } else if (typed === 1 && output.includes('name [ttl')) {
          typed = 2;
          // Ctrl-U empties the line, Ctrl-D ends redis-cli.
          child.stdin.write('\x15\x04');
        }
      });
      child.once('close', () => resolve(output));
    });
    expect(screen).toContain('name [ttl [deleteSession]] [SHARED]');
  });
});

describe.skipIf(!tools)('redis-benchmark', () => {
  it('connects without a complaint, at any depth', async () => {
    const program = await Program.start();
    const token = (await program
      .client()
      .call('SESSION.NEW', ['x', '60', 'EXTEND', 'GET', 'DATA', 'key', 'value'])) as string;
    for (const args of [
      ['-t', 'ping', '-P', '1'],
      ['-P', '16', 'SESSION.GET', token, 'key'],
      ['-P', '64', 'SESSION.SET', token, 'key', 'value'],
    ]) {
      const { stdout, stderr } = await run('redis-benchmark', [
        '-p',
        String(program.port),
        '-n',
        '5000',
        '-q',
        ...args,
      ]);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/requests per second/);
      expect(stdout).not.toMatch(/WARNING|ERR/);
    }
    await program.stop();
  });
});
