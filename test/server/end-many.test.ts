import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/engine/index.js';
import type { Server } from '../../src/index.js';
import { Slice } from '../../src/slice.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, type RawClient } from '../raw-client.js';
import { turnEventLoop } from '../turn-event-loop.js';
import { ask, askWith } from './ask.js';
import { start } from './start.js';
import { subscribe } from './subscribe.js';

afterEach(stopServers);

const MANY = 3000;

/** Each look at this clock takes it a millisecond on, so that a slice of work is over whenever that is asked. */
function hastyClock() {
  let now = 1000;
  return { ...systemClock, now: () => ++now };
}

/** Creates many sessions of one name. Returns their tokens. */
function createMany({ engine }: Server, value = 'v', count = MANY): string[] {
  const settings = { data: [Slice.of('f'), Slice.of(value)] };
  return Array.from({ length: count }, () => engine.token(engine.create(Slice.of('basket'), settings)));
}

/** Creates many keys. Returns their names. */
function createKeys({ engine }: Server, value = 'v'): string[] {
  const keys = Array.from({ length: MANY }, (_, i) => `key:${i}`);
  for (const key of keys) engine.create(Slice.of(key), { shared: 'tokenless', string: Slice.of(value) });
  return keys;
}

/** Requests that end very many sessions, each with how it prepares them; what it returns is the request. */
const REQUESTS: Record<string, (server: Server, value?: string) => string[]> = {
  'SESSION.ENDNAME': (server, value) => {
    createMany(server, value);
    return ['SESSION.ENDNAME', 'basket'];
  },
  'SESSION.END': (server, value) => ['SESSION.END', ...createMany(server, value)],
  DEL: (server, value) => ['DEL', ...createKeys(server, value)],
  UNLINK: (server, value) => ['UNLINK', ...createKeys(server, value)],
};

/**
 * Sends a request and has another client served until it is answered. Returns its reply, and how often that one was.
 */
async function servedDuring(client: RawClient, request: string[], serve: () => Promise<unknown>) {
  let answered = false;
  const reply = askWith(client, ...request).finally(() => {
    answered = true;
  });
  let served = 0;
  for (; !answered; served++) await serve();
  return { reply: await reply, served };
}

