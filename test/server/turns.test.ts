import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, type RawClient } from '../raw-client.js';
import { running } from '../running.js';

afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
});

/**
 * Makes each ECHO take a millisecond on the clock. Returns the names of the clients that were served, in order. The
 * first ECHO calls `meanwhile`: what clients send there can be read by the server when this read is done.
 */
function slowEchoes(clock: FakeClock, meanwhile: () => void): string[] {
  const served: string[] = [];
  vi.spyOn(running('echo'), 'run').mockImplementation(({ client, reply }, args) => {
    if (served.push(client.name) === 1) meanwhile();
    clock.advance(1);
    reply.bulk(args.bytes());
  });
  return served;
}

const echoes = (count: number) => Buffer.concat(Array.from({ length: count }, (_, i) => frame('ECHO', String(i))));
const replies = (count: number) => Array.from({ length: count }, (_, i) => `$${String(i).length}\r\n${i}\r\n`).join('');

async function start(config: Partial<Config> = {}) {
  const clock = new FakeClock();
  const server = await startServer(config, { clock });
  const named = async (name: string): Promise<RawClient> => {
    const client = await connectTo(server);
    await client.expect(`CLIENT SETNAME ${name}\r\n`, '+OK\r\n');
    return client;
  };
  return { clock, server, named };
}

describe('a client that sends much work in one go', () => {
  it.each(['no', 'everysec', 'always'] as const)(
    'lets others have their turn, and gets its replies in order; appendfsync %s',
    async (appendfsync) => {
      const { clock, named } = await start({ appendonly: true, appendfsync, dir: temporaryDirectory() });
      const [greedy, other] = [await named('greedy'), await named('other')];
      const served = slowEchoes(clock, () => other.send(echoes(1)));
      await greedy.send(echoes(30));
      expect(await greedy.take(replies(30).length)).toBe(replies(30));
      await other.take(replies(1).length);
      // It gets a turn when it is read, and at most one more before the other client is read.
      expect(served.indexOf('other')).toBeLessThanOrEqual(6);
      expect(served).toHaveLength(31);
    },
  );

  it('is one of many that take turns, between which others are served', async () => {
    const { clock, named } = await start();
    const greedy = await Promise.all(Array.from({ length: 10 }, (_, i) => named(`greedy${i}`)));
    const other = await named('other');
    const served = slowEchoes(clock, () => {
      for (const client of greedy.slice(1)) void client.send(echoes(30));
      void other.send(echoes(1));
    });
    await greedy[0].send(echoes(30));
    const got = await Promise.all(greedy.map((client) => client.take(replies(30).length)));
    expect(new Set(got)).toEqual(new Set([replies(30)]));
    await other.take(replies(1).length);
    // All others are read in the same iteration as the first, so each gets a turn then.
    expect(served.indexOf('other')).toBeLessThanOrEqual(3 * 11 + 3);
    // None is finished before each has reached its last turn but one.
    expect(new Set(served.slice(0, 10 * 24)).size).toBe(11);
  });

  it('gets its errors in turns too', async () => {
    const { named } = await start();
    const [greedy, other] = [await named('greedy'), await named('other')];
    await greedy.send('NOPE\r\n'.repeat(10_000));
    await other.expect('PING\r\n', '+PONG\r\n');
    const refusal = "-ERR unknown command 'NOPE', with args beginning with: \r\n";
    expect(await greedy.take(refusal.length * 10_000)).toBe(refusal.repeat(10_000));
  });

  it.each([
    ['QUIT', '+OK\r\n'],
    ['*1\r\n:', "-ERR Protocol error: expected '$', got ':'\r\n"],
  ])('and then %j gets every reply before the end', async (last, reply) => {
    const { clock, named } = await start();
    const greedy = await named('greedy');
    slowEchoes(clock, () => {});
    await greedy.send(Buffer.concat([echoes(20), Buffer.from(`${last}\r\n`)]));
    expect(await greedy.takeAll()).toBe(replies(20) + reply);
  });

  it('gets replies to everything that was read when the server closes', async () => {
    const { clock, server, named } = await start();
    const greedy = await named('greedy');
    const served = slowEchoes(clock, () => setImmediate(() => server.close()));
    await greedy.send(echoes(30));
    expect(await greedy.takeAll()).toBe(replies(30));
    expect(served).toHaveLength(30);
    await server.closed;
  });

  it('can be killed between two turns', async () => {
    const { clock, named } = await start();
    const [greedy, other] = [await named('greedy'), await named('other')];
    const served = slowEchoes(clock, () => other.send(frame('CLIENT', 'KILL', 'ID', '1')));
    await greedy.send(echoes(30));
    expect(await other.take(4)).toBe(':1\r\n');
    await greedy.takeAll();
    await other.expect('PING\r\n', '+PONG\r\n');
    expect(served.length).toBeLessThanOrEqual(6);
  });

  it('runs a transaction without interruption, however long it takes', async () => {
    const { clock, named } = await start();
    const [greedy, other] = [await named('greedy'), await named('other')];
    const served = slowEchoes(clock, () => other.send(echoes(1)));
    await greedy.send(Buffer.concat([frame('MULTI'), echoes(10), frame('EXEC')]));
    expect(await greedy.takeUntil(`*10\r\n${replies(10)}`)).toContain('QUEUED');
    await other.take(replies(1).length);
    expect(served.indexOf('other')).toBe(10);
  });
});
