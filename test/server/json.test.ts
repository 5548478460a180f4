import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, stopServers } from '../embedded-server.js';
import { frame, type RawClient } from '../raw-client.js';
import { Failure, Push, type Reply, Status } from '../tools/replies.js';
import { start } from './start.js';

afterEach(stopServers);

/** Starts a server. `ask` takes the words of a request; an error begins with `-`, and a status is a string. */
async function startJson() {
  const { client, clock, server } = await start();
  const ask = async (...words: string[]) => plain(await replyTo(client, words));
  /** Sets a key to JSON. */
  const set = (key: string, value: unknown) => ask('JSON.SET', key, '$', JSON.stringify(value));
  return { ask, set, client, clock, server };
}

async function replyTo(client: RawClient, words: readonly string[]): Promise<Reply> {
  await client.send(frame(...words));
  return client.reply();
}

function plain(reply: Reply): unknown {
  if (reply instanceof Status) return reply.text;
  if (reply instanceof Failure) return `-${reply.text}`;
  return Array.isArray(reply) ? reply.map(plain) : reply;
}

const NO_KEY = "-ERR could not perform this operation on a key that doesn't exist";
const NO_PATH = '-ERR Path does not exist';

describe('a JSON key', () => {
  it('is a string key like others', async () => {
    const { ask } = await startJson();
    expect(await ask('JSON.SET', 'k', '$', ' { "a" : 1.0, "b" : [ 1e400 ] } ')).toBe('OK');
    expect(await ask('GET', 'k')).toBe('{"a":1.0,"b":[1e400]}');
    expect(await ask('TYPE', 'k')).toBe('string');
    expect(await ask('SET', 'k', '{ "a": 2 }')).toBe('OK');
    expect(await ask('JSON.GET', 'k')).toBe('{"a":2}');
    await ask('HSET', 'h', 'f', 'v');
    for (const command of [
      ['JSON.GET', 'h'],
      ['JSON.SET', 'h', '$', '1'],
      ['JSON.DEL', 'h'],
      ['JSON.MSET', 'h', '$', '1'],
    ]) {
      expect(await ask(...command)).toBe('-WRONGTYPE Operation against a key holding the wrong kind of value');
    }
    await ask('SET', 'text', 'text');
    expect(await ask('JSON.SET', 'text', '$.a', '1')).toBe(
      '-ERR the value of the key is not JSON: expected a value at byte 0',
    );
    // What is replaced as a whole may be anything.
    expect(await ask('JSON.SET', 'text', '.', '1')).toBe('OK');
  });

  it('keeps its deadline when it is changed', async () => {
    const { ask, clock } = await startJson();
    await ask('JSON.SET', 'k', '$', '{"n":1}');
    await ask('EXPIRE', 'k', '100');
    clock.advance(10_000);
    await ask('JSON.NUMINCRBY', 'k', '$.n', '1');
    await ask('JSON.SET', 'k', '$', '{}');
    expect(await ask('TTL', 'k')).toBe(90);
    clock.advance(90_000);
    expect(await ask('JSON.GET', 'k')).toBe(null);
  });

  it('can be changed in transactions and scripts', async () => {
    const { ask, set } = await startJson();
    await set('k', { n: 1 });
    await ask('MULTI');
    await ask('JSON.NUMINCRBY', 'k', '$.n', '1');
    await ask('JSON.GET', 'k', '.n');
    expect(await ask('EXEC')).toEqual(['[2]', '2']);
    const script = "redis.call('JSON.SET', KEYS[1], '$.n', ARGV[1]) return redis.call('JSON.GET', KEYS[1])";
    expect(await ask('EVAL', script, '1', 'k', '"x"')).toBe('{"n":"x"}');
  });

  it('is watched and tracked like others', async () => {
    const { ask, client, server } = await startJson();
    const other = await connectTo(server);
    await ask('JSON.SET', 'k', '$', '{"n":1}');
    await ask('WATCH', 'k');
    await replyTo(other, ['JSON.NUMINCRBY', 'k', '$.n', '1']);
    await ask('MULTI');
    await ask('SET', 'k', 'lost');
    expect(await ask('EXEC')).toBe(null);
    await replyTo(client, ['HELLO', '3']);
    await ask('CLIENT', 'TRACKING', 'ON');
    expect(await ask('JSON.MGET', 'k', 'other', '$.n')).toEqual(['[2]', null]);
    await replyTo(other, ['JSON.DEL', 'k', '$.n']);
    expect(await client.reply()).toEqual(new Push(['invalidate', ['k']]));
  });

  it('publishes the keyspace events of RedisJSON', async () => {
    const { ask, server, client } = await startJson();
    await ask('CONFIG', 'SET', 'notify-keyspace-events', 'Kd');
    const subscriber = await connectTo(server);
    await replyTo(subscriber, ['SUBSCRIBE', '__keyspace@0__:k']);
    for (const words of [
      ['JSON.SET', 'k', '$', '{"n":1,"s":"","a":[],"b":true}'],
      ['JSON.MSET', 'k', '$.n', '2'],
      ['JSON.MERGE', 'k', '$', '{"n":3}'],
      ['JSON.NUMINCRBY', 'k', '$.n', '1'],
      ['JSON.NUMMULTBY', 'k', '$.n', '2'],
      ['JSON.STRAPPEND', 'k', '$.s', '"x"'],
      ['JSON.TOGGLE', 'k', '$.b'],
      ['JSON.ARRAPPEND', 'k', '$.a', '1', '2'],
      ['JSON.ARRINSERT', 'k', '$.a', '0', '0'],
      ['JSON.ARRPOP', 'k', '$.a'],
      ['JSON.ARRTRIM', 'k', '$.a', '0', '0'],
      ['JSON.CLEAR', 'k', '$.a'],
      ['JSON.DEL', 'k'],
    ]) {
      await replyTo(client, words);
      // JSON.FORGET is another name of JSON.DEL.
      expect(plain(await subscriber.reply())).toEqual(['message', '__keyspace@0__:k', words[0].toLowerCase()]);
    }
    // What changes nothing publishes nothing.
    await ask('JSON.SET', 'k', '$', '1', 'XX');
    await ask('JSON.SET', 'other', '$', '[]');
    await ask('JSON.SET', 'k', '$', '1');
    expect(plain(await subscriber.reply())).toEqual(['message', '__keyspace@0__:k', 'json.set']);
  });
});

