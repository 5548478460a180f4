import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/engine/index.js';
import { canUseOneReadBuffer } from '../../src/server/read-buffer.js';
import { Slice } from '../../src/slice.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { frame, type RawClient } from '../raw-client.js';
import { ask, askWith } from './ask.js';

afterEach(stopServers);

/** More sessions than a command looks at in one slice. */
const MANY = 3000;

/** Each look at this clock takes it a millisecond on, so that a slice of work is over whenever that is asked. */
function hastyClock() {
  let now = 1000;
  return { ...systemClock, now: () => ++now };
}

/** Sends what overwrites everything in a shared read buffer, until a reply has come. */
async function answerBeside<Answer>(other: RawClient, reply: Promise<Answer>): Promise<Answer> {
  let answered = false;
  void reply.finally(() => {
    answered = true;
  });
  const noise = frame('ECHO', 'x'.repeat(60_000));
  while (!answered) {
    await other.send(noise);
    await other.reply();
  }
  return reply;
}

it('works with this Node.js, unless it is switched off', async ({ task }) => {
  const isOff = task.file.projectName === 'without the read buffer';
  expect(await canUseOneReadBuffer()).toBe(!isOff);
});

it('requests that arrive in pieces, in turns with those of other clients, stay as they are', async () => {
  const server = await startServer();
  const clients = await Promise.all(Array.from({ length: 3 }, () => connectTo(server)));
  const requests = clients.map((_, i) => frame('ECHO', String(i).repeat(300)));
  for (let at = 0; at < requests[0].length; at += 7) {
    await Promise.all(clients.map((client, i) => client.send(requests[i].subarray(at, at + 7))));
  }
  for (const [i, client] of clients.entries()) expect(await client.reply()).toBe(String(i).repeat(300));
});

it('what is left of a read is served after the other clients', async () => {
  const server = await startServer({}, { clock: hastyClock() });
  const [client, other] = await Promise.all([connectTo(server), connectTo(server)]);
  const requests = Array.from({ length: 500 }, (_, i) => frame('ECHO', `request ${i}`));
  await client.send(Buffer.concat(requests));
  for (let i = 0; i < requests.length; i++) {
    expect(await askWith(other, 'ECHO', 'y'.repeat(1000))).toBe('y'.repeat(1000));
    expect(await client.reply()).toBe(`request ${i}`);
  }
});

it.each([
  // A request, the words of its reply, and the sessions that are left.
  ['SESSION.ENDNAME basket', 1, 0],
  ['SESSION.TOKENS basket', MANY, MANY],
  ['SESSION.ENDID basket AAAAAAAAAAA', 1, MANY],
  ['SESSION.NEW basket LIMIT 1', 1, 1],
] as const)('%s, which takes many slices, uses its own arguments to the end', async (request, words, left) => {
  const server = await startServer({}, { clock: hastyClock() });
  const { engine } = server;
  for (let i = 0; i < MANY; i++) engine.create(Slice.of('basket'), {});
  const [client, other] = await Promise.all([connectTo(server), connectTo(server)]);
  expect((await answerBeside(other, ask(client, request))).split(' ')).toHaveLength(words);
  expect(engine.countOf(Slice.of('basket'))).toBe(left);
});

it('DEL of very many keys ends each of them', async () => {
  const server = await startServer({}, { clock: hastyClock() });
  const { engine } = server;
  const keys = Array.from({ length: MANY }, (_, i) => `key:${i}`);
  for (const key of keys) engine.create(Slice.of(key), { shared: 'tokenless', string: Slice.of('v') });
  const [client, other] = await Promise.all([connectTo(server), connectTo(server)]);
  expect(await answerBeside(other, askWith(client, 'DEL', ...keys))).toBe(String(MANY));
});

it('messages that are published in slices, one after the other, reach every subscriber unchanged', async () => {
  const server = await startServer({}, { clock: hastyClock() });
  const [first, second, other] = await Promise.all(Array.from({ length: 3 }, () => connectTo(server)));
  const subscribers = await Promise.all(Array.from({ length: 60 }, () => connectTo(server)));
  for (const subscriber of subscribers) {
    await subscriber.send(frame('SUBSCRIBE', 'news'));
    await subscriber.reply();
  }
  const publish = (client: RawClient, letter: string) => askWith(client, 'PUBLISH', 'news', letter.repeat(100));
  const published = Promise.all([publish(first, 'a'), publish(second, 'b')]);
  expect(await answerBeside(other, published)).toEqual(['60', '60']);
  for (const subscriber of subscribers) {
    const messages = [await subscriber.reply(), await subscriber.reply()].map(String).sort();
    expect(messages).toEqual(['a', 'b'].map((letter) => `message,news,${letter.repeat(100)}`));
  }
});
