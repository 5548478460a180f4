import { Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { frame } from '../raw-client.js';
import { turnEventLoop } from '../turn-event-loop.js';
import { StandingClock } from './held-disk.js';

afterEach(stopServers);

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';
const VALUE = 8_000_000;
const GETS = 3;
/** The time between checks, and after which a client is cut that reads nothing, in ms. */
const CHECK = 500;
const PATIENCE = 5000;

/** Starts to close a server while a client has more to read than the system buffers for it. */
async function closing(timeout: number) {
  const clock = new StandingClock();
  const server = await startServer({ 'shutdown-timeout': timeout, 'client-reply-backlog': 16 * 1024 }, { clock });
  const client = await connectTo(server);
  const value = 'v'.repeat(VALUE);
  await client.expect(frame('SESSION.NEW', 'x', 'TOKEN', TOKEN, 'DATA', 'key', value), `$22\r\n${TOKEN}\r\n`);
  client.socket.pause();
  await client.send(Buffer.concat(Array.from({ length: GETS }, () => frame('SESSION.GET', TOKEN, 'key'))));
  const other = await connectTo(server);
  await other.expect('PING\r\n', '+PONG\r\n');
  const serverSide = serverSideOf(client.socket);
  while (untaken(serverSide) === 0) await turnEventLoop(5);
  let isClosed = false;
  const closed = server.close().then(() => {
    isClosed = true;
  });
  expect(await other.takeAll()).toBe('');
  return { clock, client, serverSide, closed, isClosed: () => isClosed };
}

/** Returns the socket at the other end of a connection within this process. */
function serverSideOf({ localPort }: Socket): Socket {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
  const sockets = handles().filter((handle) => handle instanceof Socket);
  const found = sockets.find(({ remotePort }) => remotePort === localPort);
  if (found === undefined) throw new Error(`no socket is connected to port ${localPort}`);
  return found;
}

/** Returns how many bytes the system has not accepted from the server. */
function untaken(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle: { readonly writeQueueSize: number } | null };
  return socket.writableLength === 0 ? 0 : socket.writableLength + (handle?.writeQueueSize ?? 0);
}

it('a client that reads its replies slowly gets all of them', async () => {
  const { clock, client, serverSide, closed, isClosed } = await closing(3600);
  const { socket } = client;
  const began = clock.now();
  while (!serverSide.writableFinished) {
    // The client reads something each time just before it would be cut for reading nothing.
    for (let ms = 0; ms < PATIENCE - CHECK; ms += CHECK) {
      clock.advance(CHECK);
      await turnEventLoop(5);
    }
    const before = untaken(serverSide);
    socket.resume();
    while (untaken(serverSide) === before && !isClosed()) await turnEventLoop(5);
    socket.pause();
  }
  expect(clock.now() - began).toBeGreaterThan(2 * PATIENCE);
  socket.resume();
  expect(await client.takeAll()).toHaveLength(GETS * (VALUE + `$${VALUE}\r\n\r\n`.length));
  await closed;
});

it('a client that reads nothing is cut after a while, however long a stop may take', async () => {
  const { clock, closed, isClosed } = await closing(3600);
  const began = clock.now();
  while (!isClosed() && clock.now() < began + 2 * PATIENCE) {
    clock.advance(CHECK);
    await turnEventLoop(5);
  }
  await closed;
  expect(clock.now() - began).toBeGreaterThanOrEqual(PATIENCE);
});

it('shutdown-timeout also limits the wait for a client that is reading its replies', async () => {
  const { clock, client, closed } = await closing(1);
  client.socket.resume();
  while (client.socket.bytesRead < VALUE / 2) await new Promise(setImmediate);
  client.socket.pause();
  clock.advance(1000);
  await closed;
});
