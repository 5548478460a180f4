import { expect, it } from 'vitest';
import { isCompactionDue } from '../../src/journal/auto-compaction.js';

const MB = 1e6;

it.each([
  [{ size: 100 * MB, baseSize: 50 * MB }, { percentage: 100, minSize: 64 * MB }, true],
  [{ size: 99 * MB, baseSize: 50 * MB }, { percentage: 100, minSize: 64 * MB }, false],
  [{ size: 60 * MB, baseSize: 1 * MB }, { percentage: 100, minSize: 64 * MB }, false],
  [{ size: 65 * MB, baseSize: 0 }, { percentage: 100, minSize: 64 * MB }, true],
  [{ size: 500 * MB, baseSize: 1 * MB }, { percentage: 0, minSize: 0 }, false],
])('with the sizes %j and the limits %j, a compaction is due: %s', (sizes, limits, due) => {
  expect(isCompactionDue(sizes, limits)).toBe(due);
});
