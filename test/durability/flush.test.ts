import { afterEach, expect, it } from 'vitest';
import { Durability } from '../../src/durability/durability.js';
import { SessionEngine, systemClock } from '../../src/engine/index.js';
import type { SyncPolicy } from '../../src/journal/index.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';

const open: Durability[] = [];
afterEach(async () => {
  for (const durability of open.splice(0)) await durability.close();
});

async function start(policy: SyncPolicy, clock = new FakeClock()) {
  const engine: SessionEngine = new SessionEngine({ clock: systemClock });
  const durability = new Durability(
    {
      directory: temporaryDirectory(),
      policy,
      clock,
      growth: () => ({ percentage: 0, minSize: 0 }),
      log: { notice() {}, warning() {} },
    },
    () => engine,
  );
  open.push(durability);
  await durability.load();
  return { durability, clock };
}

it.each(['always', 'everysec', 'no'] as const)(
  'with %s, makes everything durable before a second is over',
  async (policy) => {
    const { durability, clock } = await start(policy);
    for (const token of ['first', 'second']) {
      durability.append('GONE', { token: Slice.of(token) });
      let isDurable = false;
      durability.whenDurable(durability.position, () => {
        isDurable = true;
      });
      // The end of the turn; no time passes.
      clock.step();
      await durability.flush();
      expect(isDurable).toBe(true);
    }
    expect(durability.status).toMatchObject({ pendingBytes: 0 });
    expect(durability.isStrict).toBe(policy === 'always');
    await durability.flush();
  },
);

it('two at a time are both told, and the policy is then what it was', async () => {
  const { durability } = await start('everysec');
  durability.append('GONE', { token: Slice.of('first') });
  await Promise.all([durability.flush(), durability.flush()]);
  // Under `everysec` nothing more is synced while the clock stands still.
  durability.append('GONE', { token: Slice.of('second') });
  let isDurable = false;
  durability.whenDurable(durability.position, () => {
    isDurable = true;
  });
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(isDurable).toBe(false);
});
