import { OPERATIONS } from '../operations.js';
import { shuffled } from '../shuffled.js';
import { Client } from './client.js';
import { runClosedLoop } from './closed-loop.js';
import { fill } from './fill.js';
import { runOpenLoop } from './open-loop.js';
import type { Order, Work } from './order.js';
import { receive, send } from './parent.js';
import { type Lane, Requests } from './requests.js';

/**
 * The program of the load generator. It prepares an order, reports that, waits for the start message, and sends its
 * findings. A second message stops an open loop.
 */

const FILLING_CONNECTIONS = 4;
/**
 * With only a few sessions or keys, their requests are repeated up to this number, because requests that are sent
 * together must be contiguous.
 */
const LEAST_REQUESTS = 10_000;

/** Prepares an order. Returns the connections and a function that runs it. */
async function prepare(order: Order): Promise<[readonly Client[], () => Promise<object>]> {
  const exchangeOf = ({ operation, shape }: Work) => OPERATIONS[operation][order.dialect](shape);
  const lanesOf = (work: Work, lanes: number): Lane[] => {
    const { first = 0, count, sample } = work;
    const { request } = exchangeOf(work);
    if (sample === undefined) return new Requests(count, (index) => request(first + index)).parts(lanes);
    const numbers = shuffled(count).subarray(0, sample);
    const length = Math.max(numbers.length, LEAST_REQUESTS);
    return new Requests(length, (index) => request(first + numbers[index % numbers.length])).cycles(lanes);
  };
  switch (order.kind) {
    case 'fill': {
      const clients = await Client.openMany(order.port, FILLING_CONNECTIONS);
      const { first = 0, count } = order.work;
      return [clients, () => fill(clients, exchangeOf(order.work), first, count, order.block).then(() => ({}))];
    }
    case 'closed': {
      const { work, connections, loop } = order;
      const clients = await Client.openMany(order.port, connections);
      const lanes = lanesOf(work, connections);
      const run = () => runClosedLoop(clients, exchangeOf(work).replies, lanes, loop);
      return [clients, async () => ({ operations: await run() })];
    }
    case 'open': {
      const streams = await Promise.all(
        order.streams.map(async ({ work, connections, perSecond }) => ({
          clients: await Client.openMany(order.port, connections),
          replies: exchangeOf(work).replies,
          lane: lanesOf(work, 1)[0],
          perSecond,
        })),
      );
      return [streams.flatMap(({ clients }) => clients), () => runOpenLoop(streams, order.loop, receive())];
    }
  }
}

async function carryOut(order: Order): Promise<object> {
  const [clients, run] = await prepare(order);
  send('prepared');
  await receive();
  const before = process.cpuUsage();
  const start = performance.now();
  try {
    const findings = await run();
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    return { ...findings, seconds, busy: (user + system) / 1e6 / seconds };
  } finally {
    for (const client of clients) client.close();
  }
}

send('started');
for (;;) {
  const order = (await receive()) as Order;
  send(await carryOut(order).catch((error: Error) => ({ failure: error.message })));
}
