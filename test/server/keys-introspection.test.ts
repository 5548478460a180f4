import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectTo, stopServers } from '../embedded-server.js';
import { running } from '../running.js';
import { ask } from './ask.js';
import { start } from './start.js';

afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
});

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';

describe('observing keys', () => {
  it('MONITOR shows commands with all their arguments, including those in transactions', async () => {
    const { server, client } = await start();
    const monitor = await connectTo(server);
    await monitor.expect('MONITOR\r\n', '+OK\r\n');
    await ask(client, 'SET k v EX 10');
    await ask(client, 'HSET h f v');
    await client.expect('MULTI\r\nDEL k\r\nEXEC\r\n', '+OK\r\n+QUEUED\r\n*1\r\n:1\r\n');
    const lines = (await monitor.takeUntil('"EXEC"\r\n')).split('\r\n').map((line) => line.replace(/^.*\] /, ''));
    expect(lines.slice(0, -1)).toEqual([
      ...['"SET" "k" "v" "EX" "10"', '"HSET" "h" "f" "v"', '"MULTI"', '"DEL" "k"', '"EXEC"'],
    ]);
  });

  it('an error names an option whose name is as long as a token', async () => {
    const { ask } = await start();
    expect(await ask('CONFIG SET notify-keyspace-events Q')).toContain("argument 'notify-keyspace-events'");
  });

  it('SLOWLOG stores the slow ones, without what looks like a token', async () => {
    const { clock, client } = await start({ 'slowlog-log-slower-than': 2000 });
    vi.spyOn(running('get'), 'run').mockImplementation(({ reply }) => {
      clock.freeze(3);
      reply.null();
    });
    await ask(client, 'SET fast v');
    await ask(client, 'GET slow');
    await ask(client, `GET sess:${TOKEN}`);
    const log = await ask(client, 'SLOWLOG GET');
    expect(log).toContain('GET slow');
    expect(log).toContain('GET sess:(redacted)');
    expect(log).not.toContain('fast');
    expect(log).not.toContain(TOKEN);
  });

  it.each([
    ['GET k', 'k'],
    ['SET k v EX 10', 'k'],
    ['MGET a b c', 'a b c'],
    ['MSET a 1 b 2', 'a b'],
    ['MSETNX a 1 b 2', 'a b'],
    ['DEL a b', 'a b'],
    ['EXISTS a b', 'a b'],
    ['TOUCH a b', 'a b'],
    ['RENAME a b', 'a b'],
    ['RENAMENX a b', 'a b'],
    ['COPY a b REPLACE', 'a b'],
    ['HSET h f v g w', 'h'],
    ['HDEL h f g', 'h'],
    ['HSCAN h 0 MATCH x', 'h'],
    ['EXPIRE k 10 NX', 'k'],
    ['OBJECT ENCODING k', 'k'],
    ['GETEX k PERSIST', 'k'],
    ['WATCH a b', 'a b'],
    ['MSETEX 2 a 1 b 2 NX', 'a b'],
    ['SMOVE a b m', 'a b'],
    ['SUNIONSTORE a b c d', 'a b c d'],
    ['SINTERCARD 2 a b LIMIT 1', 'a b'],
    ['SINTERCARD 2 a', 'ERR Invalid arguments specified for command'],
    ['ZRANGESTORE a b 0 -1', 'a b'],
    ['ZUNION 2 a b WEIGHTS 1 2', 'a b'],
    ['ZINTERSTORE d 2 a b AGGREGATE MAX', 'd a b'],
    ['ZDIFFSTORE d 0 a', 'ERR Invalid arguments specified for command'],
    ['ZMPOP 1 a MIN COUNT 3', 'a'],
    ['EVAL return 0', ''],
    ['KEYS *', 'ERR The command has no key arguments'],
    ['SCAN 0', 'ERR The command has no key arguments'],
  ])('COMMAND GETKEYS %s', async (request, keys) => {
    const { ask } = await start();
    expect(await ask(`COMMAND GETKEYS ${request}`)).toBe(keys);
  });
});
