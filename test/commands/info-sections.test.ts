import { expect, it } from 'vitest';
import { SECTIONS } from '../../src/commands/server/info-sections.js';
import type { LoadProgress } from '../../src/durability/durability.js';
import type { Context } from '../../src/execution/context/context.js';
import { FakeClock } from '../fake-clock.js';

/** Returns INFO persistence of a server that is reading its journal. */
function whileLoading(loaded: number, total: number, ms: number) {
  const clock = new FakeClock();
  const progress: LoadProgress = { loaded, total, since: clock.wall() };
  clock.advance(ms);
  const status = { changes: 0, running: undefined, lastSave: 0, lastOk: true, lastMs: undefined, count: 0 };
  return SECTIONS.Persistence({ server: { durability: { progress }, saves: { status }, clock } } as unknown as Context);
}

it('INFO persistence shows how much of the journal has been read', () => {
  expect(whileLoading(250, 1000, 5000)).toMatchObject({
    loading: 1,
    aof_enabled: 1,
    loading_start_time: Date.UTC(2030, 0, 1) / 1000,
    loading_total_bytes: 1000,
    loading_loaded_bytes: 250,
    loading_loaded_perc: '25.00',
    loading_eta_seconds: 15,
  });
});

it('INFO persistence shows no progress before there is any', () => {
  expect(whileLoading(0, 0, 0)).toMatchObject({ loading: 1, loading_loaded_perc: '0.00', loading_eta_seconds: 1 });
});
