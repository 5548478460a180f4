import { afterEach, describe, expect, it } from 'vitest';
import type { Server } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame } from '../raw-client.js';

afterEach(stopServers);

/** Clients that each leave 40 KB of one reply unread, where 32 KB are allowed. Each causes a log line. */
async function overflow(server: Server, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const client = await connectTo(server);
    await client.send(frame('ECHO', 'x'.repeat(40_000)));
    await client.takeAll();
  }
}

const OVERFLOWED =
  /^client \d+ \(127\.0\.0\.1:\d+\) disconnected: replies exceed the output buffer limit \(client-output-buffer-limit normal\)/;

describe('log lines that clients can cause', () => {
  async function start() {
    const clock = new FakeClock();
    const log = keepLog();
    const output = { hard: 32 * 1024, soft: 0, seconds: 0 };
    const limits = {
      'client-output-buffer-limit': { normal: output, pubsub: output },
      'client-reply-backlog': 16 * 1024,
    };
    const server = await startServer({ ...limits, maxclients: 2 }, { clock, log });
    return { clock, log, server };
  }

  it('are written once a second, and the next one says how many there were', async () => {
    const { clock, log, server } = await start();
    await overflow(server, 3);
    expect(log.lines).toEqual([expect.stringMatching(OVERFLOWED)]);
    clock.advance(1000);
    expect(log.lines.slice(1)).toEqual([expect.stringMatching(OVERFLOWED)]);
    expect(log.lines[1]).toMatch(/ \(and 1 more of these\)$/);
    clock.advance(5000);
    expect(log.lines).toHaveLength(2);
    await overflow(server, 1);
    expect(log.lines[2]).toMatch(/normal\)$/);
  });

  it('do not hide those of other kinds', async () => {
    const { log, server } = await start();
    await overflow(server, 2);
    await Promise.all([connectTo(server), connectTo(server)]);
    for (let i = 0; i < 2; i++) await (await connectTo(server)).takeAll();
    expect(log.lines).toEqual([
      expect.stringMatching(OVERFLOWED),
      'refused a connection: too many clients (maxclients 2)',
    ]);
  });

  it('are all written when the server stops', async () => {
    const { log, server } = await start();
    await overflow(server, 4);
    await server.close();
    expect(log.lines).toHaveLength(2);
    expect(log.lines[1]).toMatch(/ \(and 2 more of these\)$/);
  });
});
