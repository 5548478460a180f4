import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { frame, RawClient } from '../raw-client.js';
import { RedisServer } from '../tools/redis-server.js';
import { show } from '../tools/replies.js';

/** A script, and with what it is called. */
type Case = string | readonly [script: string, ...words: string[]];

/** Scripts whose results and errors must be those of Redis, byte for byte. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'results become replies': [
    'return 3.99',
    'return -3.99',
    'return -0',
    'return 2^53',
    'return 1e300',
    'return 0/0',
    'return "a\\0b\\255"',
    'return true',
    'return false',
    'return nil',
    'return function() end',
    'return {}',
    'return {1, 2, nil, 3}',
    'return {1.7, "a", {true, false, {}}, {ok = "fine"}}',
    'return {err = "My"}',
    'return {err = "MY error"}',
    'return {1, {2, {err = "A b"}}}',
    'return {ok = "a\\nb"}',
    'return {double = 3.5}',
    'return {double = 3}',
    'return {big_number = "12345678901234567890"}',
    'return {verbatim_string = {format = "txt", string = "text"}}',
    'return {verbatim_string = {format = "txt"}}',
    'return {map = {a = 1}}',
    'return {set = {a = true}}',
    'redis.setresp(3) return {true, false, {double = 1.5}}',
    'return 1, 2, 3',
    'local t = {} for i = 1, 200 do t = {t} end return t',
  ],
  'replies become values': [
    'return type(redis.call("PING")) .. redis.call("PING").ok',
    'redis.call("SET", "k", "v") return redis.call("GET", "k")',
    'return redis.call("GET", "none") == false',
    'return {redis.call("INCR", "n"), redis.call("INCRBY", "n", 41)}',
    'return tostring(redis.call("INCRBY", "big", "9007199254740993"))',
    'redis.call("HSET", "h", "a", 1, "b", 2) return redis.call("HGETALL", "h")',
    'redis.setresp(3) redis.call("HSET", "h", "a", 1) return redis.call("HGETALL", "h").map.a',
    'redis.setresp(3) return redis.call("GET", "none") == nil',
    'return redis.call("MGET", "none", "none")',
    'return redis.call("TYPE", "none").ok',
    'return redis.call("EXISTS", KEYS[1])',
    'local reply = redis.pcall("GET") return {type(reply), reply.err}',
  ],
  'arguments of commands': [
    'return redis.call("ECHO", 1)',
    'return redis.call("ECHO", 0.1)',
    'return redis.call("ECHO", 1e15)',
    'return redis.call("ECHO", 1e17)',
    'return redis.call("ECHO", 123456789012345678)',
    'return redis.call("ECHO", 1e20)',
    'return redis.call("ECHO", 1/3)',
    'return redis.call("ECHO", 1e-7)',
    'return redis.call("ECHO", -1.5e-300)',
    'return redis.call("ECHO", 0/0)',
    'return redis.call("ECHO", 1/0)',
    'return redis.call("ECHO", "\\0\\1\\255")',
    'return redis.call("ECHO", ("x"):rep(100000)):len()',
    'return redis.call()',
    'return redis.call({})',
    'return redis.call("ECHO", true)',
    'return redis.call("ECHO", nil)',
    'return redis.pcall("ECHO", {})',
    'return redis.call("NOPE")',
    'return redis.pcall("NOPE")',
    'return redis.call("GET")',
    'return redis.call("OBJECT")',
    'return redis.call("OBJECT", "NOPE", "x")',
    'return redis.call("CONFIG", "NOPE")',
    ['return {KEYS[1], KEYS[2], ARGV[1], #ARGV, #KEYS}', '2', 'a', 'b', 'c', 'd'],
    ['return {KEYS, ARGV}', '1', '\x00\xff', '\r\n'],
    ['return ARGV', '0'],
    ['return 1', '2', 'a'],
    ['return 1', '-1'],
    ['return 1', 'x'],
  ],
  'commands that scripts may not call': [
    ...['AUTH x', 'CLIENT LIST', 'CONFIG GET x', 'DISCARD', 'EVAL x 0', 'EVALSHA x 0', 'EXEC', 'HELLO', 'MONITOR'],
    ...['MULTI', 'PSUBSCRIBE x', 'QUIT', 'RESET', 'SAVE', 'SCRIPT LOAD x', 'SHUTDOWN', 'SUBSCRIBE x', 'UNSUBSCRIBE'],
    ...['UNWATCH', 'WATCH x', 'ACL WHOAMI', 'BGSAVE', 'BGREWRITEAOF'],
  ].map((command) => `return redis.call(${command.split(' ').map((word) => `"${word}"`)})`),
  errors: [
    'error("boo")',
    'error("boo", 0)',
    'error()',
    'error({err = "My"})',
    'error({err = "MY error"})',
    '\n\nerror("third")',
    'local f = function()\n error("in f") end\nf()',
    'local t = nil return t.x',
    'return "a" .. nil',
    'return 1 + {}',
    'return 1 < "a"',
    'return #5',
    'return nonexistent',
    'nonexistent = 1',
    'function nonexistent() end',
    'return _G.nonexistent',
    'return rawget(_G, "nonexistent")',
    'return type(rawget(_G, "redis"))',
    'retur',
    'return 1 2',
    'for',
    'return "',
    'return 5 // 2',
    'goto x',
    'return redis.call("SET", "s", "v") and redis.call("HGET", "s", "f")',
    'return {pcall(redis.call, "NOPE")}',
    'return {pcall(error, {err = 1})}',
    'return {pcall(error, "text")}',
    'local ok, e = pcall(redis.call, "GET") return {type(e), e}',
    'local ok, e = xpcall(function() redis.call("GET") end, function(e) return e.err end) return e',
    'coroutine.yield()',
    'return coroutine.wrap(function() return redis.call("NOPE") end)()',
    'local c = coroutine.create(function(a) local b = coroutine.yield(a + 1) return b * 2 end)\n' +
      'local _, x = coroutine.resume(c, 1) local _, y = coroutine.resume(c, 10) return {x, y, coroutine.status(c)}',
    'return redis.error_reply("My")',
    'return redis.error_reply("My error")',
    'return redis.error_reply("-My error")',
    'return redis.error_reply("")',
    'return redis.error_reply({})',
    'return redis.status_reply("FINE")',
    'return redis.status_reply()',
    'local f f = function() return f() + 1 end return f()',
    'return string.rep("x", 10, 1, 2)',
    'string.rep()',
    'return {pcall(string.rep)}',
  ],
  'what cannot be changed': [
    'string.x = 1',
    'string.format = nil',
    'redis.call = 1',
    'KEYS = 1',
    '_G.x = 1',
    '_G.redis = 1',
    'rawset(_G, "x", 1)',
    'rawset(string, "x", 1)',
    'table.insert(string, 1)',
    'setmetatable(_G, {})',
    'setmetatable(redis, {})',
    'setmetatable(1, {})',
    'setmetatable({}, 1)',
    'return getmetatable(redis)',
    'KEYS[1] = "x" return KEYS[1]',
    'local t = setmetatable({}, {__index = function(t, k) return k .. "!" end}) return t.x',
    'local t = setmetatable({}, {__metatable = "no"}) return {getmetatable(t), (pcall(setmetatable, t, {}))}',
    'local t = rawset({}, "a", 1) return {t.a, rawget(t, "a"), rawequal(t, t)}',
    'local names = {} for name in pairs(redis) do names[#names + 1] = name end table.sort(names) return names',
    'local names = {} for name in pairs(string) do names[#names + 1] = name end table.sort(names) return names',
    'local names = {} for name in pairs(math) do names[#names + 1] = name end table.sort(names) return names',
    'local names = {} for name in pairs(table) do names[#names + 1] = name end table.sort(names) return names',
    'local names = {} for name in pairs(coroutine) do names[#names + 1] = name end table.sort(names) return names',
    'return print',
    'return io.open("x")',
    'return require("x")',
    'return dofile("x")',
    'return debug',
    'return package',
  ],
  'functions of Lua 5.1': [
    'return {tostring(10 / 2), tostring(0.1), tostring(1e15), tostring(2^53), tostring(-0), 7 % -3, -7 % 3}',
    'return {unpack({1, 2, 3}, 2)}',
    'return {select("#", 1, nil, nil), select(2, "a", "b")}',
    'return {table.getn({1, 2}), table.concat({1, 2.5, "x"}, ","), table.maxn({[7] = 1})}',
    'local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t',
    'local t = {} for i = 1, 300 do t[i] = {(i * 7919) % 13, i} end' +
      ' table.sort(t, function(a, b) return a[1] < b[1] end)' +
      ' local r = {} for i, v in ipairs(t) do r[i] = v[2] end return r',
    'local t, r = {}, {} for i = 1, 99 do t[i] = (i * 7919) % 101 + 0.5 end table.sort(t)' +
      ' for i, v in ipairs(t) do r[i] = tostring(v) end return r',
    'local t = {"b", "a", "a\\0b", "", "B"} table.sort(t) return t',
    'local t = {} for i = 1, 50 do t[i] = i end table.sort(t, function() return true end)',
    'local t = {} for i = 1, 50 do t[i] = i end table.sort(t, function() return 1 end)',
    'table.sort({1, "x", {}})',
    'table.sort({{}, {}})',
    'table.sort({1, 2}, 5)',
    'table.sort(nil)',
    'table.sort({1, 2, 3}, function(a, b) error("no") end)',
    'return coroutine.create(5)',
    'return coroutine.wrap(print or string.len)',
    'local t = {1, 2} table.insert(t, 3) table.insert(t, 1, 0) table.remove(t, 2) return t',
    'table.insert({}, 1, 2, 3)',
    'table.insert({})',
    'return {tonumber("0x1F"), tonumber("z", 36), tostring(tonumber("x")), tonumber(" 10 ")}',
    'return {math.floor(3.7), math.max(1, 5, 3), math.fmod(7, 3), math.huge > 1, tostring(math.pi)}',
    'return string.format("%d %5.2f %s %q %x %c %%", 3.7, 1/3, "x", "a\\n\\"", 255, 65)',
    'return {("x"):rep(3), ("abc"):sub(-2), ("abc"):byte(1, -1)}',
    'math.randomseed(42) return {math.random(1000), math.random(5, 7), tostring(math.random())}',
    'math.randomseed(-7.5) return {math.random(1000000), math.random(1000000)}',
    'return math.random(0)',
    'return math.random(2, 1)',
    'return {_VERSION, type(_G), type(redis), redis.LOG_WARNING, redis.REPL_ALL}',
    'return redis.sha1hex("")',
    'return redis.sha1hex()',
    'return redis.sha1hex(nil)',
    'redis.log(1)',
    'redis.log("x", "y")',
    'redis.log(7, "y")',
    'redis.setresp(4)',
    'redis.setresp()',
    'redis.set_repl(9)',
    'return {redis.replicate_commands(), redis.breakpoint(), redis.acl_check_cmd("GET", "k")}',
    'return redis.acl_check_cmd("NOPE")',
    'return {bit.band(0xff, 0x0f), bit.bor(1, 2, 4), bit.bxor(5, 1), bit.bnot(0), bit.lshift(1, 31), bit.rshift(-1, 28)}',
    'return {bit.arshift(-16, 2), bit.rol(0x12345678, 8), bit.ror(1, 1), bit.bswap(0x12345678), bit.tobit(2^32 + 5)}',
    'return {bit.tohex(-1, -4), bit.tohex(255), bit.tohex(1, 3), bit.tobit(0.5), bit.tobit(1.5), bit.rol(5, 0)}',
  ],
  patterns: [
    'return {("hello world"):find("o w"), ("hello"):find("l+")}',
    'return {("hello"):find("l", 1, true), ("a.b"):find(".", 1, true), ("abc"):find("", 10), ("abc"):find("", 4)}',
    'return {("key = value"):match("^(%w+)%s*=%s*(%w+)$")}',
    'return {("  trim  "):match("^%s*(.-)%s*$"), ("x"):match("()"), ("abc"):match("b()")}',
    'return {("THE (quick) fox"):find("%((%a+)%)"), ("f(a(b)c)d"):match("%b()")}',
    'return {("THE (quick) fox"):gsub("%f[%a]%a+", "<%0>")}',
    'return {("hello world"):gsub("o", "0", 1), ("abc"):gsub("", "-"), ("abc"):gsub("%w", "%0%0")}',
    'return {("$name is $age"):gsub("%$(%w+)", {name = "Ann", age = 5})}',
    'return {("abc"):gsub("%w", function(c) if c == "b" then return nil end return c:upper() end)}',
    'return {("abc"):gsub("(a)(b)", "%2%1"), ("a%b"):gsub("%%", "%%%%")}',
    'local t = {} for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do t[#t + 1] = k .. v end return t',
    'local t = {} for w in ("one two"):gmatch("%a*") do t[#t + 1] = w end return t',
    'return {("aXbX"):find("X", -1), ("abc"):match(".", -1), ("[]]"):match("[]]+"), ("a-z"):match("[a%-z]+")}',
    'return {("abc123"):match("[^%d]+"), ("\\0a\\0"):find("%z", 2), ("xyx"):match("(.).%1")}',
    'return ("x"):find("%")',
    'return ("x"):find("[a")',
    'return ("x"):find("(")',
    'return ("x"):find(")")',
    'return ("x"):find("%1")',
    'return ("x"):find("%f")',
    'return ("x"):find("%b")',
    'return ("x"):gsub("x", "%2")',
    'return ("x"):gsub("x", true)',
    'return ("x"):gsub("x", function() return {} end)',
    'return string.find()',
    'return string.find("x", {})',
  ],
  cjson: [
    'return cjson.encode({1, 2, {a = 1.5}, {b = "\x0195\x0e9/\\"\\1\\127\\n"}, {}})',
    'return cjson.encode({[1] = 1, [3] = 3})',
    'return cjson.encode({[1] = 1, [300] = 3})',
    'return {cjson.encode(1e100), cjson.encode(0.1), cjson.encode(3), cjson.encode(2^53), cjson.encode(1/3)}',
    'return cjson.encode({true, false, cjson.null, "x"})',
    'return {cjson.encode({[1.5] = 2}), cjson.encode({x = 2}), cjson.encode("x"), cjson.encode(nil)}',
    'return cjson.encode({[true] = 1})',
    'return cjson.encode(function() end)',
    'return cjson.encode({coroutine.create(function() end)})',
    'return cjson.encode(0/0)',
    'return cjson.encode()',
    'return cjson.encode(1, 2)',
    'local t = {} for i = 1, 999 do t = {t} end return #cjson.encode(t)',
    'local t = {} for i = 1, 1000 do t = {t} end return cjson.encode(t)',
    'local t = cjson.decode(\'{"a": [1, 2.5, true, false, null, "x"], "b": {}, "": -1e3}\')' +
      ' return {t.a[1], tostring(t.a[2]), t.a[3], t.a[4], t.a[5] == cjson.null, t.a[6], #t.b, t[""]}',
    'return cjson.decode("\\"\\\\u00e9\\\\ud83d\\\\ude00 \\\\/\\\\n\\\\t\\\\\\"\\"")',
    'return {tostring(cjson.decode("12345678901234567890")), cjson.decode("01"), cjson.decode("1."), cjson.decode(" 7 ")}',
    'return {tostring(cjson.decode("0x10")), tostring(cjson.decode("nan")), tostring(cjson.decode("-inf"))}',
    'return cjson.decode("[\\"a\\tb\\"]")',
    ...['[1,2', '{"a":}', 'nope', '', '[1,2] x', '"\\\\ud83d"', '"\\\\udc00"', '"\\\\x"', '"abc', '[1 2]', '{"a" 1}'],
    ...[
      '{1:2}',
      '{"a":1,}',
      '[1,]',
      '[',
      '{',
      ']',
      '}',
      ':',
      ',',
      'tru',
      '+1',
      '-',
      '.',
      '[true false]',
      '{"a":1 "b"}',
      '\\0x',
    ],
  ].map((each) => (each.startsWith('return') || each.startsWith('local') ? each : `return cjson.decode('${each}')`)),
  cmsgpack: [
    ...[
      ...['nil', 'true', 'false', '0', '-0', '127', '128', '255', '256', '65535', '65536', '2^32 - 1', '2^32', '2^53'],
      ...['-1', '-32', '-33', '-128', '-129', '-32768', '-32769', '-2^31', '-2^31 - 1', '-2^63', '2^63', '1e300'],
      ...['0.5', '0.1', '-1.5', '1/0', '-1/0', '0/0', '"" ', '"x"', '("x"):rep(31)', '("x"):rep(32)', '("x"):rep(255)'],
      ...['("x"):rep(256)', '("x"):rep(65535)', '("x"):rep(65536)', '{}', '{1, 2, 3}', '{1, nil, 3}', '{a = 1}'],
      ...['{[0] = 1}', '{[1.5] = 1}', '{[-1] = 1}', '{{}, {{}}}', 'function() end', 'KEYS, ARGV, 1, "x"'],
      ...['{a = {b = {c = {1, 2, {d = false}}}}}', '{[true] = 1}', 'cjson.null'],
    ].map((value) => `return cmsgpack.pack(${value})`),
    'local t = {} for i = 1, 16 do t[i] = i * 1000 end return cmsgpack.pack(t)',
    'local t = {} for i = 1, 70000 do t[i] = i end return redis.sha1hex(cmsgpack.pack(t))',
    'local t = {} for i = 1, 16 do t["k" .. i] = i end return #cmsgpack.pack(t)',
    'local t = {} for i = 1, 70000 do t["k" .. i] = i end return #cmsgpack.pack(t)',
    'local t = {} for i = 1, 20 do t = {t} end return cmsgpack.pack(t)',
    'local t = {} t.t = t return cmsgpack.pack(t)',
    'return cmsgpack.pack()',
    'return {cmsgpack.unpack(cmsgpack.pack(1, "a", {1, {a = "b"}}, false, -5.25))}',
    'local function show(v) if type(v) ~= "table" then return type(v) .. ":" .. tostring(v) end local t = {}' +
      ' for k, x in pairs(v) do t[#t + 1] = show(k) .. "=" .. show(x) end table.sort(t)' +
      ' return "{" .. table.concat(t, ",") .. "}" end local results = {}' +
      ' for _, tail in ipairs({"", "\\1", "\\0\\1\\2\\3\\4\\5\\6\\7\\8\\9", ("\\255"):rep(20), ("\\0\\0\\0\\5"):rep(9)}) do' +
      ' for b = 0, 255 do local ok, x = pcall(cmsgpack.unpack, string.char(b) .. tail)' +
      ' results[#results + 1] = b .. tostring(ok) .. show(x) end end return results',
    'return {cmsgpack.unpack("")}',
    'return {cmsgpack.unpack("\\1\\2\\3")}',
    'return {cmsgpack.unpack_one("\\1\\2\\3")}',
    'return {cmsgpack.unpack_one("\\1\\2\\3", 1)}',
    'return {cmsgpack.unpack_one("\\1\\2\\3", 2)}',
    'return {cmsgpack.unpack_one("\\1\\2\\3", 3)}',
    'return {cmsgpack.unpack_one("\\1\\2\\3", 4)}',
    'return {cmsgpack.unpack_one("\\1\\2\\3", -1)}',
    'return {cmsgpack.unpack_limit("\\1\\2\\3", 2)}',
    'return {cmsgpack.unpack_limit("\\1\\2\\3", 2, 1)}',
    'return {cmsgpack.unpack_limit("\\1\\2\\3", 0)}',
    'return {cmsgpack.unpack_limit("\\1\\2\\3", 0, 1)}',
    'return {cmsgpack.unpack_limit("\\1\\2\\3", -1)}',
    'return {cmsgpack.unpack_limit("\\1\\2\\3")}',
    'return {cmsgpack.unpack(5)}',
    'return cmsgpack.unpack({})',
    'return cmsgpack.unpack()',
    'return cmsgpack.unpack("\\193")',
    'return cmsgpack.unpack("\\129\\192\\1")',
    'return cmsgpack.unpack("\\220\\1")',
    'return cmsgpack.unpack("\\221\\255\\255\\255\\255")',
    'return cmsgpack.unpack(("\\1"):rep(20000))',
    'return cmsgpack.unpack(("\\145"):rep(20000))',
    'local names = {} for name, v in pairs(cmsgpack) do names[#names + 1] = name .. (type(v) == "string" and v or "") end' +
      ' table.sort(names) return names',
  ],
  struct: [
    'return struct.pack(">I2hBb", 258, -2, 255, -1)',
    'return struct.pack("<i4Ll", -1, 2^40, -5)',
    'return {struct.unpack("<i4Llb", struct.pack("<i4Llb", -1, 2^40, -5, -128))}',
    'return {struct.unpack(">HIi8", struct.pack(">HIi8", 65535, 2^32 - 1, -2^40))}',
    'local a, b, c = struct.unpack(">fd", struct.pack(">fd", 1.5, -0.1)) return {tostring(a), tostring(b), c}',
    'return {struct.unpack("sBc0", struct.pack("sBc0", "text", 3, "abc"))}',
    'return {struct.unpack("c2xB", struct.pack("c2xB", "abc", 7))}',
    'return {struct.unpack("!4 b i4", struct.pack("!4 b i4", 1, 2))}',
    'return {struct.size("!8bd"), struct.size("<i3h"), struct.size("c5")}',
    'return {struct.unpack("B", "abc", 2)}',
    'return struct.unpack("i4", "abc")',
    'return struct.unpack("s", "abc")',
    'return struct.unpack("c0", "abc")',
    'return struct.unpack("B", "abc", 0)',
    'return struct.size("s")',
    'return struct.size("c0")',
    'return struct.pack("c5", "abc")',
    'return struct.pack("y", 1)',
    'return struct.pack("i33", 1)',
    'return struct.pack("!3i", 1)',
    'return struct.pack("i4")',
  ],
  'the first line': [
    '#!lua\nreturn 1',
    '#!lua flags=no-writes\nreturn redis.call("SET", "a", "b")',
    '#!lua flags=no-writes,allow-stale\nerror("second line")',
    '#!lua flags=\nreturn 1',
    '#!lua flags=,\nreturn 1',
    '#!lua flags=nope\nreturn 1',
    '#!lua other\nreturn 1',
    '#!py\nreturn 1',
    '#!lua',
  ],
};

const PROTOCOLS = [2, 3] as const;

describe.skipIf(!RedisServer.there)('scripts, compared with Redis', () => {
  let redis: RedisServer;
  let server: Server;
  const clients: RawClient[] = [];

  beforeAll(async () => {
    redis = await RedisServer.startRedis();
    server = await startServer();
  }, 120_000);

  afterAll(async () => {
    for (const client of clients) client.close();
    await stopServers();
    await redis.stop();
  });

  it.each(PROTOCOLS.flatMap((protocol) => Object.keys(CASES).map((group) => [group, protocol] as const)))(
    '%s, RESP%i',
    async (group, protocol) => {
      const theirs = await RawClient.connect(redis.port);
      clients.push(theirs);
      const ours = await connectTo(server);
      const answer = async (client: RawClient, words: readonly string[]) => {
        await client.send(frame(...words.map((word) => Buffer.from(word, 'latin1'))));
        return show(await client.reply());
      };
      for (const client of [theirs, ours]) await answer(client, ['HELLO', String(protocol)]);
      const replies = { ours: {}, theirs: {} } as Record<'ours' | 'theirs', Record<string, string>>;
      for (const each of CASES[group]) {
        const [script, ...words] = typeof each === 'string' ? [each, '1', 'key'] : each;
        for (const client of [theirs, ours]) await answer(client, ['FLUSHALL']);
        const request = ['EVAL', script, ...words];
        replies.ours[request.join(' ')] = await answer(ours, request);
        replies.theirs[request.join(' ')] = await answer(theirs, request);
      }
      expect(replies.ours).toEqual(replies.theirs);
    },
    60_000,
  );

  it('the commands about scripts', async () => {
    const [ours, theirs] = [new Redis(server.addresses[0].port), new Redis(redis.port)];
    const ask = async (client: Redis, [name, ...words]: readonly string[]) => {
      try {
        return await client.call(name, ...words);
      } catch (error) {
        return (error as Error).message;
      }
    };
    try {
      const sha = String(await ask(ours, ['SCRIPT', 'LOAD', 'return ARGV[1]']));
      for (const request of [
        ['SCRIPT', 'LOAD', 'return ARGV[1]'],
        ['SCRIPT', 'EXISTS', sha, sha.toUpperCase(), 'none'],
        ['EVALSHA', sha, '0', 'x'],
        ['EVALSHA', sha.toUpperCase(), '0', 'x'],
        ['EVALSHA_RO', sha, '0', 'x'],
        ['EVAL_RO', 'return redis.call("SET", "k", "v")', '0'],
        ['EVAL_RO', 'return redis.call("PUBLISH", "channel", "message")', '0'],
        ['EVAL_RO', '#!lua\nreturn 1', '0'],
        ['EVALSHA', 'none', '0'],
        ['EVALSHA', sha],
        ['SCRIPT', 'LOAD', 'retur'],
        ['SCRIPT', 'LOAD', '#!lua flags=x\nreturn 1'],
        ['SCRIPT', 'KILL'],
        ['SCRIPT', 'FLUSH', 'NOW'],
        ['SCRIPT', 'FLUSH', 'ASYNC'],
        ['SCRIPT', 'EXISTS', sha],
        ['EVALSHA', sha, '0', 'x'],
        ['EVAL', 'return 1', '0'],
        ['SCRIPT', 'EXISTS', 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db'],
        ['SCRIPT', 'FLUSH'],
        ['COMMAND', 'GETKEYS', 'EVAL', 'return 1', '2', 'a', 'b', 'c'],
      ]) {
        expect([request, await ask(ours, request)]).toEqual([request, await ask(theirs, request)]);
      }
    } finally {
      ours.disconnect();
      theirs.disconnect();
    }
  });
});
