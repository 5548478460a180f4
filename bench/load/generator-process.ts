import { receive, send } from '../expiry/parent.js';
import type { Act, Dialect, DialectName } from '../sessions/dialect.js';
import { redisDialect } from '../sessions/redis-dialect.js';
import { respiteDialect } from '../sessions/respite-dialect.js';
import { shuffled } from '../shuffled.js';
import { type Address, Client } from './client.js';
import { runClosedLoop } from './closed-loop.js';
import { fill } from './fill.js';
import { Lane } from './lane.js';
import { runOpenLoop, type Stream } from './open-loop.js';
import type { Order, StreamOrder, Work } from './order.js';
import { PreparedRequests } from './prepared-requests.js';

/**
 * The program of the load generator. It prepares an order, reports that, waits for the start message, and sends its
 * findings.
 */

const FILLING_CONNECTIONS = 4;
/**
 * With only a few sessions or keys, their requests are repeated up to this number, because requests that are sent
 * together must be contiguous.
 */
const LEAST_REQUESTS = 10_000;
const DIALECTS: Record<DialectName, Dialect> = { respite: respiteDialect, redis: redisDialect };

/** An order that is ready to run. */
interface Prepared {
  readonly clients: readonly Client[];
  readonly run: () => Promise<object | undefined>;
}

async function prepare(order: Order): Promise<Prepared> {
  switch (order.kind) {
    case 'fill': {
      const clients = await open(order.address, FILLING_CONNECTIONS);
      const { first, count } = order.work;
      return { clients, run: () => fill(clients, actOf(order.work), first, count).then(() => undefined) };
    }
    case 'closed': {
      const clients = await open(order.address, order.connections);
      const requests = requestsOf(order.work);
      const lanes = clients.map((_, lane) => laneOf(order.work, requests, lane, clients.length));
      return { clients, run: () => runClosedLoop(clients, actOf(order.work).replies, lanes, order.loop) };
    }
    case 'open': {
      const streams = await Promise.all(order.streams.map((stream) => prepareStream(order.address, stream)));
      return { clients: streams.flatMap(({ clients }) => clients), run: () => runOpenLoop(streams, order.loop) };
    }
  }
}

async function prepareStream(address: Address, { work, connections, perSecond }: StreamOrder): Promise<Stream> {
  const clients = await open(address, connections);
  return { clients, replies: actOf(work).replies, lane: laneOf(work, requestsOf(work), 0, 1), perSecond };
}

function open(address: Address, connections: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: connections }, () => Client.open(address)));
}

function actOf({ dialect, verb, shape }: Work): Act {
  return DIALECTS[dialect][verb](shape);
}

function requestsOf(work: Work): PreparedRequests {
  const act = actOf(work);
  const { first, count, sample } = work;
  if (sample === undefined) return new PreparedRequests(count, (index) => act.request(first + index));
  const numbers = shuffled(count).subarray(0, sample);
  const requests = Math.max(numbers.length, LEAST_REQUESTS);
  return new PreparedRequests(requests, (index) => act.request(first + numbers[index % numbers.length]));
}

function laneOf({ sample }: Work, requests: PreparedRequests, lane: number, lanes: number): Lane {
  return sample === undefined ? Lane.part(requests, lane, lanes) : Lane.cycle(requests, lane, lanes);
}

async function carryOut(order: Order): Promise<object> {
  const { clients, run } = await prepare(order);
  send('prepared');
  await receive();
  const before = process.cpuUsage();
  const start = performance.now();
  try {
    const findings = await run();
    const { user, system } = process.cpuUsage(before);
    return { ...findings, busy: (user + system) / 1000 / (performance.now() - start) };
  } finally {
    for (const client of clients) client.close();
  }
}

await receive();
send('started');
for (;;) {
  const order = (await receive()) as Order;
  send(await carryOut(order).catch((error: Error) => ({ failure: error.message })));
}
