import type { Client } from './client.js';
import { DueLatencies } from './due-latencies.js';
import { type Latencies, LatencyHistogram } from './latency-histogram.js';
import type { Lane } from './requests.js';

/** Operations of one kind at a fixed rate, from clients that take turns. */
export interface Stream {
  readonly clients: readonly Client[];
  readonly replies: readonly string[];
  readonly lane: Lane;
  readonly perSecond: number;
}

export interface OpenLoop {
  /** The time before operations are recorded, in seconds. */
  readonly warmUp: number;
  /** How long operations are recorded, in seconds. Infinity: until the loop is stopped. */
  readonly seconds: number;
}

export interface OpenLoopFindings {
  readonly operations: number;
  /** From the time an operation was due until its reply was read. */
  readonly latency: Latencies;
  /** From the time an operation was due until it was sent: the part that this process is responsible for. */
  readonly sendDelay: Latencies;
}

/** The longest sleep, in ms. A reply that arrives meanwhile is read at most this much later. */
const SLEEP = 0.1;
/** How long to wait for replies after the last operation is sent, in ms. */
const PATIENCE = 30_000;
/** When the first operation is due after the start, in ms, so that connections settle. */
const LEAD = 20;
/** Nothing ever wakes a thread that waits for this. */
const nothing = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/**
 * Runs an open loop: sends each request when it is due.
 * @param stopped Ends the loop early.
 * @throws Error if a reply is wrong or missing.
 */
export async function runOpenLoop(
  streams: readonly Stream[],
  { warmUp, seconds }: OpenLoop,
  stopped: Promise<unknown> = new Promise(() => {}),
): Promise<OpenLoopFindings> {
  const latencies = new LatencyHistogram();
  const sendDelays = new LatencyHistogram();
  const start = performance.now() + LEAD;
  const from = start + warmUp * 1000;
  let end = from + seconds * 1000;
  let inFlight = 0;
  let failure: Error | undefined;
  stopped.then(() => {
    end = Math.min(end, performance.now());
  });
  const running = streams.map(({ clients, replies, lane, perSecond }) => {
    const schedule = new DueLatencies(start, perSecond, clients.length, latencies, from);
    for (const [index, client] of clients.entries()) {
      const answered = (operations: number, time: number): void => {
        inFlight -= operations;
        schedule.answered(index, operations, time);
      };
      client.listen(replies, answered, (error) => {
        failure ??= error;
      });
    }
    return { clients, lane, schedule, sent: 0 };
  });

  /** Sends what is due. Returns when the next operation is due. */
  const sendDue = (time: number): number => {
    let next = Infinity;
    for (const stream of running) {
      const { clients, lane, schedule } = stream;
      const due = schedule.dueBy(Math.min(time, end));
      while (stream.sent < due) {
        const requests = lane.take(1);
        if (lane.taken === 0) throw new Error('an open loop has run out of requests');
        if (schedule.due(stream.sent) >= from) sendDelays.record(time - schedule.due(stream.sent));
        clients[stream.sent++ % clients.length].send(requests);
        inFlight++;
      }
      next = Math.min(next, schedule.due(stream.sent));
    }
    return next;
  };

  // Node's timers have whole milliseconds only, which is too coarse. So this sleeps briefly, then lets the event loop
  // read.
  for (;;) {
    const next = sendDue(performance.now());
    const time = performance.now();
    if (time >= end && inFlight === 0) break;
    if (time >= end + PATIENCE) throw new Error(`${inFlight} replies are missing`);
    Atomics.wait(nothing, 0, 0, Math.min(SLEEP, Math.max(0, next - time)));
    await new Promise(setImmediate);
    if (failure !== undefined) throw failure;
  }
  const operations = running.reduce((sum, { sent }) => sum + sent, 0);
  return { operations, latency: latencies.summarize(), sendDelay: sendDelays.summarize() };
}
