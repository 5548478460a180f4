import { expect, it } from 'vitest';
import { Program, runToEnd } from '../../tools/program.js';
import { withoutPackages } from '../../tools/without-packages.js';

it('a server without --store does not load the client package; with --store it says how to install it', async () => {
  const environment = withoutPackages('ioredis');
  const program = await Program.start([], environment);
  await program.stop();
  expect(await program.exited()).toBe(0);

  const { code, err } = await runToEnd(['--port', '0', '--store', 'redis://127.0.0.1:1'], environment);
  expect(code).toBe(1);
  expect(err).toMatch(/the package ioredis, which is not installed: npm install ioredis@6$/m);
});