describe('JSON.GET', () => {
  it('replies with an array for a path, with the value for a legacy path, with an object for several', async () => {
    const { ask, set } = await startJson();
    await set('k', { a: 2, b: 3, nested: { a: 4, b: null } });
    expect(await ask('JSON.GET', 'k', '$..b')).toBe('[3,null]');
    expect(await ask('JSON.GET', 'k', '..a', '$..b')).toBe('{"..a":[2,4],"$..b":[3,null]}');
    expect(await ask('JSON.GET', 'k', '.nested.a')).toBe('4');
    expect(await ask('JSON.GET', 'k', 'nested')).toBe('{"a":4,"b":null}');
    expect(await ask('JSON.GET', 'k', '.a', 'nested.b')).toBe('{".a":2,"nested.b":null}');
    expect(await ask('JSON.GET', 'k', '..a')).toBe('2');
    expect(await ask('JSON.GET', 'k', '.nothing')).toBe(NO_PATH);
    expect(await ask('JSON.GET', 'k', '$.nothing')).toBe('[]');
    expect(await ask('JSON.GET', 'nothing', '.a')).toBe(null);
    expect(await ask('JSON.GET', 'k', 'NOESCAPE', '.a')).toBe('2');
  });

  it('formats as told', async () => {
    const { ask, set } = await startJson();
    await set('k', { a: [1, { b: [] }], c: {} });
    const format = ['INDENT', '\t', 'NEWLINE', '\n', 'SPACE', ' '];
    expect(await ask('JSON.GET', 'k', ...format)).toBe(JSON.stringify({ a: [1, { b: [] }], c: {} }, null, '\t'));
    expect(await ask('JSON.GET', 'k', 'INDENT', '>', '$.a')).toBe('[>[>>1,>>{>>>"b":[]>>}>]]');
    expect(await ask('JSON.GET', 'k', 'space', ' ', '$.c', '$.d')).toBe('{"$.c": [{}],"$.d": []}');
  });

  it('takes legacy paths with characters that RFC 9535 has only in brackets', async () => {
    const { ask, set } = await startJson();
    await set('k', { 'user-id': 7, list: [{ 'x:y': 1 }] });
    expect(await ask('JSON.GET', 'k', 'user-id')).toBe('7');
    expect(await ask('JSON.GET', 'k', '.list[0].x:y')).toBe('1');
    expect(await ask('JSON.GET', 'k', '.list[-1]["x:y"]')).toBe('1');
    expect(await ask('JSON.GET', 'k', "$['user-id']")).toBe('[7]');
    expect(await ask('JSON.GET', 'k', '$.user-id')).toBe('[7]');
    expect(await ask('JSON.GET', 'k', '$.x:y')).toBe(
      "-ERR invalid path: expected '.', '..' or a bracketed selection, found ':', at character 4",
    );
    expect(await ask('JSON.GET', 'k', '$[?foo(@)]')).toBe("-ERR invalid path: no such function 'foo', at character 4");
    expect(await ask('JSON.GET', 'k', '$[9007199254740992]')).toBe(
      '-ERR invalid path: index out of range, at character 3',
    );
  });

  it('JSON.MGET replies for each key', async () => {
    const { ask, set } = await startJson();
    await set('one', { a: 1 });
    await set('two', { b: 2 });
    await ask('HSET', 'hash', 'f', 'v');
    await ask('SET', 'text', 'text');
    const keys = ['one', 'two', 'nothing', 'hash', 'text'];
    expect(await ask('JSON.MGET', ...keys, '$.a')).toEqual(['[1]', '[]', null, null, null]);
    expect(await ask('JSON.MGET', ...keys, '.a')).toEqual(['1', null, null, null, null]);
    expect(await ask('COMMAND', 'GETKEYS', 'JSON.MGET', 'one', 'two', '$')).toEqual(['one', 'two']);
  });
});

