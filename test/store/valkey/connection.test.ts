import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../src/store/valkey/nodes/connection.js';

const TIMEOUT = 1000;
const MB = 2 ** 20;

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A connection to a node that never answers, whose time only passes when the test says so. */
async function open(): Promise<Connection> {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.resume()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const access = { timeout: TIMEOUT, wait: 0 };
  const connection = await Connection.open({ host: '127.0.0.1', port }, access);
  cleanups.push(() => connection.close());
  return connection;
}

/** Sends a command with that many bytes. Returns how long it waits for the reply, in ms. */
async function patience(connection: Connection, bytes: number): Promise<number> {
  const from = performance.now();
  let isOver = false;
  const answer = connection.ask('SET', 'key', 'x'.repeat(bytes)).catch((error: Error) => {
    isOver = true;
    return error.message;
  });
  while (!isOver) {
    vi.advanceTimersByTime(TIMEOUT / 8);
    await new Promise(setImmediate);
  }
  const waited = performance.now() - from;
  expect(await answer).toMatch(/^no answer within \d+ ms$/);
  return waited;
}

describe('a connection to a node', () => {
  it('waits for the reply as long as the options say', async () => {
    expect(await patience(await open(), 10)).toBeLessThan(TIMEOUT + 500);
  });

  it('waits longer for the reply to a large request: a second for each 10 MB', async () => {
    const waited = await patience(await open(), 20 * MB);
    expect(waited).toBeGreaterThanOrEqual(TIMEOUT + 2000);
    expect(waited).toBeLessThan(TIMEOUT + 2500);
  });
});
