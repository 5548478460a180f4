import { GrowingBytes } from './growing-bytes.js';
import { JsonReader } from './json-reader.js';
import type { Lua } from './lua.js';
import { BOOLEAN, LIGHT_USERDATA, NIL, NUMBER, STRING, type State, TABLE } from './lua-exports.js';
import { generalNumber } from './number-text.js';
import type { Library } from './sandbox.js';
import type { Steps } from './steps.js';

/** How deep tables may be nested. */
const DEEPEST = 1000;
/** The digits of numbers. */
const DIGITS = 14;
/** A table with keys up to more than `SAFE` is no array if it has less than one item in `SPARSE` of them. */
const [SPARSE, SAFE] = [2, 10];

const ESCAPES: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
};
/** What has to be escaped in a text: everything that is not one of these. */
const ESCAPED = /[^ !#-.0-[\]-~\u0080-\u00ff]/g;

/** What writing a value counts for. */
const COST = 20;

/**
 * The library `cjson`, with the defaults and errors of lua-cjson 2.1.
 * @param maxBytes The longest text that it may make.
 */
export function cjsonFunctions(lua: Lua, steps: Steps, maxBytes: number): Library {
  const { api } = lua;
  const reader = new JsonReader(lua, steps);

  const fail = (state: State, reason: string): never => lua.fail(state, reason);

  const writeText = (to: GrowingBytes, text: string) => {
    const escaped = text.replace(ESCAPED, (c) => ESCAPES[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
    to.latin1(`"${escaped}"`);
  };

  /** Returns the length of the table at the top of a stack if it is an array; -1 if it is an object. */
  const arrayLength = (state: State): number => {
    let most = 0;
    let items = 0;
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      steps.count(1);
      const key = api.lua_type(state, -2) === NUMBER ? api.lua_tonumber(state, -2) : 0;
      api.lua_settop(state, -2);
      if (key < 1 || !Number.isInteger(key)) {
        api.lua_settop(state, -2);
        return -1;
      }
      most = Math.max(most, key);
      items++;
    }
    if (most > items * SPARSE && most > SAFE) fail(state, 'Cannot serialise table: excessively sparse array');
    return most;
  };

  const writeNumber = (state: State, to: GrowingBytes, index: number) => {
    const value = api.lua_tonumber(state, index);
    if (!Number.isFinite(value)) fail(state, 'Cannot serialise number: must not be NaN or Inf');
    to.latin1(generalNumber(value, DIGITS));
  };

  const writeObject = (state: State, to: GrowingBytes, depth: number) => {
    let separator = '{';
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      to.latin1(separator);
      separator = ',';
      const type = api.lua_type(state, -2);
      if (type === NUMBER) {
        to.latin1('"');
        writeNumber(state, to, -2);
        to.latin1('"');
      } else if (type === STRING) {
        writeText(to, lua.textAt(state, -2) ?? '');
      } else {
        fail(state, `Cannot serialise ${lua.typeAt(state, -2)}: table key must be a number or string`);
      }
      to.latin1(':');
      write(state, to, depth);
    }
    to.latin1(separator === '{' ? '{}' : '}');
  };

  /** Writes the value at the top of a stack, and takes it from the stack. */
  const write = (state: State, to: GrowingBytes, depth: number): void => {
    steps.count(COST);
    const type = api.lua_type(state, -1);
    if (type === STRING) writeText(to, lua.textAt(state, -1) ?? '');
    else if (type === NUMBER) writeNumber(state, to, -1);
    else if (type === BOOLEAN) to.latin1(api.lua_toboolean(state, -1) === 0 ? 'false' : 'true');
    else if (type === NIL || (type === LIGHT_USERDATA && api.lua_topointer(state, -1) === 0)) to.latin1('null');
    else if (type === TABLE) {
      if (depth >= DEEPEST || api.lua_checkstack(state, 5) === 0) {
        fail(state, `Cannot serialise, excessive nesting (${depth + 1})`);
      }
      const length = arrayLength(state);
      if (length <= 0) writeObject(state, to, depth + 1);
      for (let i = 1; i <= length; i++) {
        to.latin1(i === 1 ? '[' : ',');
        api.lua_rawgeti(state, -1, i);
        write(state, to, depth + 1);
      }
      if (length > 0) to.latin1(']');
    } else fail(state, `Cannot serialise ${lua.typeAt(state, -1)}: type not supported`);
    api.lua_settop(state, -2);
  };

  /** The functions that change or return a setting. Scripts share the library, so the settings stay what they are. */
  const setting =
    (...values: readonly (number | boolean)[]) =>
    (state: State) => {
      for (const value of values) {
        if (typeof value === 'number') api.lua_pushnumber(state, value);
        else api.lua_pushboolean(state, value ? 1 : 0);
      }
      return values.length;
    };

  return {
    encode: (state) => {
      if (api.lua_gettop(state) !== 1) lua.failArgument(state, 1, 'expected 1 argument');
      const to = new GrowingBytes(maxBytes);
      write(state, to, 0);
      lua.pushBytes(state, to.view);
      return 1;
    },
    decode: (state) => {
      if (api.lua_gettop(state) !== 1) lua.failArgument(state, 1, 'expected 1 argument');
      const at = lua.checkText(state, 1);
      // A copy, because the memory may move while values are made.
      const failure = reader.push(state, Buffer.from(lua.heap.subarray(at, at + lua.lengthOfLast)));
      if (failure !== undefined) fail(state, failure);
      return 1;
    },
    encode_sparse_array: setting(false, SPARSE, SAFE),
    encode_max_depth: setting(DEEPEST),
    decode_max_depth: setting(DEEPEST),
    encode_number_precision: setting(DIGITS),
    encode_keep_buffer: setting(true),
    encode_invalid_numbers: setting(false),
    decode_invalid_numbers: setting(true),
    null: { address: 0 },
    _NAME: 'cjson',
    _VERSION: '2.1.0',
  };
}