describe('JSON.SET', () => {
  it('sets every place that matches, or creates one member', async () => {
    const { ask, set } = await startJson();
    const get = () => ask('JSON.GET', 'k');
    await set('k', { a: { x: 1 }, b: { x: 2 }, list: [1, 2] });
    expect(await ask('JSON.SET', 'k', '$..x', '0')).toBe('OK');
    expect(await ask('JSON.SET', 'k', '$.a.y', '[]')).toBe('OK');
    expect(await ask('JSON.SET', 'k', '.list[-1]', '"z"')).toBe('OK');
    expect(await get()).toBe('{"a":{"x":0,"y":[]},"b":{"x":0},"list":[1,"z"]}');
    expect(await ask('JSON.SET', 'k', '$.c.d', '1')).toBe(null);
    expect(await ask('JSON.SET', 'k', '$.list.d', '1')).toBe(null);
    expect(await ask('JSON.SET', 'k', '$.list[2]', '1')).toBe('-ERR array index out of range');
    expect(await ask('JSON.SET', 'k', '$.*.q', '1')).toMatch(/^-ERR wrong static path/);
    expect(await ask('JSON.SET', 'k', '$.new', '1', 'XX')).toBe(null);
    expect(await ask('JSON.SET', 'k', '$.a', '1', 'NX')).toBe(null);
    expect(await ask('JSON.SET', 'k', '$["a\\"b"]', '1', 'nx')).toBe('OK');
    expect(await ask('JSON.SET', 'nothing', '$.a', '1')).toBe('-ERR new objects must be created at the root');
    expect(await ask('JSON.SET', 'k', '$', '1', 'NX', 'XX')).toBe('-ERR syntax error');
    // The outer value replaces the inner one.
    expect(await ask('JSON.SET', 'k', '$..*', '1')).toBe('OK');
    expect(await get()).toBe('{"a":1,"b":1,"list":1,"a\\"b":1}');
  });

  it('JSON.MSET sets all keys or none, one triplet after the other', async () => {
    const { ask } = await startJson();
    expect(await ask('JSON.MSET', 'a', '$', '{"n":1}', 'b', '$', '2', 'a', '$.m', '3')).toBe('OK');
    expect(await ask('MGET', 'a', 'b')).toEqual(['{"n":1,"m":3}', '2']);
    expect(await ask('JSON.MSET', 'a', '$.n', '7', 'c', '$.x', '1')).toMatch(/^-ERR new objects/);
    expect(await ask('JSON.MSET', 'a', '$.n', '7', 'b')).toMatch(/^-ERR wrong number of arguments/);
    expect(await ask('GET', 'a')).toBe('{"n":1,"m":3}');
    expect(await ask('JSON.MSET', 'a', '$.n', '7', 'a', '$.x.y', '1')).toBe(null);
    expect(await ask('GET', 'a')).toBe('{"n":7,"m":3}');
  });

  it.each([
    ['', 'it is empty'],
    ['{"a":1,"a":2}', 'an object has two members with one name, the second at byte 7'],
    ['{"a":1,"\\u0061":2}', 'an object has two members with one name, the second at byte 7'],
    ['"\\ud800"', 'half of a surrogate pair at byte 1'],
    ['"\\udc00\\ud800"', 'half of a surrogate pair at byte 1'],
    ['\ufeff1', 'it begins with a byte order mark'],
    ['[1,]', 'expected a value at byte 3'],
    ['{"a":01}', 'expected a number without leading zeros at byte 5'],
    ['[1] x', 'expected the end at byte 4'],
    ['nul', 'expected a value at byte 0'],
    ['"\n"', "expected '\"'; control characters must be escaped at byte 1"],
    ['"\\x"', 'expected a valid escape at byte 1'],
    ['{"a" 1}', "expected ':' at byte 5"],
    ['[1 2]', "expected ',' or ']' at byte 3"],
    ['"a', "expected '\"'; control characters must be escaped but it ends"],
    ['-', 'expected a digit but it ends'],
    ['['.repeat(129), 'more than 128 arrays and objects are nested, at byte 128'],
  ])('refuses %j', async (value, reason) => {
    const { ask } = await startJson();
    expect(await ask('JSON.SET', 'k', '$', value)).toBe(`-ERR the argument json is not JSON: ${reason}`);
    expect(await ask('EXISTS', 'k')).toBe(0);
  });
});

