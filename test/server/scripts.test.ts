import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, type RawClient } from '../raw-client.js';
import { ask, askWith } from './ask.js';
import { batchesIn } from './journal-records.js';
import { start } from './start.js';
import { subscribe } from './subscribe.js';

afterEach(stopServers);

const run = (client: RawClient, script: string, keys: readonly string[] = [], args: readonly string[] = []) =>
  askWith(client, 'EVAL', script, String(keys.length), ...keys, ...args);

/** Lets time pass until something has happened. */
async function advancing<Result>(clock: FakeClock, promise: Promise<Result>): Promise<Result> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  promise.then(over, over);
  while (!isOver) {
    clock.advance(10);
    await new Promise(setImmediate);
  }
  return promise;
}

/** A table that has the same long text so often that all of them would take 7 GB. */
const SEVEN_GB = 'local t, s = {}, ("x"):rep(1e6) for i = 1, 7000 do t[i] = s end';
/** A table whose items are the same table, and so on: 2^60 texts. */
const DOUBLED = 'local t = {"x"} for i = 1, 60 do t = {t, t} end';

/** How phpredis, redis-py, Laravel, redlock and others release a lock. */
const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";

describe('a script', () => {
  it('reads and writes keys and sessions', async () => {
    const { client } = await start();
    expect(await run(client, RELEASE, ['lock'], ['mine'])).toBe('0');
    await ask(client, 'SET lock mine NX PX 1000');
    expect(await run(client, RELEASE, ['lock'], ['other'])).toBe('0');
    expect(await run(client, RELEASE, ['lock'], ['mine'])).toBe('1');
    const script = `local token = redis.call('SESSION.NEW', ARGV[1], 60, 'DATA', 'a', 1)
      redis.call('SESSION.INCRBY', token, 'a', 41)
      return {#token, redis.call('SESSION.GET', token, 'a'), redis.pcall('SESSION.GET', '@none', 'a').err}`;
    expect(await run(client, script, [], ['user:1'])).toBe(
      '22 42 NOSESSION no such session: no shared session has this name',
    );
  });

  it('happens at one time, however long it runs', async () => {
    const { client, clock } = await start();
    clock.msPerLook = 1;
    const script = `redis.call('SET', 'k', 'v', 'PX', 5) redis.call('SESSION.NEW', 'n', 1)
      for i = 1, 2000 do redis.call('EXISTS', 'k') end
      return {redis.call('GET', 'k'), redis.call('PTTL', 'k')}`;
    expect(await run(client, script)).toBe('v 5');
    clock.msPerLook = 0;
    clock.advance(10);
    expect(await ask(client, 'GET k')).toBe('nil');
  });

  it('is one batch of the journal', async () => {
    const dir = temporaryDirectory();
    const clock = new FakeClock();
    const server = await startServer({ appendonly: true, appendfsync: 'always', dir }, { clock });
    const client = await connectTo(server);
    await advancing(
      clock,
      run(client, `for i = 1, 3 do redis.call('HSET', 'h' .. i, 'a', i, 'b', i) end redis.call('DEL', 'h1') return 1`),
    );
    await advancing(clock, server.close());
    const batches = (await batchesIn(dir)).filter((batch) => batch.some((name) => name !== 'CLOCK'));
    expect(batches).toHaveLength(1);
    expect(batches[0].filter((name) => name === 'GONE')).toHaveLength(1);
  });

  it('is one batch of the journal even if it pauses, and what came before it does not wait for it', async () => {
    const dir = temporaryDirectory();
    const clock = new FakeClock();
    const server = await startServer(
      { appendonly: true, appendfsync: 'always', dir, 'busy-reply-threshold': 50 },
      { clock },
    );
    const [client, other, third] = [await connectTo(server), await connectTo(server), await connectTo(server)];
    clock.msPerLook = 1;
    const before = ask(third, 'HSET before a 1');
    const script = `redis.call('HSET', 'h', 'a', 1) for i = 1, 3e7 do end
      redis.call('HSET', 'h', 'b', 2) for i = 1, 1e6 do end redis.call('DEL', 'h')`;
    const done = run(client, script);
    for (let reply = ''; !reply.startsWith('BUSY'); ) reply = await advancing(clock, ask(other, 'GET k'));
    await advancing(clock, before);
    expect((await batchesIn(dir)).flat().filter((name) => name === 'GONE')).toEqual([]);
    await advancing(clock, done);
    await advancing(clock, server.close());
    const batches = await batchesIn(dir);
    expect(batches.find((batch) => batch.includes('GONE'))).toEqual(['SESSION', 'SET', 'GONE']);
  });

  it('is seen by WATCH and by subscribers', async () => {
    const server = await startServer({ 'notify-keyspace-events': 'KEA' }, { clock: new FakeClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await ask(other, 'WATCH k');
    const keys = await subscribe(await connectTo(server), client, '__key*');
    await run(client, "redis.call('SET', 'k', 'v')");
    expect(await keys()).toEqual(['__keyspace@0__:k set', '__keyevent@0__:set k']);
    const listener = await connectTo(server);
    await ask(listener, 'SUBSCRIBE __session__:new:n');
    await run(client, "redis.call('SESSION.NEW', 'n')");
    expect(await listener.reply()).toEqual(['message', '__session__:new:n', expect.stringMatching(/^[\w-]{22}$/)]);
    await ask(other, 'MULTI');
    await ask(other, 'PING');
    expect(await ask(other, 'EXEC')).toBe('nil');
  });

  it('runs within MULTI, and is shown by MONITOR with its commands', async () => {
    const { server, client } = await start();
    const monitor = await connectTo(server);
    await ask(monitor, 'MONITOR');
    await ask(client, 'MULTI');
    await run(client, "return redis.call('INCR', KEYS[1])", ['n']);
    await ask(client, 'INCR n');
    expect(await ask(client, 'EXEC')).toBe('1 2');
    const seen = await monitor.takeUntil('"EXEC"');
    expect(seen.match(/(?<=\[0 )\S*\] "\w+"/g)?.map((line) => line.replace(/^127.*]/, 'client'))).toEqual(
      expect.arrayContaining(['client "EVAL"', 'lua] "INCR"']),
    );
    expect(seen.indexOf('"EVAL"')).toBeLessThan(seen.indexOf('lua] "INCR"'));
  });

  it('has the database of its client, and changes it only for itself', async () => {
    const { client } = await start();
    await ask(client, 'SET k zero');
    expect(await run(client, "redis.call('SELECT', 1) return redis.call('EXISTS', 'k')")).toBe('0');
    expect(await ask(client, 'GET k')).toBe('zero');
  });

  it('has the permissions of its user', async () => {
    const { client } = await start({ users: 'reader read secret' });
    await ask(client, 'AUTH reader secret');
    expect(await run(client, "return redis.call('EXISTS', 'k')")).toBe('0');
    expect(await run(client, "return redis.call('SET', 'k', 'v')")).toMatch(
      /^ERR ACL failure in script: User reader has no permissions to run the 'set' command script: \w+, on @user_script:1\.$/,
    );
    expect(
      await run(
        client,
        "return {tostring(redis.acl_check_cmd('SET', 'k', 'v')), tostring(redis.acl_check_cmd('GET', 'k'))}",
      ),
    ).toBe('false true');
  });

  it('needs the permission to read, and what is refused in it is in ACL LOG', async () => {
    const { server, client } = await start({ users: 'reader read secret; listener events secret; chief admin secret' });
    await ask(client, 'AUTH listener secret');
    expect(await run(client, 'while true do end')).toMatch(/^NOPERM .* 'eval' command$/);
    expect(await ask(client, 'SCRIPT FLUSH')).toMatch(/^NOPERM .* 'script\|flush' command$/);
    await ask(client, 'AUTH reader secret');
    await run(client, "redis.acl_check_cmd('DEL', 'k') redis.call('SET', 'k', 'v')");
    const chief = await connectTo(server);
    await ask(chief, 'AUTH chief secret');
    const [latest] = (await ask(chief, 'ACL LOG 1')).split(' age-seconds');
    expect(latest).toContain('context lua object set username reader');
  });

  it('says why there is no such command, if Redis has it', async () => {
    const { client } = await start();
    expect(await run(client, "return redis.call('LPUSH', 'k', 'v')")).toMatch(
      /^ERR Unknown Redis command called from script: respite has .* but no lists script: /,
    );
    expect(await run(client, "return redis.call('SORT', 'k')")).toMatch(/: respite does not sort/);
  });

  it('is refused memory only before it has written', async () => {
    const { client } = await start();
    await ask(client, 'CONFIG SET maxmemory 1');
    expect(await run(client, "return redis.call('SET', 'k', 'v')")).toMatch(/^OOM command not allowed.* script: /);
    expect(await run(client, "redis.call('DEL', 'k') return redis.call('SET', 'k', 'v').ok")).toBe('OK');
    expect(await run(client, "#!lua\nreturn redis.call('GET', 'k')")).toMatch(/^OOM command not allowed/);
    expect(await run(client, "#!lua flags=allow-oom\nreturn redis.call('SET', 'k', 'w').ok")).toBe('OK');
    expect(await run(client, "return redis.call('GET', 'k')")).toBe('w');
  });

  it('leaves nothing to the next', async () => {
    const { client } = await start();
    await run(client, 'KEYS.x = 1 ARGV[5] = 1 math.randomseed(1) redis.setresp(3) collectgarbage("stop")');
    await run(client, 'local mt = getmetatable("") mt.__index.leak = 1');
    await run(client, 'getmetatable("").__index = {}');
    expect(await run(client, 'return {KEYS.x or 0, ARGV[5] or 0, string.leak or 0, ("x").leak or 0}')).toBe('0 0 0 0');
    expect(await run(client, 'return redis.call("GET", "none") == false')).toBe('1');
    expect(await run(client, 'return tostring(math.random())')).not.toBe(
      await run(client, 'return tostring(math.random())'),
    );
  });

  it.each([
    ['a text that is too long', 'return #string.rep("x", 2^31 - 1)'],
    ['a text that grows', 'local s = "x" while true do s = s .. s end'],
    ['a table that grows', 'local t = {} for i = 1, 1e9 do t[i] = i end'],
    ['a concatenation', 'local t, s = {}, ("x"):rep(1e5) for i = 1, 1e4 do t[i] = s end return #table.concat(t)'],
    ['a substitution', 'return #(("x"):rep(1e5):gsub("x", ("y"):rep(1e5)))'],
    ['recursion', 'local function f(n) return f(n + 1) + 1 end return f(1)'],
    ['recursion through pcall', 'local function f() return pcall(f) end return f() and error("deep")'],
    ['a pattern that recurses', 'return ("a"):rep(60000):find(("a?"):rep(50000))'],
    ['results nested in themselves', 'local t = {} t[1] = t return t'],
    ['code of bytes', '\x1bLua'],
    ['a coroutine that yields to nobody', 'coroutine.yield()'],
    ['an error with metamethods', 'error(setmetatable({}, {__index = function() while true do end end}))'],
    ['words of a command', `${SEVEN_GB} return redis.call("ECHO", unpack(t))`],
    ['a packed text', `${SEVEN_GB} return #struct.pack(("s"):rep(#t), unpack(t))`],
    ['a reply', `redis.call("SET", "k", ("x"):rep(2e6)) return redis.call("MGET", ${Array(99).fill('"k"')})`],
    ['an order that is none', 'local t = {} for i = 1, 99 do t[i] = i end table.sort(t, function() return true end)'],
  ])('fails alone: %s', async (_, script) => {
    const { client } = await start();
    expect(await run(client, script)).toMatch(/^ERR /);
    expect(await run(client, RELEASE, ['lock'], ['mine'])).toBe('0');
  });

  it.each([
    ['a loop', 'while true do end'],
    ['a loop that catches errors', 'while true do pcall(function() while true do end end) end'],
    ['a coroutine', 'coroutine.wrap(function() while true do end end)()'],
    ['a comparison', 'local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function() while true do end end)'],
    ['a pattern', 'return ("a"):rep(1000):find(("a-"):rep(20) .. "b")'],
    ['a substitution', 'return ("a"):rep(100):gsub("a", function() while true do end end)'],
    ['commands', 'while true do redis.call("EXISTS", "k") end'],
    ['coroutines in coroutines', 'local function f(n) while true do pcall(coroutine.wrap(f), n + 1) end end f(0)'],
    [
      'short coroutines in coroutines',
      'local function f(n) for i = 1, n > 0 and 20 or 150 do if n > 0 then coroutine.wrap(f)(n - 1) end end end f(60)',
    ],
    ['a comparison of long texts', 'local s, t = ("x"):rep(1e7), {} for i = 1, 1e5 do t[i] = s end table.sort(t)'],
    ['an insertion in front of the first item', 'table.insert({}, -2147483648, 1)'],
    ['a search for a long text', 'return ("a"):rep(1e7):find(("a"):rep(5e5) .. "b" .. ("a"):rep(5e5), 1, true)'],
    ['JSON of a table that is in itself twice', `${DOUBLED} return cjson.encode(t)`],
    ['a result that has a table twice', `${DOUBLED} return t`],
  ])('is stopped if it runs for too long: %s', async (_, script) => {
    const { client, clock } = await start({ 'busy-reply-threshold': 50 });
    clock.msPerLook = 1;
    expect(await run(client, script)).toMatch(
      /^ERR the script was stopped after 50 ms \(busy-reply-threshold\)\. It had written nothing\. script: /,
    );
    expect(await run(client, 'return 7')).toBe('7');
  });

  it('goes on if it has written, and other clients are told that the server is busy', async () => {
    const clock = new FakeClock();
    const log = keepLog();
    const server = await startServer({ 'busy-reply-threshold': 50 }, { clock, log });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    clock.msPerLook = 1;
    await ask(other, 'SET short v PX 60');
    const result = run(
      client,
      "redis.call('SET', 'k', 'v') for i = 1, 3e7 do end return {redis.call('GET', 'k'), redis.call('GET', 'short')}",
    );
    for (let reply = ''; !reply.startsWith('BUSY'); ) reply = await ask(other, 'GET k');
    for (const command of ['SCRIPT KILL', 'FUNCTION KILL']) expect(await ask(other, command)).toMatch(/^UNKILLABLE /);
    expect(await ask(other, 'FUNCTION STATS')).toMatch(/^BUSY /);
    expect(await run(other, 'return 1')).toMatch(/^BUSY /);
    expect(await result).toBe('v v');
    expect(log.entries.map(({ fields }) => fields?.event)).toContain('busy');
    expect(await ask(other, 'GET k')).toBe('v');
    expect(await ask(other, 'SCRIPT KILL')).toMatch(/^NOTBUSY /);
    expect(await ask(other, 'GET short')).toBe('nil');
  });

  it('is not disturbed by commands that had begun before it and take several turns', async () => {
    const clock = new FakeClock();
    const server = await startServer({ 'busy-reply-threshold': 50 }, { clock });
    const [client, other, third] = [await connectTo(server), await connectTo(server), await connectTo(server)];
    const keys = Array.from({ length: 2000 }, (_, i) => `k${i}`);
    await askWith(client, 'MSET', ...keys.flatMap((key) => [key, 'v']));
    clock.msPerLook = 1;
    // Its slices wait for the clock, which only `advancing` moves.
    const removed = askWith(other, 'DEL', ...keys);
    for (let left = keys.length; left === keys.length; ) left = Number(await ask(third, 'DBSIZE'));
    const script = `local before = redis.call('DBSIZE') redis.call('SET', 'k', 'v') for i = 1, 3e7 do end
      return {before, redis.call('DBSIZE')}`;
    const result = run(client, script);
    for (let reply = ''; !reply.startsWith('BUSY'); ) reply = await ask(third, 'GET k');
    const [before, after] = (await advancing(clock, result)).split(' ').map(Number);
    expect(before).toBeGreaterThan(0);
    expect(after).toBe(before + 1);
    expect(await advancing(clock, removed)).toBe('2000');
  });

  it('that has written is stopped by SHUTDOWN', async () => {
    const clock = new FakeClock();
    const server = await startServer({ 'busy-reply-threshold': 50 }, { clock });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    clock.msPerLook = 1;
    await client.send(frame('EVAL', "redis.call('SET', 'k', 'v') while true do end", '0'));
    for (let reply = ''; !reply.startsWith('BUSY'); ) reply = await ask(other, 'GET k');
    await other.send(frame('SHUTDOWN', 'NOSAVE', 'NOW'));
    await server.closed;
  });

  it('is kept only as long as the texts of all take less than 64 MB', async () => {
    const { client } = await start();
    const text = (i: number) => `return ${i} --${'x'.repeat(20 * 2 ** 20)}`;
    for (let i = 0; i < 5; i++) expect(await run(client, text(i))).toBe(String(i));
    expect(await askWith(client, 'INFO', 'memory')).toContain('number_of_cached_scripts:3');
    for (let i = 5; i < 8; i++) expect(await askWith(client, 'SCRIPT', 'LOAD', text(i))).toMatch(/^\w{40}$/);
    expect(await askWith(client, 'SCRIPT', 'LOAD', text(8))).toMatch(/^ERR the server keeps too many scripts/);
    expect(await run(client, text(9))).toMatch(/^ERR the server keeps too many scripts/);
    expect(await run(client, 'return "short"')).toBe('short');
    expect(await ask(client, 'SCRIPT FLUSH')).toBe('OK');
    expect(await run(client, text(9))).toBe('9');
  });

  it('that came with EVAL is forgotten after 500 others, one of SCRIPT LOAD is not', async () => {
    const { client } = await start();
    const loaded = await ask(client, 'SCRIPT LOAD return(1)');
    await run(client, 'return "first"');
    const sha = await run(client, 'return redis.sha1hex(ARGV[1])', [], ['return "first"']);
    for (let i = 0; i < 500; i++) await client.send(frame('EVAL', `return ${i}`, '0'));
    for (let i = 0; i < 500; i++) await client.reply();
    expect(await askWith(client, 'SCRIPT', 'EXISTS', loaded, sha)).toBe('1 0');
    expect(await askWith(client, 'EVALSHA', loaded, '0')).toBe('1');
    expect(await askWith(client, 'INFO', 'memory')).toContain('number_of_cached_scripts:501');
  });
});
