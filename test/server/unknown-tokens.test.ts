import { afterEach, expect, it } from 'vitest';
import { Slice } from '../../src/slice.js';
import { connectTo, stopServers } from '../embedded-server.js';
import { start } from './start.js';

afterEach(stopServers);

const KEYS = 1000;
const NOBODYS = 'AAAAAAAAAAAAAAAAAAAAAA';

/** A server with many keys whose tokens nobody has asked for, and a clock with which any work takes long. */
async function startWithKeys() {
  const started = await start();
  const { engine } = started.server;
  for (let i = 0; i < KEYS; i++)
    engine.create(Slice.of(`key:${i}`), { shared: 'tokenless', data: [Slice.of('f'), Slice.of('v')] });
  started.clock.msPerLook = 2;
  return { ...started, engine };
}

it.each([
  ['SESSION.GET', `SESSION.GET ${NOBODYS} k`, '-NOSESSION no such session\r\n'],
  ['SESSION.NEW with a token', `SESSION.NEW x TOKEN ${NOBODYS}`, `$22\r\n${NOBODYS}\r\n`],
  ['WATCH', `WATCH ${NOBODYS}`, '+OK\r\n'],
  ['a transaction', `MULTI\r\nSESSION.EXISTS ${NOBODYS}\r\nEXEC`, '+OK\r\n+QUEUED\r\n*1\r\n:0\r\n'],
])('%s waits until tokens are derived, and others do not', async (_, request, reply) => {
  const { server, clock, client, engine } = await startWithKeys();
  await client.send(`${request}\r\n`);
  if (request.startsWith('MULTI')) await client.takeUntil('+QUEUED\r\n');
  const other = await connectTo(server);
  while (engine.tokenless === KEYS) await other.expect('PING\r\n', '+PONG\r\n');
  // Others are served between two slices, and see what they would see.
  expect(engine.tokenless).toBeGreaterThan(0);
  await other.expect('HGET key:1 f\r\nDEL key:2\r\n', '$1\r\nv\r\n:1\r\n');
  while (clock.step());
  await client.takeUntil(reply.slice(reply.startsWith('+OK\r\n+QUEUED') ? '+OK\r\n+QUEUED\r\n'.length : 0));
  expect(engine.tokenless).toBe(0);
});

it('what is no token keeps nobody waiting, and has no token derived', async () => {
  const { client, engine } = await startWithKeys();
  await client.expect(
    'WATCH key:1\r\nSESSION.GET nothing k\r\nSESSION.GET @key:1 f\r\n',
    '+OK\r\n-NOSESSION no such session\r\n$1\r\nv\r\n',
  );
  expect(engine.tokenless).toBe(KEYS);
});

it('a token of before is found though nobody has asked for it since', async () => {
  const { client, clock, engine } = await startWithKeys();
  const token = await client.bulk('SESSION.OPEN', 'key:7');
  await client.expect('DEL key:7\r\nHSET key:7 f new\r\n', ':1\r\n:1\r\n');
  await client.send(`SESSION.GET ${token} f\r\n`);
  while (engine.tokenless > 0) {
    if (!clock.step()) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await client.takeUntil('new\r\n')).toBe('$3\r\nnew\r\n');
});