describe('JSON.DEL and JSON.CLEAR', () => {
  it('remove and empty what matches', async () => {
    const { ask, set } = await startJson();
    await set('k', { a: 1, list: [1, 2, 3, { a: 2 }], o: { x: 1 }, s: 'x' });
    expect(await ask('JSON.CLEAR', 'k', '$.*')).toBe(3);
    expect(await ask('JSON.GET', 'k')).toBe('{"a":0,"list":[],"o":{},"s":"x"}');
    expect(await ask('JSON.CLEAR', 'k', '$.s')).toBe(0);
    await set('k', { a: 1, list: [1, 2, 3, { a: 2 }] });
    expect(await ask('JSON.DEL', 'k', '$..a')).toBe(2);
    expect(await ask('JSON.FORGET', 'k', '$.list[1:3]')).toBe(2);
    expect(await ask('JSON.DEL', 'k', '$.nothing')).toBe(0);
    expect(await ask('JSON.GET', 'k')).toBe('{"list":[1,{}]}');
    expect(await ask('JSON.CLEAR', 'k')).toBe(1);
    expect(await ask('JSON.GET', 'k')).toBe('{}');
    await set('k', [1]);
    // As in RedisJSON: nothing is left.
    expect(await ask('JSON.DEL', 'k', '$[0]')).toBe(1);
    expect(await ask('EXISTS', 'k')).toBe(0);
    expect(await ask('JSON.DEL', 'k')).toBe(0);
    expect(await ask('JSON.CLEAR', 'k')).toBe(NO_KEY);
    await set('k', 1);
    expect(await ask('JSON.DEL', 'k')).toBe(1);
    expect(await ask('EXISTS', 'k')).toBe(0);
  });
});

