import { setTimeout } from 'node:timers/promises';
import type { Comparison } from '../comparison.js';
import { now, unixAhead } from '../load/clock.js';
import { LoadGenerator } from '../load/generator.js';
import { watchOthers } from '../others.js';
import { startProcess, stopProcess } from '../processes.js';
import { Server } from '../server.js';
import { type Shape, TYPICAL } from '../sessions.js';

/** The time from the last event to the measurement of what memory is left, in ms. */
const AFTER = 5_000;
/**
 * Requests prepared at a time when deadlines are set: durations begin when the request is sent, so there must be few.
 */
const BLOCK = 50;
/** On a shared machine, setting all deadlines may take this many times as long as the first ones suggest. */
const MARGIN = 2;
const AN_HOUR = 3_600_000;
/** Operations per second of the other client. */
const RATE = 5_000;
/** Sessions that the other client reads. They are the last ones, and have no duration. */
const READ = 1_000;

export const SESSION: Shape = { ...TYPICAL, ttl: 0, extend: 'NONE' };
const BUSY_LOOP = 'for (;;);';

export const ALONE = 'alone';
export const BESIDE_OTHERS = 'beside a busy process';

/**
 * Measures how late sessions expire, how long other clients wait meanwhile, and how much memory is left afterwards. The
 * sessions are due evenly over a minute, in a different order than they were created in, as real sessions are. The
 * peers are measured alone only: they are late by seconds.
 */
export async function measureLateness(run: Comparison): Promise<void> {
  const { plan, main, progress } = run;
  for (const at of [ALONE, BESIDE_OTHERS]) {
    for (const contender of main) {
      if (at === BESIDE_OTHERS && contender.dialect === 'redis') continue;
      progress(`${plan.many} sessions due over ${plan.dueSeconds} s, ${at}, ${contender.name}`);
      const server = await Server.start(contender);
      const subscriber = await LoadGenerator.start();
      try {
        await observe(run, server, at, subscriber);
      } finally {
        subscriber.stop();
        await server.stop();
      }
    }
  }
}

async function observe(run: Comparison, server: Server, at: string, subscriber: LoadGenerator): Promise<void> {
  const { plan, generator, figures } = run;
  const { name, dialect } = server;
  if (dialect === 'redis') await server.client.config('SET', 'notify-keyspace-events', 'Ex');
  const events = await subscriber.prepare(server, { kind: 'events', sessions: plan.many });
  await setTimeout(plan.settle * 1000);
  const empty = server.residentBytes();
  const due = await fillUntilDue(generator, server, plan.many, plan.dueSeconds * 1000);
  const read = { operation: 'read', shape: SESSION, first: plan.many, count: READ, sample: READ } as const;
  const streams = [{ work: read, connections: 1, perSecond: RATE }];
  const reading = await generator.prepare(server, { kind: 'open', streams, warmUp: 1, seconds: Infinity });
  await setTimeout(due.begin - now() - 1_000);

  const neighbours = at === ALONE ? [] : [startProcess(process.execPath, ['--eval', BUSY_LOOP])];
  const others = watchOthers(...[server, generator, subscriber, ...neighbours].map(({ pid }) => pid as number));
  const replies = reading.begin();
  // If it fails before the subscriber has ended, it is reported below.
  replies.catch(() => {});
  const { lateness, missing, twice } = await events.begin({ ...SESSION, due });
  reading.end();
  const { latency, sendDelay } = await replies;
  const taken = others();
  for (const neighbour of neighbours) await stopProcess(neighbour);
  if (dialect === 'respite' && missing + twice > 0) {
    throw new Error(`${name}: ${missing} events were missing, ${twice} arrived more than once`);
  }
  const add = (what: string, found: Parameters<typeof figures.add>[2]) =>
    figures.add({ part: 'lateness', what, at }, name, found, taken);
  const { p50, p99, max } = lateness;
  add('expired event', { p50, p99, max });
  add('other client', { p99: latency.p99, p999: latency.p999, max: latency.max, sentLate: sendDelay.p99 });
  if (at !== ALONE) return;
  // Those that the other client read were created last. As long as they are there, respite's columns keep their length.
  await generator.fill(server, { operation: 'logout', shape: SESSION, first: plan.many, count: READ });
  await setTimeout(AFTER);
  add('memory 5 s after all expired', { timesEmpty: server.residentBytes() / empty });
}

/**
 * Creates sessions, then sets when they expire. How far ahead the deadlines must be is found out with some of them.
 * @throws Error if the first is due before all deadlines are set.
 */
export async function fillUntilDue(generator: LoadGenerator, server: Server, sessions: number, span: number) {
  await generator.fill(server, { operation: 'create', shape: SESSION, count: sessions + READ });
  const setDeadlines = async (begin: number, count: number) => {
    const due = { begin, span, unixAhead: unixAhead() };
    await generator.fill(server, { operation: 'expire', shape: { ...SESSION, due }, count }, BLOCK);
    return due;
  };
  const started = now();
  await setDeadlines(started + AN_HOUR, sessions / 20);
  const begin = now() + (now() - started) * 20 * MARGIN + 2_000;
  const due = await setDeadlines(begin, sessions);
  if (now() > begin - 1_200) throw new Error('setting the deadlines took so long that some are over');
  return due;
}
