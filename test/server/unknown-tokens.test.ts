import { afterEach, expect, it } from 'vitest';
import { Slice } from '../../src/slice.js';
import { stopServers } from '../embedded-server.js';
import { start } from './start.js';

afterEach(stopServers);

const KEYS = 5000;
const NOBODYS = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Starts a server with many keys whose tokens no client has requested. */
async function startWithKeys() {
  const started = await start();
  const { engine } = started.server;
  for (let i = 0; i < KEYS; i++)
    engine.create(Slice.of(`key:${i}`), { shared: 'tokenless', data: [Slice.of('f'), Slice.of('v')] });
  return { ...started, engine };
}

it.each([
  ['SESSION.GET', `SESSION.GET ${NOBODYS} k`, '-NOSESSION no such session\r\n'],
  ['SESSION.NEW with a token', `SESSION.NEW x TOKEN ${NOBODYS}`, `$22\r\n${NOBODYS}\r\n`],
  ['WATCH', `WATCH ${NOBODYS}`, '+OK\r\n'],
  ['a transaction', `MULTI\r\nSESSION.EXISTS ${NOBODYS}\r\nEXEC`, '+OK\r\n+QUEUED\r\n*1\r\n:0\r\n'],
])('%s with an unknown token costs no work for keys without a token', async (_, request, reply) => {
  const { client, engine } = await startWithKeys();
  await client.expect(`${request}\r\n`, reply);
  expect(engine.derivations).toBe(0);
});

it('an earlier token is found although no client has requested it since, with one derivation', async () => {
  const { client, engine } = await startWithKeys();
  const token = await client.bulk('SESSION.OPEN', 'key:7');
  await client.expect('DEL key:7\r\nHSET key:7 f new\r\n', ':1\r\n:1\r\n');
  const { derivations } = engine;
  await client.expect(`SESSION.GET ${token} f\r\nSESSION.GET ${token} f\r\n`, '$3\r\nnew\r\n$3\r\nnew\r\n');
  expect(engine.derivations).toBe(derivations + 1);
});

it('a chosen token that is derived for a key is refused while the key exists, and kept if it came first', async () => {
  const { client, engine } = await startWithKeys();
  const token = await client.bulk('SESSION.OPEN', 'key:7');
  await client.expect('DEL key:7\r\nHSET key:7 f new\r\n', ':1\r\n:1\r\n');
  const exists = '-SESSIONEXISTS a session with this token already exists\r\n';
  await client.expect(`SESSION.NEW x TOKEN ${token}\r\n`, exists);
  await client.expect(`DEL key:7\r\nSESSION.NEW x TOKEN ${token}\r\n`, `:1\r\n$22\r\n${token}\r\n`);
  await client.expect(`HSET key:7 f newer\r\nSESSION.OPEN key:7\r\n`, `:1\r\n${exists}`);
  await client.expect(`SESSION.GET ${token} f\r\nHGET key:7 f\r\n`, '$-1\r\n$5\r\nnewer\r\n');
  await client.expect(`SESSION.END ${token}\r\nSESSION.GET ${token} f\r\n`, ':1\r\n$5\r\nnewer\r\n');
  await client.expect(`SESSION.OPEN key:7\r\n`, `$22\r\n${token}\r\n`);
  expect(engine.size).toBe(KEYS);
});
