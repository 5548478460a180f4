import { once } from 'node:events';
import { OPERATIONS, requestOf } from '../operations.js';
import { shuffled } from '../shuffled.js';
import { Client } from './client.js';
import { runClosedLoop } from './closed-loop.js';
import { ExpiredEvents } from './expired-events.js';
import { runOpenLoop } from './open-loop.js';
import type { Fill, Order, Target, Work } from './orders.js';
import { type Lane, Requests } from './requests.js';

/**
 * The program of the load generator. It prepares an order, reports that, waits for the start message, and sends its
 * findings. A second message stops an open loop.
 */

const FILLING = { connections: 4, depth: 64, seconds: Infinity };
/**
 * With only a few sessions or keys, their requests are repeated up to this number, because requests that are sent
 * together must be contiguous.
 */
const LEAST_REQUESTS = 10_000;

/** What runs when the start message arrives, and what it needs. */
interface Task {
  readonly open: readonly { close(): void }[];
  run(start: unknown): Promise<object>;
}

async function prepare(targets: readonly Target[], order: Order): Promise<Task> {
  const [target] = targets;
  switch (order.kind) {
    case 'fill': {
      const clients = await openMany(targets, FILLING.connections);
      return { open: clients, run: () => fill(clients, targets, order) };
    }
    case 'closed': {
      const clients = await openMany(targets, order.connections);
      const lanes = lanesOf(targets, order.work, clients.length);
      const replies = repliesTo(target, order.work);
      return { open: clients, run: async () => ({ operations: await runClosedLoop(clients, replies, lanes, order) }) };
    }
    case 'open': {
      const streams = await Promise.all(
        order.streams.map(async ({ work, connections, perSecond }) => ({
          clients: await Client.openMany(target.port, connections),
          replies: repliesTo(target, work),
          lane: lanesOf([target], work, 1)[0],
          perSecond,
        })),
      );
      return { open: streams.flatMap(({ clients }) => clients), run: () => runOpenLoop(streams, order, receive()) };
    }
    case 'events': {
      const events = await ExpiredEvents.subscribe(target, order.sessions);
      return { open: [events], run: (shape) => events.receive(shape as Work['shape']) };
    }
  }
}

/** Opens the same number of connections to each target. */
async function openMany(targets: readonly Target[], connections: number): Promise<Client[]> {
  const each = Math.ceil(connections / targets.length);
  return (await Promise.all(targets.map(({ port }) => Client.openMany(port, each)))).flat();
}

/** Returns the requests that each of several clients sends, see `openMany`. */
function lanesOf(targets: readonly Target[], work: Work, clients: number): Lane[] {
  const { operation, shape, first = 0, count, sample } = work;
  const step = targets.length;
  return targets.flatMap(({ dialect, tag }, index) => {
    const steps = OPERATIONS[operation][dialect];
    // A target gets each number that has this remainder, whichever is first, so that it has what it is asked for.
    const start = (((index - first) % step) + step) % step;
    const own = Math.ceil((count - start) / step);
    const request = (place: number) => requestOf(steps(shape, first + start + place * step), tag);
    if (sample === undefined) return new Requests(own, request).parts(clients / step);
    const places = shuffled(own).subarray(0, Math.ceil(sample / step));
    const length = Math.max(places.length, LEAST_REQUESTS);
    return new Requests(length, (at) => request(places[at % places.length])).cycles(clients / step);
  });
}

function repliesTo({ dialect }: Target, { operation, shape, first = 0 }: Work): string[] {
  return OPERATIONS[operation][dialect](shape, first).map(([, reply]) => reply);
}

async function fill(clients: readonly Client[], targets: readonly Target[], { work, block }: Fill): Promise<object> {
  const { first = 0, count } = work;
  for (let done = 0; done < count; done += block) {
    const part = { ...work, first: first + done, count: Math.min(block, count - done) };
    await runClosedLoop(clients, repliesTo(targets[0], part), lanesOf(targets, part, clients.length), FILLING);
  }
  return {};
}

async function carryOut({ targets, order }: { targets: readonly Target[]; order: Order }): Promise<object> {
  const { open, run } = await prepare(targets, order);
  process.send?.('prepared');
  const start = await receive();
  const before = process.cpuUsage();
  const began = performance.now();
  try {
    const findings = await run(start);
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(before);
    return { ...findings, seconds, busy: (user + system) / 1e6 / seconds };
  } finally {
    for (const each of open) each.close();
  }
}

/** Returns the next message of the parent process. */
async function receive(): Promise<unknown> {
  const [message] = await once(process, 'message');
  return message;
}

process.once('disconnect', () => process.exit());
process.send?.('started');
for (;;) {
  const task = (await receive()) as { targets: readonly Target[]; order: Order };
  process.send?.(await carryOut(task).catch((error: Error) => ({ failure: error.message })));
}
