import { ask, open } from './ask.js';
import { now } from './clock.js';
import { EventParser } from './event-parser.js';
import { receive, send } from './parent.js';
import type { Received, SubscriberOrder } from './subscriber.js';

/** The program of the subscriber. Events that are read together arrived at the same time. */

/** How often to report how many have arrived, in ms. */
const PROGRESS = 50;

const { port, subscription, sessions } = (await receive()) as SubscriberOrder;
const received: Received = { arrivals: new Float64Array(sessions), counts: new Uint8Array(sessions) };
let arrived = 0;
let time = 0;
const parser = new EventParser((session) => {
  if (session >= sessions) throw new Error(`an event arrived for session ${session}, which was never created`);
  if (received.counts[session] === 0) {
    received.arrivals[session] = time;
    arrived++;
  }
  if (received.counts[session] < 255) received.counts[session]++;
});

const socket = await open(port);
await ask(socket, subscription);
socket.on('data', (chunk) => {
  time = now();
  parser.push(chunk);
});
socket.once('close', () => {
  throw new Error('the server closed the connection of the subscriber');
});

const progress = setInterval(() => send(arrived), PROGRESS);
send('subscribed');
await receive();
clearInterval(progress);
send(received);
