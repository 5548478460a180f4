import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import RedisParser from 'redis-parser';
import { dueOf, numberOf, type Shape } from '../sessions.js';
import { now } from './clock.js';
import { LatencyHistogram } from './latency-histogram.js';
import { receive, send } from './parent.js';
import { encodeRequest } from './resp.js';
import type { Arrivals, SubscriberOrder } from './subscriber.js';

/** The program of the subscriber. Events that are read together arrived at the same time. */

/** If no event arrives for this long after the last deadline, in ms, the missing ones are lost. */
const SILENCE = 10_000;
/** How long to wait for duplicates after the last event, in ms. */
const LINGER = 500;
/** How often to look whether all have arrived, in ms. */
const LOOK = 20;

send('started');
const { port, sessions, subscription } = (await receive()) as SubscriberOrder;
const shaped = receive() as Promise<Shape>;
const counts = new Uint8Array(sessions);
/** When the first event of each session arrived, in ms of `now()`. */
const arrivals = new Float64Array(sessions);
let arrived = 0;
let twice = 0;
let time = 0;

const parser = new RedisParser({
  returnReply(reply) {
    const message = reply as (string | number)[];
    // In every event the token comes last. The confirmation of the subscription ends in a number.
    const token = message[message.length - 1];
    if (typeof token === 'number') {
      send('subscribed');
      return;
    }
    const session = numberOf(token);
    if (session >= sessions) throw new Error(`an event arrived for session ${session}, which was never created`);
    if (counts[session]++ > 0) {
      twice++;
      return;
    }
    arrivals[session] = time;
    arrived++;
  },
  returnError: (error) => send({ failure: error.message }),
});

const socket = connect({ port, host: '127.0.0.1' });
socket.on('data', (chunk) => {
  time = now();
  parser.execute(chunk);
});
socket.once('close', () => send({ failure: 'the server closed the connection of the subscriber' }));
socket.write(encodeRequest(...subscription));

const shape = await shaped;
const { begin = 0, span = 0 } = shape.due ?? {};
while (arrived < sessions && now() - Math.max(time, begin + span) < SILENCE) await setTimeout(LOOK);
await setTimeout(LINGER);
const lateness = new LatencyHistogram();
for (let session = 0; session < sessions; session++) {
  if (counts[session] > 0) lateness.record(arrivals[session] - dueOf(shape, session));
}
send({ lateness: lateness.summarize(), missing: sessions - arrived, twice } satisfies Arrivals);