/** Lets time and the event loop go on until something is so. */
async function goOnUntil(clock: { advance(ms: number): void }, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    clock.advance(5);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each(Object.keys(REQUESTS))('%s of very many', (command) => {
  it('has others served meanwhile', async () => {
    const server = await startServer({}, { clock: hastyClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    const request = REQUESTS[command](server);
    const { reply, served } = await servedDuring(client, request, () => other.expect('PING\r\n', '+PONG\r\n'));
    expect(reply).toBe(`${MANY}`);
    expect(served).toBeGreaterThan(10);
    expect(server.engine.stats()).toMatchObject({ sessions: 0, keys: 0, bytes: 0, names: 0, ended: MANY });
    await client.expect(frame(...request), ':0\r\n');
  });

  it('within a transaction runs as a whole', async () => {
    const server = await startServer({}, { clock: hastyClock() });
    const client = await connectTo(server);
    const request = REQUESTS[command](server);
    await client.expect(
      Buffer.concat([frame('MULTI'), frame(...request), frame('DBSIZE'), frame('EXEC')]),
      `+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:${MANY}\r\n:0\r\n`,
    );
  });

  it('has ended all when it replies, and does not cut a subscriber that reads', async () => {
    const { client, clock, server } = await start();
    await askWith(client, 'CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 8mb 0 0');
    const subscriber = await connectTo(server);
    await askWith(subscriber, 'PSUBSCRIBE', '__sessiondata__:ended:*');
    const request = REQUESTS[command](server, 'v'.repeat(10_000));
    const { memory } = server.engine;
    subscriber.socket.pause();
    await client.expect(frame(...request), `:${MANY}\r\n`);
    expect(server.engine.stats()).toMatchObject({ sessions: 0, keys: 0, bytes: 0, names: 0 });
    await client.expect(frame(command, request.at(-1) ?? ''), ':0\r\n');
    subscriber.socket.resume();
    const heard = new Set<string>();
    const reading = (async () => {
      while (heard.size < MANY) {
        const message = await subscriber.takeUntil('"created"');
        heard.add(/"name":"(.*?)","token":"(.*?)"/.exec(message)?.slice(1).join() ?? '');
      }
    })();
    await goOnUntil(clock, () => server.engine.doomed === 0);
    await reading;
    expect(server.engine.memory).toBeLessThan(memory / 1000);
    await subscriber.expect('PING\r\n', '');
  });

  it('is in the journal when it replies', async () => {
    const config = { appendonly: true, appendfsync: 'always', dir: temporaryDirectory() } as const;
    const server = await startServer(config);
    const client = await connectTo(server);
    const request = REQUESTS[command](server);
    await client.expect(frame(...request), `:${MANY}\r\n`);
    await ask(client, 'SESSION.NEW basket');
    await server.close();
    const again = await startServer(config);
    expect(again.engine.size).toBe(1);
  });
});

describe('SESSION.ENDNAME of very many', () => {
  it('spares what is created meanwhile', async () => {
    const server = await startServer({}, { clock: hastyClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    createMany(server);
    const created: string[] = [];
    const { reply } = await servedDuring(client, ['SESSION.ENDNAME', 'basket'], async () => {
      created.push(await ask(other, 'SESSION.NEW basket'));
    });
    expect(reply).toBe(`${MANY}`);
    expect(created.length).toBeGreaterThan(10);
    expect(await ask(client, 'SESSION.TOKENS basket')).toBe(created.join(' '));
    expect(server.engine.stats()).toMatchObject({ sessions: created.length, names: 1 });
  });

  it('shares the work with another one, and both reply when all have ended', async () => {
    const server = await startServer({}, { clock: hastyClock() });
    const clients = [await connectTo(server), await connectTo(server)];
    createMany(server);
    const replies = await Promise.all(
      clients.map(async (client) => {
        const reply = await ask(client, 'SESSION.ENDNAME basket');
        expect(await ask(client, 'SESSION.TOKENS basket')).toBe('');
        return Number(reply);
      }),
    );
    expect(replies[0] + replies[1]).toBe(MANY);
    expect(Math.min(...replies)).toBeGreaterThan(0);
  });

  it('ends old tokens as well, and what had the token of one may have it again', async () => {
    const { client, server, ask } = await start();
    const tokens = createMany(server);
    const last = tokens[MANY - 1];
    const rotated = await ask(`SESSION.ROTATE ${last} GRACE 60`);
    expect(await ask('SESSION.ENDNAME basket')).toBe(`${MANY}`);
    for (const token of [last, rotated]) expect(await ask(`SESSION.EXISTS ${token}`)).toBe('0');
    expect(await ask(`SESSION.NEW other TOKEN ${last}`)).toBe(last);
    await client.expect('DBSIZE\r\n', ':1\r\n');
  });
});

describe('SESSION.NEW with a LIMIT that ends very many', () => {
  it('has others served meanwhile, and keeps the newest', async () => {
    const server = await startServer({}, { clock: hastyClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    const tokens = createMany(server);
    const request = ['SESSION.NEW', 'basket', 'LIMIT', '3'];
    const { reply, served } = await servedDuring(client, request, () => other.expect('PING\r\n', '+PONG\r\n'));
    expect(served).toBeGreaterThan(10);
    expect(await ask(client, 'SESSION.TOKENS basket')).toBe([...tokens.slice(-2), reply].join(' '));
    expect(server.engine.stats()).toMatchObject({ sessions: 3, ended: MANY - 2 });
  });

  it('publishes each once, as `limit`, to a subscriber that reads', async () => {
    const { client, clock, server, ask } = await start();
    const subscriber = await connectTo(server);
    const heard = await subscribe(subscriber, client, '__session__:*');
    const tokens = createMany(server);
    await heard();
    const created = await ask('SESSION.NEW basket LIMIT 1');
    await goOnUntil(clock, () => server.engine.doomed === 0);
    const messages = await heard();
    const of = (event: string) => messages.filter((message) => message.includes(`:${event}:`));
    expect(of('new').map((message) => message.split(' ')[1])).toEqual([created]);
    expect(
      of('limit')
        .map((message) => message.split(' ')[1])
        .sort(),
    ).toEqual([...tokens].sort());
    expect(messages).toHaveLength(MANY + 1);
  });

  it('counts those that are due as gone', async () => {
    const { clock, server, ask } = await start();
    const due = Array.from({ length: 2000 }, () => server.engine.create(Slice.of('basket'), { duration: 1000 }));
    const [kept] = createMany(server, 'v', 1);
    clock.freeze(1000);
    const created = await ask('SESSION.NEW basket LIMIT 2');
    expect(await ask('SESSION.TOKENS basket')).toBe(`${kept} ${created}`);
    expect(server.engine.stats()).toMatchObject({ sessions: 2, expired: due.length, ended: 0 });
  });
});

describe('DEL of very many', () => {
  it('is published for each key before the key is set again', async () => {
    const { client, clock, server } = await start({ 'notify-keyspace-events': 'EA' });
    const subscriber = await connectTo(server);
    const keys = createKeys(server);
    const heard = await subscribe(subscriber, client, '__keyevent@0__:*');
    await askWith(client, 'DEL', ...keys);
    const again = keys.slice(-100);
    for (const key of again) await askWith(client, 'SET', key, 'x');
    await goOnUntil(clock, () => server.engine.doomed === 0);
    const messages = await heard();
    expect(messages).toHaveLength(MANY + again.length);
    for (const key of again) {
      expect(messages.filter((message) => message.endsWith(` ${key}`))).toEqual([
        `__keyevent@0__:del ${key}`,
        `__keyevent@0__:set ${key}`,
      ]);
    }
  });
});

describe('a server that stops while a command ends very many sessions', () => {
  it('does not wait for it past shutdown-timeout, and reports no fault', async () => {
    const log = keepLog();
    const config = { appendonly: true, dir: temporaryDirectory(), 'shutdown-timeout': 0 };
    const server = await startServer(config, { clock: hastyClock(), log });
    const client = await connectTo(server);
    createMany(server, 'v', 50_000);
    client.socket.write(frame('SESSION.ENDNAME', 'basket'));
    while (server.engine.doomed === 0) await turnEventLoop();
    await server.close();
    const left = server.engine.stats().sessions;
    for (let turn = 0; turn < 100; turn++) await turnEventLoop();
    expect(server.engine.stats().sessions).toBe(left);
    expect(log.lines.filter((line) => line.includes('internal error'))).toEqual([]);
  });
});
