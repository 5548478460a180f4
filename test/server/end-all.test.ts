import { afterEach, describe, expect, it } from 'vitest';
import { Slice } from '../../src/slice.js';
import { connectTo, stopServers } from '../embedded-server.js';
import { askWith } from './ask.js';
import { start } from './start.js';

afterEach(stopServers);

const MANY = 3000;
const VALUE = 'v'.repeat(10_000);

/** Starts a server with many sessions that have this value. */
async function startWithSessions(value: string) {
  const started = await start();
  const { engine } = started.server;
  for (let i = 0; i < MANY; i++) {
    engine.create(Slice.of(`name:${i}`), { shared: 'tokenless', data: [Slice.of('f'), Slice.of(value)] });
  }
  return { ...started, engine };
}

/**
 * Like `startWithSessions`, with a subscriber that receives the sessions' data when they end. It may leave 8 MB unread.
 */
async function startWithSubscriber() {
  const started = await startWithSessions(VALUE);
  await askWith(started.client, 'CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 8mb 0 0');
  const subscriber = await connectTo(started.server);
  await subscriber.send('PSUBSCRIBE __sessiondata__:ended:*\r\n');
  await subscriber.takeUntil(':1\r\n');
  return { ...started, subscriber };
}

/** Lets time pass and the event loop run until a condition holds. */
async function goOnUntil(clock: { advance(ms: number): void }, isSo: () => boolean, ms = 5): Promise<void> {
  while (!isSo()) {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each(['FLUSHALL', 'SESSION.ENDALL'])('%s of many', (command) => {
  const reply = command === 'FLUSHALL' ? '+OK\r\n' : `:${MANY}\r\n`;

  it('looks complete immediately, and ends the sessions in slices, between which others are served', async () => {
    const { engine, clock, client, server } = await startWithSessions('v');
    clock.msPerLook = 2;
    const memory = engine.memory;
    await client.expect(`${command}\r\n`, reply);
    clock.msPerLook = 0;
    expect(engine.doomed).toBe(MANY);
    expect(engine.stats()).toMatchObject({ sessions: 0, keys: 0, bytes: 0, names: 0 });
    await client.expect('DBSIZE\r\nKEYS *\r\nHGET name:1 f\r\nSESSION.TOKENS name:2\r\n', ':0\r\n*0\r\n$-1\r\n*0\r\n');
    await client.expect('RANDOMKEY\r\nEXISTS name:3\r\n', '$-1\r\n:0\r\n');
    // A name that has been looked up, or is used again, is free immediately.
    await client.expect('SET name:1 new\r\nGET name:1\r\nDBSIZE\r\n', '+OK\r\n$3\r\nnew\r\n:1\r\n');
    await client.expect(`${command}\r\nDBSIZE\r\n`, `${command === 'FLUSHALL' ? '+OK' : ':1'}\r\n:0\r\n`);
    clock.msPerLook = 2;
    const left = new Set<number>();
    while (engine.doomed > 0) {
      left.add(engine.doomed);
      clock.step();
      await client.expect('PING\r\n', '+PONG\r\n');
    }
    expect(left.size).toBeGreaterThan(10);
    expect(engine.memory).toBeLessThan(memory / 1000);
    expect(server.engine.stats().ended).toBe(MANY + 1);
  });

  it('waits for a subscriber that reads, which gets each event once, but not if the memory is needed', async () => {
    const { engine, clock, client, subscriber } = await startWithSubscriber();
    subscriber.socket.pause();
    await client.expect(`${command}\r\n`, reply);
    let before = 0;
    do {
      before = engine.doomed;
      await goOnUntil(clock, () => clock.called % 20 === 0);
      clock.advance(10);
    } while (engine.doomed !== before);
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(MANY);
    // Memory that is needed is freed: there is room for a new key.
    engine.limitMemory(engine.memory - 1, 'noeviction');
    await client.expect('SET new value\r\n', '+OK\r\n');
    expect(engine.doomed).toBeLessThan(before);
    engine.limitMemory(Infinity, 'noeviction');
    subscriber.socket.resume();
    const heard = new Set<string>();
    const reading = (async () => {
      while (heard.size < MANY) heard.add((await subscriber.takeUntil('"created"')).split('"name":"')[1].split('"')[0]);
    })();
    await goOnUntil(clock, () => engine.doomed === 0);
    await reading;
    expect(heard.size).toBe(MANY);
    await subscriber.expect('PING\r\n', '');
    expect(engine.size).toBe(1);
  });

  it('does not wait for a subscriber that does not read, which is cut by its output limit', async () => {
    const { engine, clock, client, subscriber } = await startWithSubscriber();
    subscriber.socket.pause();
    await client.expect(`${command}\r\n`, reply);
    await goOnUntil(clock, () => engine.doomed === 0, 100);
    subscriber.socket.resume();
    // Its connection ends, and it has received some of the events.
    expect((await subscriber.takeAll()).length).toBeLessThan(MANY * VALUE.length);
    await client.expect('PING\r\n', '+PONG\r\n');
  });

  it('does not cut a subscriber that reads when few sessions with much data end', async () => {
    const { client, clock, server } = await start();
    const subscriber = await connectTo(server);
    await subscriber.send('PSUBSCRIBE __sessiondata__:ended:*\r\n');
    await subscriber.takeUntil(':1\r\n');
    // Each is nearly 1 MB as JSON: together more than a subscriber may leave unread.
    const value = Slice.of(Buffer.alloc(170_000));
    for (let i = 0; i < 60; i++) {
      server.engine.create(Slice.of(`name:${i}`), { shared: 'tokenless', data: [Slice.of('f'), value] });
    }
    await client.expect(`${command}\r\nDBSIZE\r\n`, `${command === 'FLUSHALL' ? '+OK' : ':60'}\r\n:0\r\n`);
    const reading = (async () => {
      for (let heard = 0; heard < 60; heard++) await subscriber.takeUntil('"created"');
    })();
    await goOnUntil(clock, () => server.engine.doomed === 0);
    await reading;
  });

  it('lets others be served after each session with much data', async () => {
    const { engine, clock, client } = await startWithSessions(VALUE);
    await client.expect(`${command}\r\n`, reply);
    clock.msPerLook = 2;
    while (engine.doomed === MANY) clock.step();
    expect(engine.doomed).toBe(MANY - 1);
  });
});
