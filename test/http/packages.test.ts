import { expect, it } from 'vitest';
import { Program, runToEnd } from '../tools/program.js';
import { withoutPackages } from '../tools/without-packages.js';

it('a server without http-port does not load the packages for it; with http-port it says what is missing', async () => {
  const environment = withoutPackages('hono', '@hono/node-server', 'prom-client');
  const program = await Program.start([], environment);
  await program.stop();
  expect(await program.exited()).toBe(0);

  const { code, err } = await runToEnd(['--port', '0', '--http-port', '0'], environment);
  expect(code).toBe(1);
  expect(err).toMatch(/^error: http-port needs the package [\w@/-]+: npm install [\w@/-]+$/m);
});

it.each(['0.0.0.0', '*', '127.0.0.1 ::', 'example.test'])(
  'the program refuses to serve HTTP on %s without a password',
  async (addresses) => {
    const { code, err } = await runToEnd(['--port', '0', '--http-port', '0', '--http-bind', addresses]);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^error: cannot listen on \S+: respite is in protected mode: .*\n$/),
    ]);
  },
);

it('the program serves HTTP elsewhere with a password, or if protected mode is off', async () => {
  for (const args of [
    ['--requirepass', 'x'],
    ['--protected-mode', 'no'],
  ]) {
    const program = await Program.start(['--http-port', '0', '--http-bind', '0.0.0.0', ...args]);
    expect(program.log).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
    await program.stop();
  }
});
