import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watched } from '../../child-process.js';
import { isThere, run, works } from '../../tools/external-tool.js';
import { Program } from '../../tools/program.js';

/** Input of redis-cli other than arguments: a value, a stream of requests, what a person types. */

const there = isThere('redis-cli', 'redis-tools', works('redis-cli', '--version'));

describe.skipIf(!there)('redis-cli', () => {
  let program: Program;
  beforeAll(async () => {
    program = await Program.start();
  });
  afterAll(() => program.stop());

  const cli = async (...args: string[]) => (await run('redis-cli', ['-p', String(program.port), ...args])).trimEnd();

  it('-x reads a value from its input and keeps all bytes', async () => {
    const token = await cli('SESSION.NEW', 'x');
    const child = watched(spawn('redis-cli', ['-p', String(program.port), '-x', 'SESSION.SET', token, 'bytes']));
    child.stdin.end(Buffer.from([0, 13, 10, 255]));
    await new Promise((resolve) => child.once('close', resolve));
    expect(await cli('--no-raw', 'SESSION.GET', token, 'bytes')).toBe('"\\x00\\r\\n\\xff"');
  });

  it('--pipe sends a hundred thousand requests', async () => {
    const child = watched(spawn('redis-cli', ['-p', String(program.port), '--pipe']));
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    child.stdin.end('PING\r\n'.repeat(100_000));
    await new Promise((resolve) => child.once('close', resolve));
    expect(output).toContain('errors: 0, replies: 100000');
  });

  it('shows argument hints at its prompt', async () => {
    // `script` provides the terminal that redis-cli needs.
    const child = watched(
      spawn('script', ['-qec', `stty cols 200; redis-cli -p ${program.port}`, '/dev/null'], {
        env: { ...process.env, TERM: 'xterm' },
      }),
    );
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
          // Ctrl-U clears the line, Ctrl-D ends redis-cli.
          child.stdin.write('\x15\x04');
        }
      });
      child.once('close', () => resolve(output));
    });
    expect(screen).toContain('name [ttl [deleteSession]] [SHARED]');
  });
});
