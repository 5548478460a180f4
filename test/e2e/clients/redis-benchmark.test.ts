import { describe, expect, it } from 'vitest';
import { isThere, run, works } from '../../tools/external-tool.js';
import { Program } from '../../tools/program.js';

const there = isThere('redis-benchmark', 'redis-tools', works('redis-benchmark', '--version'));

describe.skipIf(!there)('redis-benchmark', () => {
  it('runs without errors at any pipeline depth', async () => {
    const program = await Program.start();
    const token = (await program
      .client()
      .call('SESSION.NEW', ['x', '3600', 'EXTEND', 'GET', 'DATA', 'key', 'value'])) as string;
    for (const args of [
      ['-t', 'ping', '-P', '1'],
      ['-P', '16', 'SESSION.GET', token, 'key'],
      ['-P', '64', 'SESSION.SET', token, 'key', 'value'],
    ]) {
      const stdout = await run('redis-benchmark', ['-p', String(program.port), '-n', '5000', '-q', ...args]);
      expect(stdout).toMatch(/requests per second/);
      expect(stdout).not.toMatch(/WARNING|Error from server/);
    }
    await program.stop();
  });
});
