import type { Socket } from 'node:net';
import { ask, type Exchange } from './ask.js';
import { now } from './clock.js';
import type { Contender } from './contender.js';

/** Sessions asked for at a time: few, because a request that waits behind others starts its duration late. */
const BATCH = 50;
/** From the last deadline set to the first one that comes, at least so many ms: the server comes to rest. */
const REST = 3_000;
/** To set a deadline takes less than to make a session; with this factor it does so on a shared machine as well. */
const MARGIN = 1.5;
/** The golden ratio's fraction: its multiples modulo 1 are spread evenly, however many they are. */
const SPREAD = (Math.sqrt(5) - 1) / 2;

/** What the sessions of a run are due for; instants in ms of `now()`. */
export interface Schedule {
  /** The first deadline is not before. */
  readonly begin: number;
  /** The last deadline is, give or take a ms, not behind. */
  readonly end: number;
  /** The deadline of each session. */
  readonly deadlines: Float64Array;
}

/**
 * Makes sessions and has them expire evenly over `span` ms, in another order than they were made in, as sessions do.
 * All are made first: how long that takes tells how far ahead the deadlines must be.
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
  if (now() > begin) throw new Error('setting the deadlines took so long that some have come: give fewer sessions');
  return { begin, end: begin + span, deadlines };
}

/** @param exchange What to ask for a session, in a batch that is sent at `sent`. */
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
