import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { Estimate } from '../../src/cli/loading.js';
import { watched } from '../child-process.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { Program } from '../tools/program.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const hasTerminal = spawnSync('script', ['--version']).status === 0;
if (!hasTerminal) console.warn('NOTICE: script is not installed: the loading bar is not tested');

/** Returns what a terminal shows of a text: each line as last written. */
function shown(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are controlled by them.
  const withoutModes = text.replace(/\x1b\[\?\d+[hl]|\x1b[78]|\x1b\[\d*K/g, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
  return withoutModes.split('\r\n').map((line) => line.split(/\x1b\[1G|\r/).at(-1) ?? '');
}

describe('loading', () => {
  it.runIf(hasTerminal)('shows a bar on a terminal, which ends at 100 % on a line of its own', async () => {
    const dir = temporaryDirectory();
    const args = ['--appendonly', 'yes', '--dir', dir];
    const before = await Program.start(args);
    const client = before.client();
    for (let i = 0; i < 4; i++) await client.call('SESSION.NEW', ['x', 'DATA', 'key', 'v'.repeat(1_000_000)]);
    await before.stop();
    const command = [process.execPath, CLI, '--bind', '127.0.0.1', '--port', '0', ...args].join(' ');
    const child = watched(spawn('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] }));
    let out = '';
    let stopper: Redis | undefined;
    for await (const text of child.stdout) {
      out += text;
      const port = /is ready on \S+:(\d+) /.exec(out)?.[1];
      if (port === undefined || stopper !== undefined) continue;
      stopper = new Redis(Number(port), { retryStrategy: null, connectTimeout: 60_000 });
      stopper.shutdown('NOSAVE').catch(() => {});
    }
    const lines = shown(out);
    expect(lines[0]).toBe(`loading the journal ${'='.repeat(30)} 100 % of 4.0 MB`);
    expect(lines[1]).toMatch(/^\S+ notice loaded 4 sessions/);
    expect(lines[2]).toMatch(/^\S+ notice respite \S+ is ready/);
  });

  it('estimates the time left from the speed so far', () => {
    const estimate = new Estimate();
    const left = (now: number, loaded: number) => estimate.timeLeft(now, loaded, 1_000_000);
    // What was loaded before the first update does not count.
    expect(left(5000, 0)).toBe('');
    expect(left(5100, 1000)).toBe('');
    expect(left(6000, 100_000)).toBe(', 9 s left');
    expect(left(7000, 500_000)).toBe(', 2 s left');
    expect(left(7500, 1_000_000)).toBe('');
    expect(new Estimate().timeLeft(0, 0, 0)).toBe('');
  });

  it('gives a long time in minutes', () => {
    const estimate = new Estimate();
    estimate.timeLeft(0, 0, 100);
    expect(estimate.timeLeft(10_000, 1, 100)).toBe(', 17 min left');
  });
});
