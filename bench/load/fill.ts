import type { Exchange } from '../operations.js';
import type { Client } from './client.js';
import { runClosedLoop } from './closed-loop.js';
import { Requests } from './requests.js';

/** Operations that are prepared at a time. All of them would be a gigabyte of requests. */
const BLOCK = 50_000;
const DEPTH = 64;

/** Runs each operation once, as fast as possible. */
export async function fill(
  clients: readonly Client[],
  exchange: Exchange,
  first: number,
  count: number,
  block = BLOCK,
): Promise<void> {
  for (let done = 0; done < count; done += block) {
    const requests = new Requests(Math.min(block, count - done), (index) => exchange.request(first + done + index));
    const loop = { depth: DEPTH, seconds: Infinity };
    await runClosedLoop(clients, exchange.replies, requests.parts(clients.length), loop);
  }
}
