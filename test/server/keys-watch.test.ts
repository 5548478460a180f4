import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, stopServers } from '../embedded-server.js';
import { passTime } from '../pass-time.js';
import { askWith } from './ask.js';
import { start } from './start.js';

afterEach(stopServers);

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';

describe('WATCH of a key', () => {
  it.each([
    ['SET k w', true],
    ['SET k v', true],
    ['HSET h f w', true],
    ['HDEL h f', true],
    ['HDEL h none', false],
    ['DEL k', true],
    ['EXPIRE k 100', true],
    ['PERSIST k', false],
    ['RENAME k other', true],
    ['RENAME other k', true],
    ['COPY other k REPLACE', true],
    ['COPY k new', false],
    ['SET none v', true],
    ['HSET none f v', true],
    ['SESSION.NEW none SHARED', true],
    ['SESSION.ENDNAME h', true],
    ['SESSION.SET @h f w', true],
    ['SESSION.OPEN k', false],
    ['SESSION.NEW k', false],
    ['GET k', false],
    ['TOUCH k', false],
    ['SET unrelated v', false],
    ['FLUSHALL', true],
  ])('%s by another client aborts the transaction: %s', async (request, disturbs) => {
    const { server, client, ask } = await start();
    await ask('MSET k v other o');
    await ask('HSET h f v');
    await ask('WATCH k h none');
    const other = await connectTo(server);
    await askWith(other, ...request.split(' '));
    await client.expect('MULTI\r\nSET done 1\r\n', '+OK\r\n+QUEUED\r\n');
    expect(await ask('EXEC')).toBe(disturbs ? 'nil' : 'OK');
    expect(await ask('EXISTS done')).toBe(disturbs ? '0' : '1');
  });

  it.each(passTime)('its expiry aborts the transaction, %s', async (_, pass) => {
    const { clock, client, ask } = await start();
    await ask('SET k v PX 10');
    await ask('WATCH k');
    pass(clock, 10);
    await client.expect('MULTI\r\nSET done 1\r\n', '+OK\r\n+QUEUED\r\n');
    expect(await ask('EXEC')).toBe('nil');
  });

  it('a key that is deleted and created again with the same value has changed', async () => {
    const { server, client, ask } = await start();
    await ask('SET k v');
    await ask('WATCH k');
    const other = await connectTo(server);
    await other.expect('DEL k\r\nSET k v\r\n', ':1\r\n+OK\r\n');
    await client.expect('MULTI\r\nSET done 1\r\n', '+OK\r\n+QUEUED\r\n');
    expect(await ask('EXEC')).toBe('nil');
  });

  it('a key that looks like a token or @name is watched as both', async () => {
    const { server, client, ask } = await start();
    for (const [key, request] of [
      [TOKEN, `SET ${TOKEN} v`],
      [TOKEN, `SESSION.NEW x TOKEN ${TOKEN}`],
      ['@name', 'SET @name v'],
      ['@name', 'SET name v'],
    ]) {
      await ask('FLUSHALL');
      await ask(`WATCH ${key}`);
      await askWith(await connectTo(server), ...request.split(' '));
      await client.expect('MULTI\r\nPING\r\n', '+OK\r\n+QUEUED\r\n');
      expect(await ask('EXEC'), request).toBe('nil');
    }
  });
});
