import type { Client } from './client.js';
import type { Lane } from './lane.js';
import { LatencyHistogram, type LatencySummary } from './latency-histogram.js';
import { SentTimes } from './sent-times.js';

export interface ClosedLoop {
  /** Operations in flight on each connection at all times: for each reply, the next request is sent immediately. */
  readonly depth: number;
  /** The time after which to stop, in seconds. Stops earlier if the requests run out. */
  readonly seconds: number;
}

export interface ClosedLoopFindings {
  readonly acts: number;
  /** From the first request to the last reply. */
  readonly seconds: number;
  /**
   * From sending a request to reading its reply. A closed loop sends nothing while it waits. So these latencies say how
   * long a client waits under full load, but not how long a client waits that sends at fixed times: see `OpenLoop`.
   */
  readonly latency: LatencySummary;
}

/**
 * Runs a closed loop: each client sends the requests of its lane.
 * @throws Error if a reply is wrong.
 */
export function runClosedLoop(
  clients: readonly Client[],
  replies: readonly string[],
  lanes: readonly Lane[],
  { depth, seconds }: ClosedLoop,
): Promise<ClosedLoopFindings> {
  const latencies = new LatencyHistogram();
  let acts = 0;
  let busy = clients.length;
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const end = start + seconds * 1000;
    for (const [index, client] of clients.entries()) {
      const lane = lanes[index];
      const sent = new SentTimes(depth);
      const send = (most: number, instant: number): void => {
        for (let left = most; left > 0 && instant < end; left -= lane.taken) {
          const requests = lane.take(left);
          if (lane.taken === 0) break;
          sent.add(lane.taken, instant);
          client.send(requests);
        }
        if (sent.inFlight > 0 || --busy > 0) return;
        resolve({ acts, seconds: (performance.now() - start) / 1000, latency: latencies.summarize() });
      };
      client.listen(replies, {
        answered(answered, instant) {
          acts += answered;
          sent.remove(answered, instant, latencies);
          send(answered, instant);
        },
        failed: reject,
      });
      send(depth, start);
    }
  });
}
