import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../bench/load/latency-histogram.js';
import { SentTimes } from '../../bench/load/sent-times.js';

describe('SentTimes', () => {
  it('gives each reply the latency of the oldest request, even where the ring wraps around', () => {
    const latencies = new LatencyHistogram();
    const sent = new SentTimes(4);
    sent.add(3, 0);
    sent.remove(2, 10, latencies);
    sent.add(3, 10);
    sent.remove(4, 15, latencies);
    expect(sent.inFlight).toBe(0);
    // 10 and 10; 15; 5, 5 and 5.
    expect(latencies.count).toBe(6);
    expect(latencies.summarize()).toMatchObject({ p50: expect.closeTo(5), max: expect.closeTo(15) });
  });
});
