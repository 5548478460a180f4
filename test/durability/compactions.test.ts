import { expect, it } from 'vitest';
import { Durability } from '../../src/durability/durability.js';
import { type Clock, SessionEngine, systemClock } from '../../src/engine/index.js';
import { Slice } from '../../src/slice.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';

const TOKEN = Slice.of('AAECAwQFBgcICQoLDA0ODw');

/** By how much somebody has set the clock of the system. */
let shift = 0;
const clock: Clock = { ...systemClock, wall: () => Date.now() + shift };

async function start(directory: string) {
  const lines: string[] = [];
  const log = { notice: (line: string) => lines.push(line), warning: (line: string) => lines.push(line) };
  const growth = () => ({ percentage: 0, minSize: 0 });
  const durability: Durability = new Durability({ directory, policy: 'everysec', clock, growth, log }, () => engine);
  const engine: SessionEngine = new SessionEngine({ clock, changes: durability.recorder });
  await durability.load();
  return { durability, engine, lines };
}

it.each([3600, -3600])(
  'no session ends at another time after a restart though the clock was set by %d s',
  async (by) => {
    const directory = temporaryDirectory();
    const { durability, engine, lines } = await start(directory);
    engine.create(Slice.of('user'), { token: TOKEN, duration: 1_800_000 });
    durability.compactIfDue();
    expect(durability.status?.compaction.running).toBeUndefined();
    shift += by * 1000;
    durability.compactIfDue();
    while (durability.status?.compaction.running !== undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(lines[0]).toBe('the clock of the system was set: deadlines are written anew');
    durability.compactIfDue();
    expect(durability.status?.compaction.running).toBeUndefined();
    await durability.close();
    engine.close();

    const again = await start(directory);
    const left = again.engine.timeLeft(again.engine.find(TOKEN));
    expect(left).toBeGreaterThan(1_700_000);
    expect(left).toBeLessThanOrEqual(1_801_000);
    await again.durability.close();
    again.engine.close();
  },
);
