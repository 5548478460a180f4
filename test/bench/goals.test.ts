import { describe, expect, it } from 'vitest';
import type { ActRound, Findings } from '../../bench/comparison/findings.js';
import { judge } from '../../bench/comparison/goals.js';

const latency = { count: 1, p50: 1, p99: 1, p999: 1, max: 1 };
const round = (cpu: number | null, perSecond: number): ActRound => ({ cpu, perSecond, latency, generatorBusy: 0 });
const NOTHING: Findings = {
  acts: [],
  memory: [],
  expired: {},
  tail: {},
  growth: [],
  journal: { writes: [], restarts: {} },
};

function verdict(findings: Partial<Findings>, what: string) {
  return judge({ ...NOTHING, ...findings }).find((candidate) => candidate.what === what);
}

function acts(respite: ActRound[], redis: ActRound[]): Partial<Findings> {
  return { acts: [{ act: 'read, sliding', depth: 16, servers: { respite, Redis: redis } }] };
}

describe('the goals', () => {
  it('are met at the limit, from below for CPU and from above for operations per second', () => {
    const found = acts([round(7, 140)], [round(10, 100)]);
    expect(verdict(found, 'read, sliding, depth 16: CPU per operation relative to Redis')).toMatchObject({
      figure: 0.7,
      met: true,
    });
    expect(verdict(found, 'read, sliding, depth 16: operations per second relative to Redis')).toMatchObject({
      figure: 1.4,
      met: true,
    });
  });

  it('are missed beyond the limit', () => {
    const found = acts([round(7.1, 139)], [round(10, 100)]);
    expect(verdict(found, 'read, sliding, depth 16: CPU per operation relative to Redis')?.met).toBe(false);
    expect(verdict(found, 'read, sliding, depth 16: operations per second relative to Redis')?.met).toBe(false);
  });

  it('are not met and have no figure if nothing was measured', () => {
    const found = acts([round(null, 1)], [round(10, 1)]);
    expect(verdict(found, 'read, sliding, depth 16: CPU per operation relative to Redis')).toMatchObject({
      figure: null,
      met: false,
    });
    expect(judge(NOTHING).filter(({ met }) => met)).toEqual([]);
  });

  it('of growth compare the largest size with the smallest', () => {
    const growth = [1_000, 10_000, 5_000_000].map((size, index) => ({
      of: 'sessions' as const,
      verb: 'read' as const,
      size,
      servers: { respite: [2, 9, 5].slice(index, index + 1), Redis: [1] },
    }));
    expect(verdict({ growth }, 'growth: read with the most sessions, relative to the fewest')).toMatchObject({
      figure: 2.5,
      met: false,
    });
  });
});