describe('numbers', () => {
  it('are exact as integers of 64 bits, and otherwise doubles', async () => {
    const { ask, set } = await startJson();
    await ask('JSON.SET', 'k', '$', '{"i":9007199254740993,"d":1.5,"s":"x","e":1e2}');
    expect(await ask('JSON.NUMINCRBY', 'k', '$.*', '1')).toBe('[9007199254740994,2.5,null,101.0]');
    expect(await ask('JSON.NUMMULTBY', 'k', '$.*', '2')).toBe('[18014398509481988,5.0,null,202.0]');
    expect(await ask('JSON.NUMINCRBY', 'k', '.i', '0.5')).toBe('1.8014398509481988e16');
    expect(await ask('JSON.NUMINCRBY', 'k', '.s', '1')).toBe(`${NO_PATH} or does not contains a number`);
    expect(await ask('JSON.NUMINCRBY', 'k', '$.i', '"1"')).toMatch(/^-ERR bad input number/);
    expect(await ask('JSON.NUMINCRBY', 'nothing', '$', '1')).toBe(NO_KEY);
    await ask('JSON.SET', 'k', '$', '9223372036854775807');
    expect(await ask('JSON.NUMINCRBY', 'k', '$', '1')).toMatch(/^-ERR numeric overflow/);
    await ask('JSON.SET', 'k', '$', '1e308');
    expect(await ask('JSON.NUMMULTBY', 'k', '$', '10')).toBe('-ERR result is not a number');
    expect(await ask('GET', 'k')).toBe('1e308');
    await set('k', { n: [1, 2], o: { n: 3 } });
    expect(await ask('JSON.NUMINCRBY', 'k', '..n', '1')).toBe('4');
    await ask('JSON.SET', 'k', '$', '[1e15,1e16,1e21,1.5e300,1e-5,-1.5e-6]');
    expect(await ask('JSON.NUMMULTBY', 'k', '$.*', '1')).toBe('[1000000000000000.0,1e16,1e21,1.5e300,0.00001,-1.5e-6]');
  });

  it('are numbers in RESP3', async () => {
    const { ask, client } = await startJson();
    await ask('JSON.SET', 'k', '$', '{"a":1,"b":1.5,"c":null}');
    await replyTo(client, ['HELLO', '3']);
    expect(await ask('JSON.NUMINCRBY', 'k', '$.*', '1')).toEqual([2, 2.5, null]);
    expect(await ask('JSON.NUMINCRBY', 'k', '.a', '1')).toEqual([3]);
    expect(await ask('JSON.TYPE', 'k', '$.*')).toEqual([['integer', 'number', 'null']]);
    expect(await ask('JSON.TYPE', 'k')).toEqual(['object']);
    expect(await ask('JSON.TYPE', 'nothing')).toEqual([null]);
    expect(await ask('JSON.GET', 'k', '$.b')).toBe('[2.5]');
  });
});

