import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { ask, open } from './ask.js';
import { now } from './clock.js';
import type { Contender } from './contender.js';
import { fill, type Schedule } from './fill.js';
import { Prober } from './prober.js';
import { Quantiles } from './quantiles.js';
import { type Received, Subscriber } from './subscriber.js';

/** How often to check how many events have arrived, in ms. */
const LOOK = 20;
/** If no event arrives for this long after the last deadline, in ms, the missing ones are lost. */
const SILENCE = 10_000;
/** How long to wait for duplicates after the last event, in ms. */
const LINGER = 500;

/** The load for the servers. */
export interface Load {
  /** The number of sessions. */
  readonly sessions: number;
  /** Their deadlines are spread over this many seconds. */
  readonly seconds: number;
  /** Commands per second of the second client. */
  readonly rate: number;
}

/** The results of one server under a load. Times are in ms. */
export interface Findings {
  readonly server: string;
  /** From each session's deadline until its event arrived. */
  readonly lateness: Quantiles;
  /** From the end of the time in which sessions were due until the last event arrived. */
  readonly lastAfterEnd: number;
  /** Sessions whose event never arrived. */
  readonly missing: number;
  /** Sessions whose event arrived more than once. */
  readonly twice: number;
  /** Latencies of the second client, from the first deadline to the last event. */
  readonly latencies: Quantiles;
  /** How late the second client sent its commands. */
  readonly sendDelays: Quantiles;
}

/** Starts a server, measures it and stops it. */
export async function measure(contender: Contender, load: Load): Promise<Findings> {
  const server = await contender.start();
  const { port } = server;
  const socket = await open(port);
  await ask(socket, contender.preparation);
  const subscriber = await Subscriber.start({ port, subscription: contender.subscription, sessions: load.sessions });
  const prober = await Prober.start({ port, probe: contender.probe, rate: load.rate });
  try {
    const run = observe(socket, contender, load, subscriber, prober);
    return { server: server.name, ...(await Promise.race([run, subscriber.failure, prober.failure])) };
  } finally {
    // Stop the processes first that would report the end of the server as an error.
    subscriber.stop();
    prober.stop();
    socket.destroy();
    await server.stop();
  }
}

async function observe(
  socket: Socket,
  contender: Contender,
  load: Load,
  subscriber: Subscriber,
  prober: Prober,
): Promise<Omit<Findings, 'server'>> {
  const schedule = await fill(socket, contender, load.sessions, load.seconds * 1000);
  prober.begin(schedule.begin);
  await allArrived(subscriber, load.sessions, schedule.end);
  const { latencies, sendDelays } = await prober.end();
  await setTimeout(LINGER);
  return {
    ...judge(await subscriber.end(), schedule),
    latencies: new Quantiles(latencies),
    sendDelays: new Quantiles(sendDelays),
  };
}

/** Waits for the events of all sessions, or until no more arrive, but at least until the time `end`. */
async function allArrived(subscriber: Subscriber, sessions: number, end: number): Promise<void> {
  let before = 0;
  let changed = 0;
  for (;;) {
    const { arrived } = subscriber;
    const time = now();
    if (arrived !== before) {
      before = arrived;
      changed = time;
    }
    if (time >= end && (arrived === sessions || time - Math.max(changed, end) > SILENCE)) return;
    await setTimeout(LOOK);
  }
}

function judge({ arrivals, counts }: Received, { deadlines, end }: Schedule) {
  const lateness: number[] = [];
  let last = -Infinity;
  let twice = 0;
  for (let session = 0; session < counts.length; session++) {
    if (counts[session] > 1) twice++;
    if (counts[session] === 0) continue;
    lateness.push(arrivals[session] - deadlines[session]);
    last = Math.max(last, arrivals[session]);
  }
  return {
    lateness: new Quantiles(Float64Array.from(lateness)),
    lastAfterEnd: last - end,
    missing: counts.length - lateness.length,
    twice,
  };
}
