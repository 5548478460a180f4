import type { Act } from '../sessions/dialect.js';
import type { Client } from './client.js';
import { runClosedLoop } from './closed-loop.js';
import { Lane } from './lane.js';
import { PreparedRequests } from './prepared-requests.js';

/** Operations that are prepared at a time. All of them would be a gigabyte of requests. */
const BLOCK = 50_000;
const DEPTH = 64;

/** Runs each operation once, as fast as possible. */
export async function fill(clients: readonly Client[], act: Act, first: number, count: number): Promise<void> {
  for (let done = 0; done < count; done += BLOCK) {
    const block = Math.min(BLOCK, count - done);
    const requests = new PreparedRequests(block, (index) => act.request(first + done + index));
    const lanes = clients.map((_, lane) => Lane.part(requests, lane, clients.length));
    await runClosedLoop(clients, act.replies, lanes, { depth: DEPTH, seconds: Infinity });
  }
}