describe('commands that look', () => {
  it('JSON.TYPE, JSON.STRLEN, JSON.OBJLEN, JSON.OBJKEYS and JSON.ARRLEN', async () => {
    const { ask } = await startJson();
    await ask('JSON.SET', 'k', '$', '{"a":[1,true,null,1.0,"é\\n",{},[]],"o":{"x":1,"y":2}}');
    const types = ['integer', 'boolean', 'null', 'number', 'string', 'object', 'array'];
    expect(await ask('JSON.TYPE', 'k', '$.a[*]')).toEqual(types);
    expect(await ask('JSON.TYPE', 'k')).toBe('object');
    expect(await ask('JSON.TYPE', 'k', '.nothing')).toBe(null);
    expect(await ask('JSON.TYPE', 'nothing', '$')).toBe(null);
    expect(await ask('JSON.STRLEN', 'k', '$.a[0,4]')).toEqual([null, 3]);
    expect(await ask('JSON.STRLEN', 'k', '.a[4]')).toBe(3);
    expect(await ask('JSON.STRLEN', 'k', '.a')).toBe('-WRONGTYPE wrong type of path value - expected string');
    expect(await ask('JSON.STRLEN', 'k', '.nothing')).toBe(NO_PATH);
    expect(await ask('JSON.STRLEN', 'nothing', '$')).toBe(NO_KEY);
    expect(await ask('JSON.STRLEN', 'nothing')).toBe(null);
    expect(await ask('JSON.OBJLEN', 'k', '$.*')).toEqual([null, 2]);
    expect(await ask('JSON.OBJLEN', 'k')).toBe(2);
    expect(await ask('JSON.OBJLEN', 'k', '.nothing')).toBe(null);
    expect(await ask('JSON.OBJLEN', 'k', '.a')).toBe('-WRONGTYPE wrong type of path value - expected object');
    expect(await ask('JSON.OBJLEN', 'nothing', '$')).toBe(`${NO_PATH} or not an object`);
    expect(await ask('JSON.OBJKEYS', 'k', '$.*')).toEqual([null, ['x', 'y']]);
    expect(await ask('JSON.OBJKEYS', 'k')).toEqual(['a', 'o']);
    expect(await ask('JSON.OBJKEYS', 'k', '.a')).toBe(`${NO_PATH} or not an object`);
    expect(await ask('JSON.OBJKEYS', 'nothing', '$')).toBe(NO_KEY);
    expect(await ask('JSON.ARRLEN', 'k', '$.*')).toEqual([7, null]);
    expect(await ask('JSON.ARRLEN', 'k', '.a')).toBe(7);
    expect(await ask('JSON.ARRLEN', 'k')).toBe(`${NO_PATH} or not an array`);
    expect(await ask('JSON.ARRLEN', 'nothing')).toBe(null);
  });

  it('JSON.ARRINDEX finds values that are equal, wherever the range begins and ends', async () => {
    const { ask } = await startJson();
    await ask('JSON.SET', 'k', '$', '{"a":[1,2,{"x":1,"y":[2]},1.0,"a"],"b":[],"c":1}');
    const index = (...words: string[]) => ask('JSON.ARRINDEX', 'k', ...words);
    expect(await index('$.*', '2')).toEqual([1, -1, null]);
    expect(await index('$.a', '{"y":[2],"x":1}')).toEqual([2]);
    expect(await index('.a', '1', '1')).toBe(3);
    expect(await index('.a', '1', '1', '3')).toBe(-1);
    expect(await index('.a', '"\\u0061"', '-1')).toBe(4);
    expect(await index('.a', '"a"', '0', '-1')).toBe(-1);
    expect(await index('.c', '1')).toBe('-WRONGTYPE wrong type of path value - expected array');
    expect(await index('.nothing', '1')).toBe(NO_PATH);
  });
});

