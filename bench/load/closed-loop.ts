import type { Client } from './client.js';
import type { LatencyHistogram } from './latency-histogram.js';
import type { Lane } from './requests.js';
import { SentTimes } from './sent-times.js';

export interface ClosedLoop {
  /** Operations in flight on each connection at all times: for each reply, the next request is sent immediately. */
  readonly depth: number;
  /** The time after which to stop, in seconds. Stops earlier if the requests run out. */
  readonly seconds: number;
}

/**
 * Runs a closed loop: each client sends the requests of its lane, and a new one for each reply. A closed loop sends
 * nothing while it waits. So its latencies say how long a client waits under full load, but not how long a client waits
 * that sends at fixed times: see `OpenLoop`.
 *
 * @param latencies Receives the time from sending each request to reading its reply.
 * @returns The number of operations.
 * @throws Error if a reply is wrong.
 */
export function runClosedLoop(
  clients: readonly Client[],
  replies: readonly string[],
  lanes: readonly Lane[],
  { depth, seconds }: ClosedLoop,
  latencies: LatencyHistogram,
): Promise<number> {
  let operations = 0;
  let busy = clients.length;
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const end = start + seconds * 1000;
    for (const [index, client] of clients.entries()) {
      const lane = lanes[index];
      const sent = new SentTimes(depth);
      const send = (most: number, time: number): void => {
        for (let left = most; left > 0 && time < end; left -= lane.taken) {
          const requests = lane.take(left);
          if (lane.taken === 0) break;
          sent.add(lane.taken, time);
          client.send(requests);
        }
        if (sent.inFlight === 0 && --busy === 0) resolve(operations);
      };
      client.listen(replies, {
        answered(answered, time) {
          operations += answered;
          sent.remove(answered, time, latencies);
          send(answered, time);
        },
        failed: reject,
      });
      send(depth, start);
    }
  });
}
