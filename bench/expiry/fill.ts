import type { Socket } from 'node:net';
import { ask, type Exchange } from './ask.js';
import { now } from './clock.js';
import type { Contender } from './contender.js';

/** Requests per batch. The number is small, because a request that waits behind others starts its duration late. */
const BATCH = 50;
/** The least time from setting the last deadline to the first deadline, in ms, for the server to settle. */
const REST = 3_000;
/** Setting a deadline takes less time than creating a session. This factor makes sure of that on a shared machine. */
const MARGIN = 1.5;
/** The fractional part of the golden ratio. Its multiples modulo 1 are evenly spread, for any number of them. */
const SPREAD = (Math.sqrt(5) - 1) / 2;

/** When the sessions of a run are due, in ms of `now()`. */
export interface Schedule {
  /** No deadline is before this. */
  readonly begin: number;
  /** No deadline is after this, give or take 1 ms. */
  readonly end: number;
  /** The deadline of each session. */
  readonly deadlines: Float64Array;
}

/**
 * Creates sessions and makes them expire evenly over `span` ms, in a different order than they were created in, as real
 * sessions do. Creates all sessions first: the time that this takes determines how far ahead the deadlines must be.
 *
 * @throws Error if the first is due before all deadlines are set.
 */
export async function fill(socket: Socket, contender: Contender, sessions: number, span: number): Promise<Schedule> {
  const started = now();
  await inBatches(socket, sessions, (session) => contender.create(session));
  const created = now();
  const begin = created + (created - started) * MARGIN + REST;
  const deadlines = new Float64Array(sessions);
  await inBatches(socket, sessions, (session, sent) => {
    const due = begin + ((session * SPREAD) % 1) * span;
    const { deadline, ...exchange } = contender.expire(session, due, sent);
    deadlines[session] = deadline;
    return exchange;
  });
  if (now() > begin) throw new Error('setting the deadlines took so long that some are over: use fewer sessions');
  return { begin, end: begin + span, deadlines };
}

/** @param exchange Returns the exchange for a session in a batch that is sent at `sent`. */
async function inBatches(
  socket: Socket,
  sessions: number,
  exchange: (session: number, sent: number) => Exchange,
): Promise<void> {
  for (let first = 0; first < sessions; first += BATCH) {
    const batch = { request: '', reply: '' };
    const sent = now();
    for (let session = first; session < Math.min(first + BATCH, sessions); session++) {
      const { request, reply } = exchange(session, sent);
      batch.request += request;
      batch.reply += reply;
    }
    await ask(socket, batch);
  }
}
