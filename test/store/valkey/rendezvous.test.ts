import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partitionsOf } from '../../../src/store/valkey/owning/rendezvous.js';

const ids = fc.uniqueArray(fc.stringMatching(/^[0-9a-f]{16}$/), { minLength: 1, maxLength: 8 });

describe('the partitions of a process', () => {
  it('are each owned by exactly one process', () => {
    fc.assert(
      fc.property(ids, (processes) => {
        const owned = processes.flatMap((id) => partitionsOf(id, processes, 256));
        expect(owned.sort((a, b) => a - b)).toEqual(Array.from({ length: 256 }, (_, number) => number));
      }),
    );
  });

  it('stay with it when another process leaves', () => {
    fc.assert(
      fc.property(ids, (processes) => {
        for (const id of processes.slice(1)) {
          const before = partitionsOf(id, processes, 256);
          const after = partitionsOf(id, processes.slice(1), 256);
          expect(after).toEqual(expect.arrayContaining(before));
        }
      }),
    );
  });

  it('are about equally many', () => {
    const processes = Array.from({ length: 4 }, (_, i) => `process ${i}`);
    for (const id of processes) {
      const { length } = partitionsOf(id, processes, 4096);
      expect(Math.abs(length - 1024)).toBeLessThan(150);
    }
  });
});
