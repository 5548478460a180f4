import { FunctionError } from './function-error.js';
import { GrowingBytes } from './growing-bytes.js';
import type { Lua } from './lua.js';
import { BOOLEAN, NIL, NUMBER, STRING, type State, TABLE } from './lua-exports.js';
import { MessagePackReader } from './message-pack-reader.js';
import type { Library } from './sandbox.js';
import type { Steps } from './steps.js';

/** Tables that are nested more deeply are written as nil. */
const DEEPEST = 16;
/** What writing a value counts for. */
const COST = 20;

/**
 * The library `cmsgpack`, with the results and errors of lua-cmsgpack 0.4: https://github.com/antirez/lua-cmsgpack.
 * @param maxBytes The longest text that it may make.
 */
export function cmsgpackFunctions(lua: Lua, steps: Steps, maxBytes: number): Library {
  const { api } = lua;

  /** Writes a length or a number with the marker that says how many bytes it has. */
  const writeUnsigned = (to: GrowingBytes, value: number, markers: readonly number[]) => {
    const size = [1, 2, 4].find((bytes) => value < 2 ** (8 * bytes) && markers[bytes] !== undefined) ?? 4;
    to.byte(markers[size]);
    to.reserve(size).writeUIntBE(value, to.length, size);
    to.length += size;
  };

  const writeText = (state: State, to: GrowingBytes) => {
    const at = lua.addressOf(state, -1);
    const length = lua.lengthOfLast;
    if (length < 32) to.byte(0xa0 | length);
    else writeUnsigned(to, length, LENGTHS.text);
    to.add(lua.heap, at, at + length);
  };

  const writeInteger = (to: GrowingBytes, value: number) => {
    if (value >= -32 && value < 128) {
      to.byte(value & 0xff);
    } else if (value >= 0 && value < 2 ** 32) {
      writeUnsigned(to, value, UNSIGNED);
    } else if (value < 0 && value >= -(2 ** 31)) {
      const size = value >= -(2 ** 7) ? 1 : value >= -(2 ** 15) ? 2 : 4;
      to.byte(SIGNED[size]);
      to.reserve(size).writeIntBE(value, to.length, size);
      to.length += size;
    } else {
      to.byte(value < 0 ? 0xd3 : 0xcf);
      to.reserve(8).writeBigInt64BE(BigInt(value), to.length);
      to.length += 8;
    }
  };

  const writeNumber = (to: GrowingBytes, value: number) => {
    if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
      writeInteger(to, value);
    } else if (Math.fround(value) === value) {
      to.byte(0xca);
      to.length = to.reserve(4).writeFloatBE(value, to.length);
    } else {
      to.byte(0xcb);
      const at = to.length;
      to.length = to.reserve(8).writeDoubleBE(value, at);
      // The processors on which Redis usually runs make negative ones.
      if (Number.isNaN(value)) to.view[at] |= 0x80;
    }
  };

  /** Returns how many entries the table at the top of the stack has, and whether their keys are those of an array. */
  const measure = (state: State): [count: number, isArray: boolean] => {
    let count = 0;
    let most = 0;
    let isArray = true;
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      steps.count(1);
      api.lua_settop(state, -2);
      count++;
      const key = api.lua_type(state, -1) === NUMBER ? api.lua_tonumber(state, -1) : 0;
      if (key > 0 && Number.isInteger(key)) most = Math.max(most, key);
      else isArray = false;
    }
    return [count, isArray && most === count];
  };

  const writeTable = (state: State, to: GrowingBytes, depth: number) => {
    if (api.lua_checkstack(state, 4) === 0) throw new FunctionError('stack overflow (too many values)');
    const [count, isArray] = measure(state);
    if (count < 16) to.byte((isArray ? 0x90 : 0x80) | count);
    else writeUnsigned(to, count, isArray ? LENGTHS.array : LENGTHS.map);
    if (isArray) {
      for (let i = 1; i <= count; i++) {
        api.lua_rawgeti(state, -1, i);
        write(state, to, depth + 1);
      }
      return;
    }
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      api.lua_pushvalue(state, -2);
      write(state, to, depth + 1);
      write(state, to, depth + 1);
    }
  };

  /** Writes the value at the top of a stack, and takes it from the stack. */
  const write = (state: State, to: GrowingBytes, depth: number): void => {
    steps.count(COST);
    const type = api.lua_type(state, -1);
    if (type === STRING) writeText(state, to);
    else if (type === NUMBER) writeNumber(to, api.lua_tonumber(state, -1));
    else if (type === BOOLEAN) to.byte(api.lua_toboolean(state, -1) === 0 ? 0xc2 : 0xc3);
    else if (type === TABLE && depth < DEEPEST) writeTable(state, to, depth);
    else to.byte(0xc0);
    api.lua_settop(state, -2);
  };

  /**
   * Pushes the values of the text that is the first argument, and before them where the next one begins.
   * @param limit How many values to read at most; with 0, and the offset 0, all are read and no offset is pushed.
   */
  const unpack = (state: State, limit: number, offset: number): number => {
    const at = lua.checkText(state, 1);
    const length = lua.lengthOfLast;
    if (offset < 0 || limit < 0) {
      throw new FunctionError(`Invalid request to unpack with offset of ${offset} and limit of ${length}.`);
    }
    if (offset > length) throw new FunctionError(`Start offset ${offset} greater than input length ${length}.`);
    const isAll = limit === 0 && offset === 0;
    // A copy, because the memory may move while values are made.
    const reader = new MessagePackReader(lua, steps, Buffer.from(lua.heap.subarray(at, at + length)), offset);
    let count = 0;
    for (; !reader.isAtEnd && (isAll || count < limit); count++) reader.push(state);
    if (isAll) return count;
    if (api.lua_checkstack(state, 1) === 0) throw new FunctionError('stack overflow (in function mp_unpack_full)');
    api.lua_pushnumber(state, reader.isAtEnd ? -1 : reader.at);
    api.lua_insert(state, 2);
    return count + 1;
  };

  const integerOr = (state: State, argument: number, otherwise: number) =>
    api.lua_type(state, argument) <= NIL ? otherwise : api.luaL_checkinteger(state, argument);

  return {
    pack: (state) => {
      const count = api.lua_gettop(state);
      if (count === 0) lua.failArgument(state, 0, 'MessagePack pack needs input.');
      const to = new GrowingBytes(maxBytes);
      for (let i = 1; i <= count; i++) {
        api.lua_pushvalue(state, i);
        write(state, to, 0);
      }
      lua.pushBytes(state, to.view);
      return 1;
    },
    unpack: (state) => unpack(state, 0, 0),
    unpack_one: (state) => {
      const offset = integerOr(state, 2, 0);
      api.lua_settop(state, 1);
      return unpack(state, 1, offset);
    },
    unpack_limit: (state) => {
      const limit = api.luaL_checkinteger(state, 2);
      const offset = integerOr(state, 3, 0);
      api.lua_settop(state, 1);
      return unpack(state, limit, offset);
    },
    _NAME: 'cmsgpack',
    _VERSION: 'lua-cmsgpack 0.4.0',
    _COPYRIGHT: 'Copyright (C) 2012, Salvatore Sanfilippo',
    _DESCRIPTION: 'MessagePack C implementation for Lua',
  };
}

/** The markers of numbers and lengths, by how many bytes these have. */
const UNSIGNED: readonly number[] = Object.assign([], { 1: 0xcc, 2: 0xcd, 4: 0xce });
const SIGNED: readonly number[] = Object.assign([], { 1: 0xd0, 2: 0xd1, 4: 0xd2 });
const LENGTHS: Readonly<Record<'text' | 'array' | 'map', readonly number[]>> = {
  text: Object.assign([], { 1: 0xd9, 2: 0xda, 4: 0xdb }),
  array: Object.assign([], { 2: 0xdc, 4: 0xdd }),
  map: Object.assign([], { 2: 0xde, 4: 0xdf }),
};
