import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, stopServers } from '../embedded-server.js';
import { ask, askWith } from './ask.js';
import { start } from './start.js';

afterEach(stopServers);

describe('permissions', () => {
  const users = 'reader read r; writer write w; boss admin a; listener events e';

  it.each([
    [
      'reader',
      'r',
      ['GET k', 'MGET k', 'STRLEN k', 'GETRANGE k 0 1', 'HGET h f', 'HGETALL h', 'HSCAN h 0', 'HRANDFIELD h'],
    ],
    [
      'reader',
      'r',
      ['EXISTS k', 'TTL k', 'PEXPIRETIME k', 'TYPE k', 'TOUCH k', 'OBJECT ENCODING k', 'WATCH k', 'HLEN h'],
    ],
    [
      'writer',
      'w',
      ['SET k v', 'SETNX k v', 'SETEX k 9 v', 'GETSET k v', 'MSET k v', 'APPEND k x', 'INCR n', 'SETRANGE k 0 x'],
    ],
    [
      'writer',
      'w',
      ['GETEX k EX 9', 'DEL x', 'UNLINK x', 'EXPIRE k 9', 'PERSIST k', 'RENAME k l', 'COPY l k', 'GETDEL l'],
    ],
    ['writer', 'w', ['HSET h f 1', 'HSETNX h g 1', 'HDEL h g', 'HINCRBY h f 1', 'HINCRBYFLOAT h f 1', 'HMSET h a b']],
    ['boss', 'a', ['KEYS *', 'SCAN 0', 'RANDOMKEY', 'FLUSHALL']],
  ])('%s may run its commands, and nobody else may', async (name, password, requests) => {
    const { server } = await start({ users });
    for (const [other, its] of [
      ['reader', 'r'],
      ['writer', 'w'],
      ['boss', 'a'],
      ['listener', 'e'],
    ]) {
      const client = await connectTo(server);
      await askWith(client, 'AUTH', other, its);
      for (const request of requests) {
        const reply = await askWith(client, ...request.split(' '));
        const isMine = other === name && its === password;
        expect(reply.startsWith('NOPERM '), `${other}: ${request}: ${reply}`).toBe(!isMine);
      }
    }
  });

  it('every command for keys needs one', async () => {
    const { server } = await start({ users });
    const client = await connectTo(server);
    for (const request of ['GET k', 'SET k v', 'EXISTS k', 'DEL k', 'HGET h f', 'KEYS *', 'OBJECT IDLETIME k'])
      expect(await ask(client, request)).toBe('NOAUTH Authentication required.');
  });
});
