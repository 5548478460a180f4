import { cpSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { Durability } from '../../src/durability/durability.js';
import { LockedDirectory } from '../../src/durability/locked-directory.js';
import { NO_SESSION, SessionEngine } from '../../src/engine/index.js';
import { Slice } from '../../src/slice.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { diskFull, HeldDisk, StandingClock } from '../server/held-disk.js';
import { turnEventLoop } from '../turn-event-loop.js';

afterEach(() => {
  HeldDisk.repairAll();
  vi.restoreAllMocks();
});

const TOKEN = Slice.of('AAECAwQFBgcICQoLDA0ODw');
const OTHER = Slice.of('EBESExQVFhcYGRobHB0eHw');
const HOUR = 3_600_000;

/** The clocks of a machine. The wall clock can be set. Each process has a monotonic clock that starts anew. */
class Machine {
  clock = new StandingClock();

  set(ms: number): void {
    this.clock.setWall(this.clock.wall() + ms);
  }

  /** Starts another process. */
  begin(): void {
    const wall = this.clock.wall();
    this.clock = new StandingClock();
    this.clock.setWall(wall);
  }
}

async function start(directory: string, { clock }: Machine) {
  const lines: string[] = [];
  const log = { notice: (line: string) => lines.push(line), warning: (line: string) => lines.push(line) };
  const growth = () => ({ percentage: 0, minSize: 0 });
  const engine = new SessionEngine({ clock });
  const durability = new Durability(new LockedDirectory(directory), engine, { policy: 'always', clock, growth, log });
  await durability.load();
  return {
    durability,
    engine,
    lines,
    left: (token = TOKEN) => {
      const session = engine.find(token);
      return session === NO_SESSION ? 0 : engine.timeLeft(session);
    },
    /** Stops the server, and returns a directory as a kill would have left it. */
    killed: async () => {
      await durability.flush();
      const copy = temporaryDirectory();
      cpSync(directory, copy, { recursive: true });
      await durability.close();
      engine.close();
      return copy;
    },
  };
}

/** Sets the system clock forward by `by` ms, and waits until this is recorded. */
async function setNoted(machine: Machine, by: number, { durability, lines }: Awaited<ReturnType<typeof start>>) {
  machine.set(by);
  durability.beat();
  while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(lines.splice(0)).toEqual([`the system clock was set by ${by} ms: sessions still last as long as before`]);
  durability.beat();
  expect(lines).toEqual([]);
}

it.each([2 * HOUR, -2 * HOUR])(
  'sessions last as long as before, even if the clock is set by %d ms and the server is killed',
  async (by) => {
    const machine = new Machine();
    let run = await start(temporaryDirectory(), machine);
    run.engine.create(Slice.of('before'), { token: TOKEN, duration: 100_000, maxAgeMs: 90_000 });
    await setNoted(machine, by, run);
    run.engine.create(Slice.of('after'), { token: OTHER, duration: 100_000 });
    for (let kills = 1; kills <= 3; kills++) {
      const directory = await run.killed();
      machine.begin();
      // The server is down for 10 s.
      machine.clock.freeze(10_000);
      run = await start(directory, machine);
      for (const [token, whole] of [
        [TOKEN, 90_000],
        [OTHER, 100_000],
      ] as const) {
        expect(run.left(token)).toBeGreaterThanOrEqual(whole - kills * 10_000);
        expect(run.left(token)).toBeLessThanOrEqual(whole - kills * 10_000 + 5);
      }
      // A base uses the same clock.
      if (kills === 2) await run.durability.compact();
    }
    await setNoted(machine, -by, run);
    await run.durability.close();
    expect(run.left(OTHER)).toBeGreaterThan(60_000);
    run.engine.close();
  },
);

it('the time left never exceeds the duration, even if the clock was set back while the server was down', async () => {
  const machine = new Machine();
  const run = await start(temporaryDirectory(), machine);
  run.engine.create(Slice.of('x'), { token: TOKEN, duration: 100_000, extend: 'get' });
  run.engine.create(Slice.of('x'), { token: OTHER, maxAgeMs: 50_000 });
  const directory = await run.killed();
  machine.begin();
  machine.set(-2 * HOUR);
  const again = await start(directory, machine);
  expect(again.left(TOKEN)).toBe(100_000);
  expect(again.left(OTHER)).toBe(50_000);
  const { maxAgeEnd } = again.engine.state(again.engine.find(OTHER));
  expect(maxAgeEnd - machine.clock.now()).toBe(50_000);
  await again.durability.close();
  again.engine.close();
});

it('records when it stops, at the latest, that the clock was set', async () => {
  const machine = new Machine();
  const directory = temporaryDirectory();
  const run = await start(directory, machine);
  run.engine.create(Slice.of('x'), { token: TOKEN, duration: 100_000 });
  machine.set(2 * HOUR);
  await run.durability.close();
  machine.begin();
  const again = await start(directory, machine);
  expect(again.left()).toBeGreaterThan(99_000);
  await again.durability.close();
});

it('that the clock was set is recorded when the disk works again, and logged once', async () => {
  const disk = new HeldDisk();
  const machine = new Machine();
  const { durability, lines } = await start(temporaryDirectory(), machine);
  disk.failure = diskFull();
  machine.set(2 * HOUR);
  const noted = (text: string) => lines.filter((line) => line.includes(text));
  while (noted('could not record').length === 0) {
    durability.beat();
    await turnEventLoop();
  }
  for (let beats = 0; beats < 200; beats++) {
    durability.beat();
    await turnEventLoop();
  }
  disk.failure = undefined;
  while (noted('the system clock was set').length === 0) {
    durability.beat();
    await turnEventLoop();
  }
  expect(noted('could not record')).toHaveLength(1);
  await durability.close();
});
