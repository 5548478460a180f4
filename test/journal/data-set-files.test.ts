import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dataSetIn,
  isDataSetName,
  isUnfinishedDataSet,
  newestDataSetFile,
  nextDataSetFile,
} from '../../src/journal/data-set-files.js';

const NOW = Date.UTC(2030, 0, 1);

describe('names of data sets', () => {
  it.each(['a', 'dump', 'A-b_c.9', '...', '.hidden', '-x', '0', 'x'.repeat(200)])('%j is valid', (name) => {
    expect(isDataSetName(name)).toBe(true);
  });

  it.each(['', '.', '..', '/', 'a/b', '../a', 'a\\b', 'a b', 'a\n', 'ä', 'a\0', '*', 'x'.repeat(201), 'x'.repeat(300)])(
    '%j is invalid',
    (name) => {
      expect(isDataSetName(name)).toBe(false);
    },
  );
});

describe('files of data sets', () => {
  it('have the name and the time of the save', () => {
    const file = nextDataSetFile([], 'v1.2-beta_3', NOW);
    expect(file).toBe('v1.2-beta_3.001893456000000-000000');
    expect(dataSetIn(file)).toBe('v1.2-beta_3');
  });

  it.each([
    'lock',
    'dump',
    'dump.tmp',
    'dump.001893456000000-000000.tmp',
    'dump.001893456000000-000000.damaged-1',
    'dump.01893456000000-000000',
    'dump.001893456000000-0000000',
    '.001893456000000-000000',
    '..001893456000000-000000',
    'a/b.001893456000000-000000',
  ])('%s is not one', (file) => {
    expect(dataSetIn(file)).toBeUndefined();
  });

  it('left by a crash are distinguished from all others', () => {
    const files = ['dump.001893456000000-000000', 'dump.001893456000000-000000.tmp', 'x.tmp', 'lock', 'base.1.tmp'];
    expect(files.filter(isUnfinishedDataSet)).toEqual([files[1]]);
  });

  it('are found by the complete name, even if another name looks like a file of the first', () => {
    const first = nextDataSetFile([], 'a', NOW);
    const second = nextDataSetFile([first], first, NOW + 1);
    const files = [first, second, nextDataSetFile([], 'a.', NOW + 2), nextDataSetFile([], 'a-000001', NOW + 3)];
    expect(newestDataSetFile(files, 'a')).toBe(first);
    expect(newestDataSetFile(files, first)).toBe(second);
    expect(newestDataSetFile(files, 'b')).toBeUndefined();
  });

  const character = fc.constantFrom(...'ab01.-_');
  const name = fc.string({ unit: character, minLength: 1, maxLength: 40 }).filter(isDataSetName);
  it('sort in the order of the saves, whatever the clock does', () => {
    const step = fc.constantFrom(0, 0.5, 1, -1, -NOW, 1000);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 2 }), step), { minLength: 1 }),
        fc.tuple(name, name, name),
        (saves, names) => {
          const files: string[] = [];
          const latest = new Map<string, string>();
          let now = NOW;
          for (const [which, ms] of saves) {
            now += ms;
            const file = nextDataSetFile(files, names[which], now);
            expect(files).not.toContain(file);
            expect(dataSetIn(file)).toBe(names[which]);
            files.unshift(file);
            latest.set(names[which], file);
          }
          for (const [each, file] of latest) expect(newestDataSetFile(files, each)).toBe(file);
        },
      ),
    );
  });

  it('continue in the next millisecond when one has the highest number', () => {
    const next = (file: string) => nextDataSetFile([file], 'a', NOW);
    expect(next('a.001893456000000-000009')).toBe('a.001893456000000-000010');
    expect(next('a.001893456000000-999999')).toBe('a.001893456000001-000000');
    expect(() => next('a.999999999999999-999999')).toThrow('is out of range');
  });
});
