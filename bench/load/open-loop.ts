import type { Client } from './client.js';
import { DueLatencies } from './due-latencies.js';
import type { Lane } from './lane.js';
import { LatencyHistogram, type LatencySummary } from './latency-histogram.js';
import { Schedule } from './schedule.js';

/** Acts of one kind, so many a second, from clients that take turns. */
export interface Stream {
  readonly clients: readonly Client[];
  readonly replies: readonly string[];
  readonly lane: Lane;
  readonly perSecond: number;
}

export interface OpenLoop {
  /** Before the acts that are recorded, in seconds. */
  readonly warmUp: number;
  /** How long acts are recorded, in seconds. */
  readonly seconds: number;
}

export interface OpenLoopFindings {
  readonly acts: number;
  /** From when an act was due to when its reply was read. */
  readonly latency: LatencySummary;
  /** From when an act was due to when it was sent: the part that is this process' own. */
  readonly sendDelay: LatencySummary;
}

/** It sleeps no longer than this at a time, in ms: a reply that comes meanwhile is read that much later at most. */
const SLEEP = 0.1;
/** After the last act is sent, its reply is waited for so long, in ms. */
const PATIENCE = 30_000;
/** The first act is due so long after the start, in ms: connections come to rest. */
const LEAD = 20;
/** Nothing ever wakes who waits here. */
const nothing = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Sends what is due when it is due. @throws Error if a reply is wrong or does not come. */
export function runOpenLoop(streams: readonly Stream[], { warmUp, seconds }: OpenLoop): Promise<OpenLoopFindings> {
  const latencies = new LatencyHistogram();
  const sendDelays = new LatencyHistogram();
  const start = performance.now() + LEAD;
  const from = start + warmUp * 1000;
  const end = from + seconds * 1000;
  let inFlight = 0;
  return new Promise((resolve, reject) => {
    const running = streams.map(({ clients, replies, lane, perSecond }) => {
      const schedule = new Schedule(start, perSecond);
      const due = new DueLatencies(schedule, clients.length, latencies, from);
      for (const [index, client] of clients.entries()) {
        client.listen(replies, {
          answered(acts, instant) {
            inFlight -= acts;
            due.answered(index, acts, instant);
          },
          failed: reject,
        });
      }
      return { clients, lane, schedule, sent: 0 };
    });

    /** Sends what is due, and returns when the next act is. */
    const sendDue = (instant: number): number => {
      let next = Infinity;
      for (const stream of running) {
        const { clients, lane, schedule } = stream;
        const due = schedule.dueBy(Math.min(instant, end));
        while (stream.sent < due) {
          const requests = lane.take(1);
          if (lane.taken === 0) throw new Error('an open loop has run out of requests');
          if (schedule.due(stream.sent) >= from) sendDelays.record(instant - schedule.due(stream.sent));
          clients[stream.sent++ % clients.length].send(requests);
          inFlight++;
        }
        next = Math.min(next, schedule.due(stream.sent));
      }
      return next;
    };

    /** Node's timers would not do: they count whole milliseconds. So it sleeps a little, then looks what has come. */
    const turn = (): void => {
      try {
        const next = sendDue(performance.now());
        const instant = performance.now();
        if (instant >= end && inFlight === 0) {
          const latency = latencies.summarize();
          resolve({ acts: latency.count, latency, sendDelay: sendDelays.summarize() });
          return;
        }
        if (instant >= end + PATIENCE) throw new Error(`${inFlight} replies did not come`);
        Atomics.wait(nothing, 0, 0, Math.min(SLEEP, Math.max(0, next - instant)));
        setImmediate(turn);
      } catch (error) {
        reject(error as Error);
      }
    };
    turn();
  });
}
