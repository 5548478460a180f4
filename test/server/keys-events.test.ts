import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, stopServers } from '../embedded-server.js';
import { start } from './start.js';
import { subscribe } from './subscribe.js';

afterEach(stopServers);

describe('session events of keys', () => {
  it('there is one per operation, with the token, in the order of the operations', async () => {
    const { clock, server, client, ask } = await start();
    const heard = await subscribe(await connectTo(server), client, '__session*');
    await ask('SET sess:abc v EX 10');
    await ask('SET sess:abc w EX 20');
    await ask('HSET h f v');
    await ask('EXPIRE h 0');
    await ask('MSET a 1 b 2');
    await ask('RENAME a b');
    await ask('COPY b c');
    await ask('COPY b c REPLACE');
    await ask('DEL b c none');
    await ask('HSET h f v');
    await ask('HDEL h f');
    await ask('SET d v');
    await ask('GETDEL d');
    clock.advance(20_000);
    const tokens = new Map<string, string>();
    const events = (await heard()).filter((event) => event.startsWith('__session__'));
    expect(
      events.map((event) => {
        const [, name, token] = /^__session__:\w+:(\S+) ([\w-]{22})$/.exec(event) ?? [];
        // Each name has a separate token, always the same.
        expect(tokens.get(name) ?? token).toBe(token);
        tokens.set(name, token);
        return event.slice('__session__:'.length, -23);
      }),
    ).toEqual([
      ...['new:sess:abc', 'new:h', 'ended:h', 'new:a', 'new:b', 'replaced:b', 'renamed:b', 'new:c', 'replaced:c'],
      ...['new:c', 'ended:b', 'ended:c', 'new:h', 'ended:h', 'new:d', 'ended:d', 'expired:sess:abc'],
    ]);
    expect(new Set(tokens.values()).size).toBe(tokens.size);
    for (const [name, token] of tokens) {
      await ask(`SET ${name} v`);
      expect(await ask(`SESSION.OPEN ${name}`)).toBe(token);
    }
  });

  it('expired comes at the deadline, together with the value under the empty key', async () => {
    const { clock, server, client, ask } = await start();
    const created = clock.wall();
    await ask('SET sess:abc value PX 1000');
    await ask('HSET h f v g w');
    await ask('PEXPIRE h 1000');
    const heard = await subscribe(await connectTo(server), client, '__session*');
    clock.advance(999);
    expect(await heard()).toEqual([]);
    clock.advance(1);
    const events = await heard();
    expect(events.map((event) => event.split(' ')[0]).sort()).toEqual([
      ...['__session__:expired:h', '__session__:expired:sess:abc'],
      ...['__sessiondata__:expired:h', '__sessiondata__:expired:sess:abc'],
    ]);
    const [data] = events.filter((event) => event.startsWith('__sessiondata__:expired:sess:abc '));
    expect(JSON.parse(data.slice(data.indexOf('{')))).toEqual({
      ...{
        event: 'expired',
        name: 'sess:abc',
        token: expect.stringMatching(/^[\w-]{22}$/),
        at: created + 1000,
        created,
      },
      keys: { '': 'value' },
    });
    const [fields] = events.filter((event) => event.startsWith('__sessiondata__:expired:h '));
    expect(JSON.parse(fields.slice(fields.indexOf('{'))).keys).toEqual({ f: 'v', g: 'w' });
  });

  it('renamed and rotated do not publish data, replaced and ended publish the last data', async () => {
    const { server, client, ask } = await start();
    await ask('MSET a 1 b 2');
    const heard = await subscribe(await connectTo(server), client, '__session*');
    await ask('RENAME a b');
    await ask('DEL b');
    const data = (await heard()).filter((event) => event.startsWith('__sessiondata__'));
    expect(data.map((event) => event.replace(/"token".*"keys"/, ''))).toEqual([
      '__sessiondata__:replaced:b {"event":"replaced","name":"b",:{"":"2"}}',
      '__sessiondata__:ended:b {"event":"ended","name":"b",:{"":"1"}}',
    ]);
  });

  it('the token of an event opens the session', async () => {
    const { server, client, ask } = await start();
    const heard = await subscribe(await connectTo(server), client, '__session*');
    await ask('SET k v');
    await ask('RENAME k l');
    const tokens = (await heard()).map((event) => event.split(' ')[1]);
    expect(await ask(`SESSION.EXISTS ${tokens[0]}`)).toBe('0');
    expect(await ask(`SESSION.GET ${tokens[1]} `)).toBe('v');
  });
});
