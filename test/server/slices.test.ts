import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/engine/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { frame, type RawClient } from '../raw-client.js';
import { ask, askWith } from './ask.js';

afterEach(stopServers);

/** Each reading of this clock advances it by a millisecond, so a slice of work is over at every check. */
function hastyClock() {
  let now = 1000;
  return { ...systemClock, now: () => ++now };
}

const start = () => startServer({}, { clock: hastyClock() });

/**
 * Sends a request that takes long, and then requests of another client until it is answered. Returns its reply, and how
 * many of the others were served.
 */
async function servedDuring(client: RawClient, other: RawClient, ...request: string[]) {
  let answered = false;
  const reply = askWith(client, ...request).finally(() => {
    answered = true;
  });
  let served = 0;
  // The words of these requests are read into the same slices.
  for (; !answered; served++) await other.expect(frame('EXISTS', 'x', 'y', 'z'), ':0\r\n');
  return { reply: await reply, served };
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `a:${String(i).padStart(4, '0')}`);
const MSET = `MSET ${names(1000).join(' x ')} x`;
const sorted = (reply: string) => reply.split(' ').sort();

describe('others are served during', () => {
  it('KEYS, which returns each key once', async () => {
    const server = await start();
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await ask(client, `${MSET} b x`);
    const { reply, served } = await servedDuring(client, other, 'KEYS', 'a:*');
    expect(sorted(reply)).toEqual(names(1000));
    expect(served).toBeGreaterThan(10);
    // In a transaction no others are served.
    await client.expect('MULTI\r\nSET late x\r\nKEYS late\r\n', '+OK\r\n+QUEUED\r\n+QUEUED\r\n');
    await client.expect('EXEC\r\n', '*2\r\n+OK\r\n*1\r\n$4\r\nlate\r\n');
  });

  it('KEYS while keys come and go', async () => {
    const server = await start();
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await ask(client, MSET);
    let reply: string | undefined;
    const keys = askWith(client, 'KEYS', '*').then((found) => {
      reply = found;
    });
    for (let i = 0; reply === undefined; i++) {
      await ask(other, `DEL ${names(500)[i % 500]}`);
      await ask(other, `SET ${names(500)[(i * 7) % 500]} x`);
    }
    await keys;
    const found = sorted(reply ?? '');
    expect(new Set(found).size).toBe(found.length);
    // Those that existed throughout.
    expect(found).toEqual(expect.arrayContaining(names(1000).slice(500)));
  });

  it('SCAN, which then stops before its COUNT', async () => {
    const server = await start();
    const client = await connectTo(server);
    await ask(client, MSET);
    for (const command of ['SCAN', 'SESSION.SCAN']) {
      const found = new Set<string>();
      let calls = 0;
      let cursor = '0';
      do {
        const words: string[] = (await ask(client, `${command} ${cursor} MATCH a:* COUNT 4096`)).split(' ');
        cursor = words[0];
        for (const word of words.slice(1)) if (word.startsWith('a:')) found.add(word);
        calls++;
      } while (cursor !== '0');
      expect(calls).toBeGreaterThan(10);
      expect([...found].sort()).toEqual(names(1000));
    }
  });

  it.each([
    ['XRANGE', 'XRANGE __session__ - +', names(500)],
    ['XREVRANGE', 'XREVRANGE __session__ + -', names(500).reverse()],
    ['XREAD', 'XREAD BLOCK 0 STREAMS __session__ 0', names(500)],
    ['XREADGROUP', 'XREADGROUP GROUP g reader COUNT 450 BLOCK 0 STREAMS __session__ >', names(500).slice(50, 500)],
    ['XREADGROUP of what is pending', 'XREADGROUP GROUP g first STREAMS __session__ 0', names(50)],
    ['XINFO STREAM FULL', 'XINFO STREAM __session__ FULL COUNT 0', names(500)],
  ])('%s', async (_, request, expected) => {
    const server = await startServer({ 'events-stream': true, 'events-filter': 'new' }, { clock: hastyClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.send(Buffer.concat(names(500).map((name) => frame('SESSION.NEW', name))));
    for (let i = 0; i < 500; i++) await client.reply();
    await ask(client, 'XGROUP CREATE __session__ g 0');
    await ask(client, 'XREADGROUP GROUP g first COUNT 50 STREAMS __session__ >');
    const { reply, served } = await servedDuring(client, other, ...request.split(' '));
    expect(reply.match(/(?<=name )a:\d+/g)).toEqual(expected);
    expect(served).toBeGreaterThan(expected.length / 250);
  });

  it('SESSION.TOKENS, which omits sessions that end meanwhile', async () => {
    const server = await start();
    const [client, other] = [await connectTo(server), await connectTo(server)];
    const tokens: string[] = [];
    for (let i = 0; i < 1000; i++) tokens.push(await ask(client, 'SESSION.NEW basket'));
    const { reply, served } = await servedDuring(client, other, 'SESSION.TOKENS', 'basket');
    expect(reply.split(' ')).toEqual(tokens);
    expect(served).toBeGreaterThan(5);
    // New sessions, of the same name and of another, take the slots of those that end.
    const listed = askWith(client, 'SESSION.TOKENS', 'basket');
    await other.send(
      Buffer.concat([frame('SESSION.END', ...tokens.slice(500)), ...Array(500).fill(frame('SESSION.NEW', 'other'))]),
    );
    const left = (await listed).split(' ');
    expect(left.slice(0, 500)).toEqual(tokens.slice(0, 500));
    for (const token of left.slice(500)) expect(tokens).toContain(token);
  });

  it('CLIENT LIST', async () => {
    const server = await start();
    const [client, other] = [await connectTo(server), await connectTo(server)];
    const connectAndAsk = async () => (await connectTo(server)).expect('PING\r\n', '+PONG\r\n');
    await Promise.all(Array.from({ length: 200 }, connectAndAsk));
    const { reply, served } = await servedDuring(client, other, 'CLIENT', 'LIST');
    expect(reply.trimEnd().split('\n')).toHaveLength(202);
    expect(served).toBeGreaterThan(3);
  });

  it('PUBSUB CHANNELS', async () => {
    const server = await start();
    const [client, other, subscriber] = [await connectTo(server), await connectTo(server), await connectTo(server)];
    await subscriber.send(frame('SUBSCRIBE', ...names(1000), 'b'));
    await subscriber.takeUntil(':1001\r\n');
    const { reply, served } = await servedDuring(client, other, 'PUBSUB', 'CHANNELS', '*:*');
    expect(sorted(reply)).toEqual(names(1000));
    expect(served).toBeGreaterThan(10);
  });

  it('PUBLISH to many patterns, and messages stay in order', async () => {
    const server = await start();
    const [client, other, subscriber] = [await connectTo(server), await connectTo(server), await connectTo(server)];
    const patterns = names(1000).map((name) => `*[${name}]*`);
    await subscriber.send(frame('PSUBSCRIBE', ...patterns));
    await subscriber.takeUntil(':1000\r\n');
    const { reply, served } = await servedDuring(client, other, 'PUBLISH', 'a', 'first');
    expect(reply).toBe('1000');
    expect(served).toBeGreaterThan(10);
    await subscriber.take(patterns.reduce((sum, pattern) => sum + frame('pmessage', pattern, 'a', 'first').length, 0));
    // A second message waits until the first has reached every subscriber.
    const publishers = await Promise.all(
      [client, other].map((publisher, i) => askWith(publisher, 'PUBLISH', 'a', `again ${i}`)),
    );
    expect(publishers).toEqual(['1000', '1000']);
    const lengthOf = (i: number) =>
      patterns.reduce((sum, pattern) => sum + frame('pmessage', pattern, 'a', `again ${i}`).length, 0);
    const texts = (await subscriber.take(lengthOf(0) + lengthOf(1))).match(/again \d/g);
    expect(texts).toEqual([...Array(1000).fill(texts?.[0]), ...Array(1000).fill(texts?.[1000])]);
    expect(new Set(texts).size).toBe(2);
  });

  it('PUBLISH, including SUBSCRIBE and UNSUBSCRIBE', async () => {
    const server = await start();
    const [client, subscriber] = [await connectTo(server), await connectTo(server)];
    const patterns = names(1000).map((name) => `*[${name}]*`);
    await subscriber.send(frame('PSUBSCRIBE', ...patterns));
    await subscriber.takeUntil(':1000\r\n');
    const receivers = askWith(client, 'PUBLISH', 'a', 'x');
    await subscriber.send('RESET\r\n');
    await subscriber.takeUntil('+RESET\r\n');
    expect(Number(await receivers)).toBeLessThanOrEqual(1000);
    expect(await ask(client, 'PUBLISH a x')).toBe('0');
    expect(await ask(client, 'PUBSUB NUMPAT')).toBe('0');
  });

  it('SUBSCRIBE and PSUBSCRIBE, and messages follow the confirmations', async () => {
    const server = await start();
    const [other, subscriber] = [await connectTo(server), await connectTo(server)];
    for (const kind of ['', 'P']) {
      await subscriber.send(frame(`${kind}SUBSCRIBE`, ...names(5000)));
      let isOver = false;
      const received = subscriber.takeUntil(':5000\r\n').finally(() => {
        isOver = true;
      });
      let published = 0;
      for (; !isOver; published++) await ask(other, 'PUBLISH a:0000 first');
      expect((await received).match(/message|a:\d{4}/g)).toEqual(names(5000));
      expect(published).toBeGreaterThan(10);
      await subscriber.takeUntil('first\r\n');
      await subscriber.send('RESET\r\n');
      await subscriber.takeUntil('+RESET\r\n');
    }
  });

  it('SUBSCRIBE and PSUBSCRIBE of a client that is disconnected', async () => {
    const server = await start();
    const other = await connectTo(server);
    for (const [kind, query] of [
      ['', 'PUBSUB NUMSUB a:0000 a:4999'],
      ['P', 'PUBSUB NUMPAT'],
    ]) {
      const before = await ask(other, query);
      const subscriber = await connectTo(server);
      const id = await ask(subscriber, 'CLIENT ID');
      await subscriber.send(frame(`${kind}SUBSCRIBE`, ...names(5000)));
      while ((await ask(other, query)) === before);
      expect(await ask(other, `CLIENT KILL ID ${id}`)).toBe('1');
      while ((await ask(other, query)) !== before);
      // It would go on in later slices.
      for (let i = 0; i < 100; i++) expect(await ask(other, query)).toBe(before);
    }
  });

  it('UNSUBSCRIBE and PUNSUBSCRIBE from everything', async () => {
    const server = await start();
    const [other, subscriber] = [await connectTo(server), await connectTo(server)];
    for (const kind of ['', 'P']) {
      await subscriber.send(frame(`${kind}SUBSCRIBE`, ...names(5000)));
      await subscriber.takeUntil(':5000\r\n');
      let isOver = false;
      await subscriber.send(frame(`${kind}UNSUBSCRIBE`));
      const confirmed = subscriber.takeUntil(':0\r\n').finally(() => {
        isOver = true;
      });
      let served = 0;
      for (; !isOver; served++) await other.expect('PING\r\n', '+PONG\r\n');
      expect((await confirmed).match(/a:\d{4}/g)).toEqual(names(5000));
      expect(served).toBeGreaterThan(10);
    }
  });

  it('the end of a client with many subscriptions', async () => {
    const server = await start();
    const [other, subscriber] = [await connectTo(server), await connectTo(server)];
    const patterns = names(10_000).map((name) => `${name}*`);
    await subscriber.send(frame('PSUBSCRIBE', ...patterns));
    await subscriber.takeUntil(':10000\r\n');
    subscriber.close();
    const left = new Set<number>();
    let count: number;
    do {
      count = Number(await ask(other, 'PUBSUB NUMPAT'));
      left.add(count);
      // A message that is sent to it meanwhile does no harm.
      await ask(other, 'PUBLISH a:9999 x');
    } while (count > 0);
    expect(left.size).toBeGreaterThan(5);
    expect(await ask(other, 'PUBLISH a:9999 x')).toBe('0');
  });
});
