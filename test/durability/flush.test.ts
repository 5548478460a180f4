import { afterEach, expect, it } from 'vitest';
import { Durability } from '../../src/durability/durability.js';
import { LockedDirectory } from '../../src/durability/locked-directory.js';
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
  const engine = new SessionEngine({ clock: systemClock });
  const durability = new Durability(new LockedDirectory(temporaryDirectory()), engine, {
    policy,
    clock,
    growth: () => ({ percentage: 0, minSize: 0 }),
    log: { notice() {}, warning() {} },
  });
  open.push(durability);
  await durability.load();
  return {
    durability,
    clock,
    change: () => engine.create(Slice.of('user')),
    /** Makes everything appended so far durable, within a turn. */
    async flush(): Promise<void> {
      const flushed = durability.flush();
      clock.step();
      await flushed;
    },
  };
}

it.each(['always', 'everysec', 'no'] as const)(
  'with %s, makes everything durable without waiting for the next second',
  async (policy) => {
    const { durability, change, flush } = await start(policy);
    for (let times = 0; times < 2; times++) {
      change();
      let isDurable = false;
      durability.whenDurable(durability.position, () => {
        isDurable = true;
      });
      // No time passes.
      await flush();
      expect(isDurable).toBe(true);
    }
    expect(durability.status).toMatchObject({ pendingBytes: 0 });
    expect(durability.isStrict).toBe(policy === 'always');
    await flush();
  },
);

it('two calls at once both resolve, and the policy is unchanged afterwards', async () => {
  const { durability, change, flush } = await start('everysec');
  change();
  await Promise.all([flush(), flush()]);
  // With `everysec` nothing more is synced while the clock stands still.
  change();
  let isDurable = false;
  durability.whenDurable(durability.position, () => {
    isDurable = true;
  });
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(isDurable).toBe(false);
});
