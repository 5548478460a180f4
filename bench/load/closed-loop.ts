import type { Client } from './client.js';
import type { Lane } from './requests.js';

export interface ClosedLoop {
  /** Operations in flight on each connection at all times: for each reply, the next request is sent immediately. */
  readonly depth: number;
  /** The time after which to stop, in seconds. Stops earlier if the requests run out. */
  readonly seconds: number;
}

/**
 * Runs a closed loop: each client sends the requests of its lane, and a new one for each reply. A closed loop sends
 * nothing while it waits, so it cannot measure latency: see `runOpenLoop`.
 *
 * @returns The number of operations.
 * @throws Error if a reply is wrong.
 */
export function runClosedLoop(
  clients: readonly Client[],
  replies: readonly string[],
  lanes: readonly Lane[],
  { depth, seconds }: ClosedLoop,
): Promise<number> {
  let operations = 0;
  let busy = clients.length;
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const end = start + seconds * 1000;
    for (const [index, client] of clients.entries()) {
      const lane = lanes[index];
      let inFlight = 0;
      const send = (most: number, time: number): void => {
        for (let left = most; left > 0 && time < end; left -= lane.taken) {
          const requests = lane.take(left);
          if (lane.taken === 0) break;
          inFlight += lane.taken;
          client.send(requests);
        }
        if (inFlight === 0 && --busy === 0) resolve(operations);
      };
      const answered = (count: number, time: number): void => {
        operations += count;
        inFlight -= count;
        send(count, time);
      };
      client.listen(replies, answered, reject);
      send(depth, start);
    }
  });
}