describe('commands that change strings, booleans and arrays', () => {
  it('JSON.STRAPPEND and JSON.TOGGLE', async () => {
    const { ask } = await startJson();
    await ask('JSON.SET', 'k', '$', '{"s":"\\u00e9","t":"","n":1,"b":true}');
    expect(await ask('JSON.STRAPPEND', 'k', '$.*', '"\\"Ω"')).toEqual([5, 3, null, null]);
    expect(await ask('JSON.STRAPPEND', 'k', '.t', '"!"')).toBe(4);
    expect(await ask('JSON.STRAPPEND', 'k', '.n', '"!"')).toBe(`${NO_PATH} or not a string`);
    expect(await ask('JSON.STRAPPEND', 'k', '.t', '1')).toMatch(/^-ERR the argument must be a string in JSON/);
    expect(await ask('JSON.TOGGLE', 'k', '$.*')).toEqual([null, null, null, 0]);
    expect(await ask('JSON.TOGGLE', 'k', '.b')).toBe('true');
    expect(await ask('JSON.TOGGLE', 'k', '.n')).toBe(`${NO_PATH} or not a bool`);
    expect(await ask('GET', 'k')).toBe(
      Buffer.from('{"s":"\\u00e9\\"Ω","t":"\\"Ω!","n":1,"b":true}').toString('latin1'),
    );
    await ask('JSON.SET', 'k', '$', '"x"');
    expect(await ask('JSON.STRAPPEND', 'k', '"y"')).toBe(2);
  });

  it('JSON.ARRAPPEND, JSON.ARRINSERT, JSON.ARRPOP and JSON.ARRTRIM', async () => {
    const { ask } = await startJson();
    const get = () => ask('JSON.GET', 'k');
    await ask('JSON.SET', 'k', '$', '{"a":[1,[2]],"b":[],"c":3}');
    expect(await ask('JSON.ARRAPPEND', 'k', '$.*', '4', '{"x":5}')).toEqual([4, 2, null]);
    expect(await ask('JSON.ARRAPPEND', 'k', '.a[1]', '6')).toBe(2);
    expect(await ask('JSON.ARRAPPEND', 'k', '.c', '6')).toBe(`${NO_PATH} or not an array`);
    expect(await get()).toBe('{"a":[1,[2,6],4,{"x":5}],"b":[4,{"x":5}],"c":3}');
    expect(await ask('JSON.ARRINSERT', 'k', '$.a', '-1', '7', '8')).toEqual([6]);
    expect(await ask('JSON.ARRINSERT', 'k', '$.b', '2', '9')).toEqual([3]);
    expect(await ask('JSON.ARRINSERT', 'k', '$.b', '0', '0')).toEqual([4]);
    expect(await ask('JSON.ARRINSERT', 'k', '$.b', '5', '0')).toBe('-ERR index out of bounds');
    expect(await ask('JSON.ARRINSERT', 'k', '$.b', '-5', '0')).toBe('-ERR index out of bounds');
    expect(await get()).toBe('{"a":[1,[2,6],4,7,8,{"x":5}],"b":[0,4,{"x":5},9],"c":3}');
    expect(await ask('JSON.ARRPOP', 'k', '$.*')).toEqual(['{"x":5}', '9', null]);
    expect(await ask('JSON.ARRPOP', 'k', '.b', '0')).toBe('0');
    expect(await ask('JSON.ARRPOP', 'k', '.b', '-100')).toBe('4');
    expect(await ask('JSON.ARRPOP', 'k', '.b', '100')).toBe('{"x":5}');
    expect(await ask('JSON.ARRPOP', 'k', '.b')).toBe(null);
    expect(await ask('JSON.ARRPOP', 'k')).toBe(`${NO_PATH} or not an array`);
    expect(await get()).toBe('{"a":[1,[2,6],4,7,8],"b":[],"c":3}');
    expect(await ask('JSON.ARRTRIM', 'k', '$.a', '1', '-2')).toEqual([3]);
    expect(await get()).toBe('{"a":[[2,6],4,7],"b":[],"c":3}');
    // An outer and an inner array at once.
    expect(await ask('JSON.ARRAPPEND', 'k', '$..*', '0')).toEqual([4, 1, null, 3, null, null, null, null]);
    expect(await get()).toBe('{"a":[[2,6,0],4,7,0],"b":[0],"c":3}');
    for (const [start, stop, length] of [
      ['-100', '100', 4],
      ['2', '2', 1],
      ['1', '5', 0],
    ] as const) {
      expect(await ask('JSON.ARRTRIM', 'k', '.a', start, stop)).toBe(length);
    }
    expect(await get()).toBe('{"a":[],"b":[0],"c":3}');
  });

  it('JSON.MERGE follows RFC 7396, at each place that matches', async () => {
    const { ask } = await startJson();
    await ask('JSON.SET', 'k', '$', '{"a":{"x":1},"b":{"x":2,"y":{"z":1}}}');
    expect(await ask('JSON.MERGE', 'k', '$.*', '{"x":null,"y":{"q":[null]}}')).toBe('OK');
    expect(await ask('JSON.GET', 'k')).toBe('{"a":{"y":{"q":[null]}},"b":{"y":{"z":1,"q":[null]}}}');
    expect(await ask('JSON.MERGE', 'k', '$.c', '{"n":null}')).toBe('OK');
    expect(await ask('JSON.MERGE', 'k', '$.a', '5')).toBe('OK');
    expect(await ask('JSON.GET', 'k')).toBe('{"a":5,"b":{"y":{"z":1,"q":[null]}},"c":{}}');
  });
});

