import { expect, it } from 'vitest';
import { Durability } from '../../src/durability/durability.js';
import { LockedDirectory } from '../../src/durability/locked-directory.js';
import { SessionEngine } from '../../src/engine/index.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { StandingClock } from '../server/held-disk.js';

it('a compaction that waits for one load does not delay another load', async () => {
  const clock = new StandingClock();
  const lines: string[] = [];
  const log = { notice: (line: string) => lines.push(line), warning: (line: string) => lines.push(line) };
  const growth = () => ({ percentage: 0, minSize: 0 });
  const directory = temporaryDirectory();
  const engine = new SessionEngine({ clock });
  const durability = new Durability(new LockedDirectory(directory), engine, { policy: 'always', clock, growth, log });
  await durability.load();
  const release = await durability.holdCompactions();
  const compaction = durability.compact();
  await expect(durability.compact()).rejects.toThrow('the journal is already being compacted');
  const another = durability.holdCompactions();
  release();
  const releaseOther = await another;
  expect(lines).toEqual([]);
  releaseOther();
  await compaction;
  expect(lines).toEqual([expect.stringMatching(/^compacted the journal /)]);
  await durability.close();
  engine.close();
});
