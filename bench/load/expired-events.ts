import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import RedisParser from 'redis-parser';
import { dueOf, numberOf, type Shape } from '../sessions.js';
import { now } from './clock.js';
import { type Latencies, LatencyHistogram } from './latency-histogram.js';
import type { Target } from './orders.js';
import { encodeArray } from './resp.js';

export interface EventFindings {
  /** From each session's deadline until its event was read. Events that are read together arrived at the same time. */
  readonly lateness: Latencies;
  /** Sessions whose event never arrived. */
  readonly missing: number;
  /** Events that arrived once more. */
  readonly twice: number;
}

/** If no event arrives for this long after the last deadline, in ms, the missing ones are lost. */
const SILENCE = 10_000;
/** How long to wait for duplicates after the last event, in ms. */
const LINGER = 500;
/** How often to look whether all have arrived, in ms. */
const LOOK = 20;

const SUBSCRIPTIONS = {
  respite: ['PSUBSCRIBE', '__session__:expired:*'],
  redis: ['SUBSCRIBE', '__keyevent@0__:expired'],
} as const;

/** A subscriber to the `expired` events of sessions 0 to `count` - 1. */
export class ExpiredEvents {
  /** When the first event of each session arrived, in ms of `now()`; NaN before that. */
  readonly #arrivals: Float64Array;
  readonly #socket;
  #arrived = 0;
  #twice = 0;
  /** When events were last read. */
  #time = 0;
  #failure: Error | undefined;

  /** Resolves when the server has confirmed the subscription. */
  static async subscribe({ port, dialect }: Target, count: number): Promise<ExpiredEvents> {
    const events = new ExpiredEvents(port, count);
    events.#socket.write(encodeArray(SUBSCRIPTIONS[dialect]));
    await once(events.#socket, 'data');
    return events;
  }

  private constructor(port: number, count: number) {
    this.#arrivals = new Float64Array(count).fill(NaN);
    const fail = (error: Error) => {
      this.#failure ??= error;
    };
    const parser = new RedisParser({ returnReply: (reply) => this.#receive(reply as unknown[]), returnError: fail });
    this.#socket = connect({ port, host: '127.0.0.1' });
    this.#socket.on('error', fail);
    this.#socket.on('close', () => fail(new Error('the server closed the connection of the subscriber')));
    this.#socket.on('data', (chunk) => {
      this.#time = now();
      parser.execute(chunk);
    });
  }

  /** Waits for the events of sessions of a shape with `due`, or until no more arrive after the last deadline. */
  async receive(shape: Shape): Promise<EventFindings> {
    const { begin = 0, span = 0 } = shape.due ?? {};
    const sessions = this.#arrivals.length;
    while (this.#arrived < sessions && now() - Math.max(this.#time, begin + span) < SILENCE) {
      await setTimeout(LOOK);
      if (this.#failure !== undefined) throw this.#failure;
    }
    await setTimeout(LINGER);
    const latencies = new LatencyHistogram();
    for (const [session, arrival] of this.#arrivals.entries()) {
      if (!Number.isNaN(arrival)) latencies.record(arrival - dueOf(shape, session));
    }
    return { lateness: latencies.summarize(), missing: sessions - this.#arrived, twice: this.#twice };
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(message: readonly unknown[]): void {
    // In every event the token comes last. The confirmation of the subscription ends in a number.
    const token = message[message.length - 1];
    if (typeof token !== 'string') return;
    const session = numberOf(token);
    if (session >= this.#arrivals.length) throw new Error(`an event of session ${session}, which was never created`);
    if (!Number.isNaN(this.#arrivals[session])) {
      this.#twice++;
      return;
    }
    this.#arrivals[session] = this.#time;
    this.#arrived++;
  }
}
