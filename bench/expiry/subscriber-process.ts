import { ask, open } from './ask.js';
import { now } from './clock.js';
import { EventParser } from './event-parser.js';
import { hear, tell } from './parent.js';
import type { Heard, SubscriberOrder } from './subscriber.js';

/** The program of the subscriber. Events that are read together arrived at the same time. */

/** How often to report how many have arrived, in ms. */
const PROGRESS = 50;

const { port, subscription, sessions } = (await hear()) as SubscriberOrder;
const heard: Heard = { arrivals: new Float64Array(sessions), counts: new Uint8Array(sessions) };
let arrived = 0;
let time = 0;
const parser = new EventParser((session) => {
  if (session >= sessions) throw new Error(`an event arrived for session ${session}, which was never created`);
  if (heard.counts[session] === 0) {
    heard.arrivals[session] = time;
    arrived++;
  }
  if (heard.counts[session] < 255) heard.counts[session]++;
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

const progress = setInterval(() => tell(arrived), PROGRESS);
tell('subscribed');
await hear();
clearInterval(progress);
tell(heard);
