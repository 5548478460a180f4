import { afterEach, expect, it } from 'vitest';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { frame, type RawClient } from '../raw-client.js';
import type { Reply } from '../tools/replies.js';

/**
 * All requests are read into the same slices. These tests send requests of the same form in one write, so whatever is
 * kept of a request without being copied shows the words of a later one.
 */

afterEach(stopServers);

const start = async (config = {}) => connectTo(await startServer(config));

/** Sends requests in one write. Returns their replies; errors and statuses as text. */
async function askAtOnce(client: RawClient, ...requests: string[]): Promise<Reply[]> {
  await client.send(Buffer.concat(requests.map((request) => frame(...request.split(' ')))));
  const replies: Reply[] = [];
  for (const _ of requests) {
    const reply = await client.reply();
    replies.push(typeof reply === 'object' && reply !== null && 'text' in reply ? (reply.text as string) : reply);
  }
  return replies;
}

it('runs each request of a transaction with its own words', async () => {
  const client = await start();
  const replies = await askAtOnce(client, 'MULTI', 'SET a one', 'SET b two', 'MGET a b', 'GET b', 'GET a', 'EXEC');
  expect(replies.slice(0, 6)).toEqual(['OK', ...Array(5).fill('QUEUED')]);
  expect(JSON.stringify(replies[6])).toBe('[{"text":"OK"},{"text":"OK"},["one","two"],"two","one"]');
});

it('watches each key that was named, and no other', async () => {
  const client = await start();
  expect(await askAtOnce(client, 'WATCH a', 'WATCH b', 'SET c x', 'MULTI', 'GET c', 'EXEC')).toContainEqual(['x']);
  expect((await askAtOnce(client, 'WATCH a', 'WATCH b', 'SET a x', 'MULTI', 'GET c', 'EXEC')).at(-1)).toBeNull();
  expect((await askAtOnce(client, 'WATCH a', 'WATCH b', 'SET b x', 'MULTI', 'GET c', 'EXEC')).at(-1)).toBeNull();
});

it('keeps the words of slow requests and of names', async () => {
  const client = await start({ 'slowlog-log-slower-than': 0 });
  const replies = await askAtOnce(client, 'SET a 1', 'SET b 2', 'CLIENT SETNAME first', 'CLIENT GETNAME');
  expect(replies).toEqual(['OK', 'OK', 'OK', 'first']);
  const [entries] = (await askAtOnce(client, 'SLOWLOG GET')) as [[number, number, number, string[]][]];
  const requests = entries.map(([, , , words]) => words.join(' '));
  expect(requests).toEqual(['CLIENT GETNAME', 'CLIENT SETNAME first', 'SET b 2', 'SET a 1']);
});

it('shows MONITOR each request as it was', async () => {
  const server = await startServer({});
  const [client, monitor] = [await connectTo(server), await connectTo(server)];
  await monitor.expect(frame('MONITOR'), '+OK\r\n');
  await askAtOnce(client, 'SET a 1', 'SET b 2', 'GET a');
  const shown = (await monitor.takeUntil('"GET" "a"\r\n')).match(/".*/g);
  expect(shown).toEqual(['"SET" "a" "1"', '"SET" "b" "2"', '"GET" "a"']);
});

it('subscribes to each channel that was named', async () => {
  const server = await startServer({});
  const [subscriber, client] = [await connectTo(server), await connectTo(server)];
  await askAtOnce(subscriber, 'SUBSCRIBE a', 'SUBSCRIBE b', 'PSUBSCRIBE p*', 'PSUBSCRIBE q*');
  const counts = await askAtOnce(client, 'PUBLISH a 1', 'PUBLISH b 2', 'PUBLISH pp 3', 'PUBLISH qq 4', 'PUBLISH c 5');
  expect(counts).toEqual([1, 1, 1, 1, 0]);
  const messages = [await subscriber.reply(), await subscriber.reply(), await subscriber.reply()];
  expect(messages).toEqual([
    ['message', 'a', '1'],
    ['message', 'b', '2'],
    ['pmessage', 'p*', 'pp', '3'],
  ]);
});

it('limits the sessions of the name that was given', async () => {
  const client = await start();
  const made = Array.from({ length: 600 }, () => 'SESSION.NEW many 100');
  await askAtOnce(client, ...made);
  // The surplus is ended in slices, while the requests after it wait.
  const [, many, few] = await askAtOnce(
    client,
    'SESSION.NEW many 100 LIMIT 2',
    'SESSION.ENDNAME many',
    'SESSION.ENDNAME few',
  );
  expect([many, few]).toEqual([2, 0]);
});
