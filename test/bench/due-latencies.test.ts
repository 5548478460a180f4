import { describe, expect, it } from 'vitest';
import { DueLatencies } from '../../bench/load/due-latencies.js';
import { LatencyHistogram } from '../../bench/load/latency-histogram.js';

/** One operation each ms from 1000 on. */
function everyMs(clients: number, latencies: LatencyHistogram, from = 0): DueLatencies {
  return new DueLatencies(1000, 1000, clients, latencies, from);
}

describe('DueLatencies', () => {
  it('counts what is due by a time, that time included', () => {
    const due = everyMs(1, new LatencyHistogram());
    expect([999.9, 1000, 1000.5, 1001, 1002.9].map((time) => due.dueBy(time))).toEqual([0, 1, 1, 2, 3]);
  });

  it('counts a pause of the server for every operation that was due in it', () => {
    const latencies = new LatencyHistogram();
    const due = everyMs(1, latencies);
    // Operations 0 to 899 are answered immediately. Operation 900 keeps the server busy until 2000, and those after it
    // wait.
    for (let operation = 0; operation < 900; operation++) due.answered(0, 1, due.due(operation));
    due.answered(0, 100, 2000);
    const { p50, p99, max } = latencies.summarize();
    expect({ count: latencies.count, p50 }).toEqual({ count: 1000, p50: 0 });
    // 1 of 100 was due at least 90 ms before the end of the pause. Without the correction it would be 1 of 1000.
    expect(p99).toBeCloseTo(90, -1);
    expect(max).toBeCloseTo(100, 0);
  });

  it('knows which operation a reply belongs to when clients take turns', () => {
    const latencies = new LatencyHistogram();
    const due = everyMs(3, latencies);
    // Client 2 has the operations 2, 5 and 8, due at 1002, 1005 and 1008.
    due.answered(2, 3, 1008);
    expect(latencies.count).toBe(3);
    expect(latencies.summarize()).toMatchObject({ p50: expect.closeTo(3), max: expect.closeTo(6) });
  });

  it('ignores what was due before the recording', () => {
    const latencies = new LatencyHistogram();
    const due = everyMs(1, latencies, 1002);
    due.answered(0, 4, 1003);
    expect(latencies.count).toBe(2);
  });
});
