import { setTimeout } from 'node:timers/promises';
import { now } from '../load/clock.js';
import type { LoadGenerator } from '../load/generator.js';
import { Subscriber } from '../load/subscriber.js';
import { fill } from '../measure.js';
import { watchOthers } from '../others.js';
import type { Bench } from '../plan.js';
import { type Server, startChild, stopChild } from '../server.js';
import { type Shape, TYPICAL } from '../sessions.js';

/** The time from the last event to the measurement of what memory is left, in ms. */
const AFTER = 5_000;
/** Requests prepared at a time when deadlines are set: durations begin when the request is sent, so there must be few. */
const BLOCK = 50;
/** Setting the deadlines may take so much longer than the first of them suggest, on a shared machine. */
const MARGIN = 1.5;
const AN_HOUR = 3_600_000;
/** Operations per second of the other client. */
const RATE = 5_000;
/** Sessions that the other client reads. They are the last ones, and never expire. */
const READ = 1_000;

const SESSION: Shape = { ...TYPICAL, ttl: 0, extend: 'NONE' };
const BUSY_LOOP = 'for (;;);';

export const ALONE = 'alone';
export const BESIDE_OTHERS = 'beside a busy process';

/**
 * Measures how late sessions expire, how long other clients wait meanwhile, and how much memory is left afterwards. The
 * sessions are due evenly over a minute, in a different order than they were created in, as real sessions are. The
 * peers are measured alone only: they are late by seconds.
 */
export async function measureLateness(bench: Bench): Promise<void> {
  for (const at of [ALONE, BESIDE_OTHERS]) {
    for (const { name, dialect, start } of bench.main) {
      if (at === BESIDE_OTHERS && dialect === 'redis') continue;
      bench.progress(`${bench.plan.many} sessions due over ${bench.plan.dueSeconds} s, ${at}, ${name}`);
      const server = await start();
      const subscriber = await Subscriber.start(server.port, dialect, bench.plan.many);
      try {
        await observe(bench, server, at, subscriber);
      } finally {
        subscriber.stop();
        await server.stop();
      }
    }
  }
}

async function observe(
  { plan, generator, figures }: Bench,
  server: Server,
  at: string,
  subscriber: Subscriber,
): Promise<void> {
  const { name, dialect, port } = server;
  if (dialect === 'redis') await server.client.config('SET', 'notify-keyspace-events', 'Ex');
  await setTimeout(plan.settle * 1000);
  const empty = server.residentBytes();
  const shape = await fillUntilDue(generator, server, plan.many, plan.dueSeconds * 1000);
  const read = { operation: 'read', shape: SESSION, first: plan.many, count: READ, sample: READ } as const;
  const streams = [{ work: read, connections: 1, perSecond: RATE }];
  const loop = { warmUp: 1, seconds: Infinity };
  const reading = await generator.prepare<'open'>({ kind: 'open', port, dialect, streams, loop });
  await setTimeout(shape.due.begin - now() - 1_000);

  const neighbours = at === ALONE ? [] : [startChild(process.execPath, ['--eval', BUSY_LOOP])];
  const pids = [server, generator, subscriber, ...neighbours].map(({ pid }) => pid as number);
  const others = watchOthers(...pids);
  const replies = reading.begin();
  // If it fails before the subscriber has ended, it is reported below.
  replies.catch(() => {});
  const { lateness, missing, twice } = await subscriber.receive(shape);
  reading.end();
  const { latency, sendDelay } = await replies;
  const taken = others();
  for (const neighbour of neighbours) await stopChild(neighbour);
  if (dialect === 'respite' && missing + twice > 0) {
    throw new Error(`${name}: ${missing} events were missing, ${twice} arrived more than once`);
  }
  const { p50, p99, max } = lateness;
  figures.add({ part: 'lateness', what: 'expired event', at }, name, { p50, p99, max }, taken);
  const waited = { p99: latency.p99, p999: latency.p999, max: latency.max, sentLate: sendDelay.p99 };
  figures.add({ part: 'lateness', what: 'other client', at }, name, waited, taken);
  if (at !== ALONE) return;
  await setTimeout(AFTER);
  const timesEmpty = server.residentBytes() / empty;
  figures.add({ part: 'lateness', what: 'memory 5 s after all expired', at }, name, { timesEmpty }, taken);
}

/**
 * Creates sessions, then sets when they expire. How far ahead the deadlines must be is found out with some of them.
 * @throws Error if the first is due before all deadlines are set.
 */
async function fillUntilDue(generator: LoadGenerator, server: Server, sessions: number, span: number) {
  await fill(generator, server, { operation: 'create', shape: SESSION, count: sessions + READ });
  const setDeadlines = async (begin: number, count: number) => {
    const shape = { ...SESSION, due: { begin, span } };
    await fill(generator, server, { operation: 'expire', shape, count }, BLOCK);
    return shape;
  };
  const started = now();
  await setDeadlines(started + AN_HOUR, sessions / 20);
  const begin = now() + (now() - started) * 20 * MARGIN + 2_000;
  const shape = await setDeadlines(begin, sessions);
  if (now() > begin - 1_200) throw new Error('setting the deadlines took so long that some are over');
  return shape;
}
