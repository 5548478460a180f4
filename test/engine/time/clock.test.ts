import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { watched } from '../../child-process.js';

const run = promisify(execFile);
const ENGINE = new URL('../../../dist/engine/index.js', import.meta.url).href;

const inProcess = (script: string) => {
  const args = ['--input-type=module', '-e', `import { SessionEngine, Slice } from '${ENGINE}';\n${script}`];
  const running = run(process.execPath, args);
  watched(running.child);
  return running;
};

/** These run in separate processes: only there nothing else wakes the event loop. */
it('the wheel wakes by itself: in an otherwise idle process, many sessions due at once all expire', async () => {
  const { stdout, stderr } = await inProcess(`
    const keepAlive = setTimeout(() => {}, 120_000);
    let left = 50_000;
    const engine = new SessionEngine({
      listener: {
        onSession(event) {
          if (event !== 'expired' || --left > 0) return;
          console.log('all gone');
          clearTimeout(keepAlive);
        },
      },
    });
    for (let i = 0; i < 50_000; i++) engine.create(Slice.of('user:' + i), { duration: 300 });
  `);
  expect([stdout, stderr]).toEqual(['all gone\n', '']);
});

it('a deadline decades away wakes nothing, causes no warning, and does not keep the process alive', async () => {
  const { stdout, stderr } = await inProcess(`
    const engine = new SessionEngine();
    engine.create(Slice.of('user:1'), { duration: (2 ** 31 - 1) * 1000 });
  `);
  expect([stdout, stderr]).toEqual(['', '']);
});
