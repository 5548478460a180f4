import { setTimeout } from 'node:timers/promises';
import { ask, open } from './ask.js';
import { now } from './clock.js';
import { receive, send } from './parent.js';
import type { Probed, ProberOrder } from './prober.js';

/** The program of the second client. */

const { port, probe, rate } = (await receive()) as ProberOrder;
const INTERVAL = 1000 / rate;
/** Commands sent before those that count, for one second, so that the server compiles its code. */
const WARM_UP = rate;
/** The longest sleep, in ms. A reply that arrives meanwhile is read at most this much later. */
const SLEEP = 0.2;

const socket = await open(port);
await ask(socket, probe);
send('connected');
const first = ((await receive()) as number) - WARM_UP * INTERVAL;
await setTimeout(first - now());

/** Returns when a command is due to be sent, in ms. */
const due = (command: number) => first + command * INTERVAL;
const latencies: number[] = [];
const sendDelays: number[] = [];
const reply = Buffer.from(probe.reply);
/** Bytes of the current reply that have arrived. */
let read = 0;
let ending = false;

socket.on('data', (chunk: Buffer) => {
  const time = now();
  for (const byte of chunk) {
    if (byte !== reply[read]) throw new Error(`the server replied ${JSON.stringify(chunk.toString('latin1'))}`);
    if (++read < reply.length) continue;
    read = 0;
    latencies.push(time - due(latencies.length));
  }
});
socket.once('close', () => {
  throw new Error('the server closed the connection of the second client');
});

/** Nothing ever wakes a thread that waits for this. */
const nothing = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/**
 * Sends what is due, sleeps a little, but not beyond the next due time, and lets the event loop read what has arrived.
 * Node's timers have whole milliseconds only, which is too coarse.
 */
function run(): void {
  const time = now();
  const sent = sendDelays.length;
  while (due(sendDelays.length) <= time) sendDelays.push(time - due(sendDelays.length));
  if (sendDelays.length > sent) socket.write(probe.request.repeat(sendDelays.length - sent));
  Atomics.wait(nothing, 0, 0, Math.min(SLEEP, Math.max(0, due(sendDelays.length) - now())));
  if (ending) finish();
  else setImmediate(run);
}

function finish(): void {
  if (latencies.length < sendDelays.length) {
    socket.once('data', finish);
    return;
  }
  const probed: Probed = {
    latencies: Float64Array.from(latencies.slice(WARM_UP)),
    sendDelays: Float64Array.from(sendDelays.slice(WARM_UP)),
  };
  send(probed);
}

run();
await receive();
ending = true;