describe('limits', () => {
  it('refuse what would take too long or too much memory, and say so', async () => {
    const { ask, client } = await startJson();
    const long = `"${'x'.repeat(1024 * 1024 - 1)}"`;
    expect(await ask('JSON.SET', 'k', '$', long)).toBe('-ERR the argument json is longer than 1048576 bytes');
    expect(await ask('JSON.SET', 'k', '$', long.replace('x', ''))).toBe('OK');
    expect(await ask('JSON.STRAPPEND', 'k', '$', '"y"')).toBe('-ERR the value would be longer than 1048576 bytes');
    await ask('APPEND', 'k', ' ');
    expect(await ask('JSON.GET', 'k')).toBe('-ERR the value of the key is longer than 1048576 bytes');
    expect(await ask('JSON.GET', 'k', `$${'.a'.repeat(600)}`)).toBe('-ERR invalid path: it is longer than 1024 bytes');
    const flat = JSON.stringify(Array.from({ length: 2000 }, (_, i) => ({ n: i, s: 'aaaaab' })));
    const deep = `${'['.repeat(128)}${']'.repeat(128)}`;
    const slow =
      '-ERR this takes more than 1,000,000 steps: use a path that visits less of the value, or fewer keys, paths or values';
    for (const [value, path] of [
      [deep, '$..*..*..*..*..*'],
      [flat, '$..[?count($..*)>0]'],
      [flat, '$[?$[?@ == $[0]]]'],
      [JSON.stringify(['a'.repeat(500_000)]), '$[?search(@, "(a*)*c")]'],
    ]) {
      await ask('JSON.SET', 'k', '$', value);
      expect([path, await ask('JSON.GET', 'k', path)]).toEqual([path, slow]);
    }
    expect(await ask('JSON.GET', 'k', '$[?match(@, "((a{1,99}){1,99}){1,99}")]')).toBe(
      '-ERR a pattern in a path has more than 1000 states: repeat less',
    );
    await ask('JSON.SET', 'k', '$', `${'['.repeat(127) + '0,'.repeat(100_000)}0${']'.repeat(127)}`);
    expect(await ask('JSON.GET', 'k', '$..*')).toBe('-ERR the reply would be longer than 4194304 bytes');
    expect(await ask('JSON.GET', 'k', 'INDENT', ' '.repeat(10_000))).toMatch(/^-ERR the reply would be longer/);
    // What is in the reply many times.
    const text = 'x'.repeat(20_000);
    const again = `$[${Array<string>(300).fill('0').join()}]`;
    const long4MB = '-ERR the reply would be longer than 4194304 bytes';
    await ask('JSON.SET', 'k', '$', `[["${text}"]]`);
    expect(await ask('JSON.ARRPOP', 'k', again)).toBe(long4MB);
    expect(await ask('JSON.GET', 'k')).toBe(`[["${text}"]]`);
    expect(await ask('JSON.MGET', 'k', 'k', 'k', 'k', 'k', `$[${Array<string>(50).fill('0').join()}]`)).toBe(long4MB);
    // Very many patterns, which are compiled but match nothing, or are none.
    for (const pattern of ['(', 'a)', '\\\\p{L}\\\\p{L}']) {
      const patterns = Array.from({ length: 2000 }, (_, i) => `"${'x'.repeat(60)}${i}${pattern}"`);
      await ask('JSON.SET', 'k', '$', `[${patterns.join()}]`);
      expect(await ask('JSON.GET', 'k', '$[?match("x", @)]')).toBe(slow);
    }
    // Very many or large arguments.
    await ask('JSON.SET', 'k', '$', '[]');
    expect(await ask('JSON.ARRAPPEND', 'k', '$', ...Array<string>(60_000).fill('0'))).toBe(slow);
    expect(await ask('JSON.ARRAPPEND', 'k', '$', ...Array<string>(5).fill(long.slice(9).replace(/^/, '"')))).toBe(slow);
    expect(
      await ask(
        'JSON.MSET',
        ...Array<string[]>(20_000)
          .fill(['k', '$', `"${'x'.repeat(200)}"`])
          .flat(),
      ),
    ).toBe(slow);
    expect(await ask('JSON.GET', 'k')).toBe('[]');
    expect(await ask('JSON.GET', 'k', ...Array<string>(100).fill(`$${'[?@'.repeat(250)}${']'.repeat(250)}`))).toBe(
      slow,
    );
    // Paths nested as deeply as their length allows. One that ends too early must not be tried in many ways.
    for (const call of ['length(', 'count(@,', 'value((', 'count(@[?count(']) {
      expect(await ask('JSON.GET', 'k', `$[?${call.repeat(60)}`)).toMatch(/^-ERR invalid path/);
    }
    for (const path of [`$${'[?@'.repeat(255)}${']'.repeat(255)}`, `$[?${'('.repeat(500)}@${')'.repeat(500)}]`]) {
      expect(await ask('JSON.GET', 'k', path)).toMatch(/^(\[|-ERR this takes)/);
    }
    expect(await client.bulk('PING', 'still here')).toBe('still here');
  });
});
