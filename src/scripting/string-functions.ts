import { GrowingBytes } from './growing-bytes.js';
import type { Lua, LuaFunction } from './lua.js';
import { FUNCTION, NUMBER, STRING, type State, TABLE, UPVALUE } from './lua-exports.js';
import { PatternMatcher, POSITION } from './pattern-matcher.js';
import type { Steps } from './steps.js';

const CARET = 0x5e;
const PERCENT = 0x25;
/** What makes a text a pattern rather than plain. */
const SPECIALS = new Set(Buffer.from('^$*+?.([%-'));

/**
 * The functions of the library `string` that may take very long, each with the time under control: those with patterns,
 * and `rep`.
 *
 * @param maxBytes The longest text that they may make.
 */
export function stringFunctions(lua: Lua, steps: Steps, maxBytes: number): Readonly<Record<string, LuaFunction>> {
  const { api } = lua;
  const matcher = new PatternMatcher(steps);

  const integerOr = (state: State, argument: number, otherwise: number) =>
    api.lua_type(state, argument) <= 0 ? otherwise : api.luaL_checkinteger(state, argument);

  /** Pushes a capture; the whole match is the first one if the pattern has none. */
  const pushCapture = (state: State, index: number, start: number, from: number, to: number) => {
    if (index === 0 && matcher.captures === 0) {
      api.lua_pushlstring(state, from, to - from);
      return;
    }
    const length = matcher.captureLength(index);
    const at = matcher.captureStart(index);
    if (length === POSITION) api.lua_pushnumber(state, at - start + 1);
    else api.lua_pushlstring(state, at, length);
  };

  const pushCaptures = (state: State, start: number, from: number, to: number, whole: boolean) => {
    const count = matcher.captures === 0 && whole ? 1 : matcher.captures;
    if (api.lua_checkstack(state, count) === 0) lua.fail(state, 'stack overflow (too many captures)');
    for (let i = 0; i < count; i++) pushCapture(state, i, start, from, to);
    return count;
  };

  const search = (state: State, isFind: boolean): number => {
    const start = lua.checkText(state, 1);
    const length = lua.lengthOfLast;
    const pattern = lua.checkText(state, 2);
    const patternLength = lua.lengthOfLast;
    const given = integerOr(state, 3, 1);
    const from = Math.min(length, Math.max(0, (given < 0 ? length + given + 1 : given) - 1));
    const { heap } = lua;
    if (isFind && (api.lua_toboolean(state, 4) !== 0 || isPlain(heap, pattern))) {
      const subject = Buffer.from(heap.buffer, start, length);
      const found = indexOf(subject, heap.subarray(pattern, pattern + patternLength), from, steps);
      if (found < 0 || patternLength > length - from) {
        api.lua_pushnil(state);
        return 1;
      }
      api.lua_pushnumber(state, found + 1);
      api.lua_pushnumber(state, found + patternLength);
      return 2;
    }
    const isAnchored = heap[pattern] === CARET;
    const rest = isAnchored ? pattern + 1 : pattern;
    matcher.begin(heap, start, start + length);
    for (let at = start + from; at <= start + length; at++) {
      const end = matcher.match(at, rest);
      if (end >= 0) {
        if (!isFind) return pushCaptures(state, start, at, end, true);
        api.lua_pushnumber(state, at - start + 1);
        api.lua_pushnumber(state, end - start);
        return 2 + pushCaptures(state, start, at, end, false);
      }
      if (isAnchored) break;
    }
    api.lua_pushnil(state);
    return 1;
  };

  /** The iterator of `gmatch`. Its table has the subject, the pattern and how far it has come. */
  const next: LuaFunction = (state) => {
    api.lua_settop(state, 0);
    api.lua_getfield(state, UPVALUE - 1, lua.text('subject'));
    api.lua_getfield(state, UPVALUE - 1, lua.text('pattern'));
    api.lua_getfield(state, UPVALUE - 1, lua.text('at'));
    const pattern = lua.addressOf(state, 2);
    const start = lua.addressOf(state, 1);
    const end = start + lua.lengthOfLast;
    matcher.begin(lua.heap, start, end);
    for (let at = start + api.lua_tonumber(state, 3); at <= end; at++) {
      const matchEnd = matcher.match(at, pattern);
      if (matchEnd < 0) continue;
      api.lua_pushnumber(state, matchEnd - start + (matchEnd === at ? 1 : 0));
      api.lua_setfield(state, UPVALUE - 1, lua.text('at'));
      return pushCaptures(state, start, at, matchEnd, true);
    }
    return 0;
  };

  const gmatch: LuaFunction = (state) => {
    lua.checkText(state, 1);
    lua.checkText(state, 2);
    api.lua_settop(state, 2);
    api.lua_createtable(state, 0, 3);
    api.lua_insert(state, 1);
    api.lua_setfield(state, 1, lua.text('pattern'));
    api.lua_setfield(state, 1, lua.text('subject'));
    api.lua_pushnumber(state, 0);
    api.lua_setfield(state, 1, lua.text('at'));
    lua.pushFunction(state, next, 1);
    return 1;
  };

  /** Adds what replaces a match. */
  const addReplacement = (state: State, to: GrowingBytes, start: number, from: number, end: number) => {
    const type = api.lua_type(state, 3);
    if (type === STRING || type === NUMBER) {
      addExpanded(state, to, start, from, end);
      return;
    }
    if (type === FUNCTION) {
      api.lua_pushvalue(state, 3);
      api.lua_call(state, pushCaptures(state, start, from, end, true), 1);
    } else {
      pushCapture(state, 0, start, from, end);
      api.lua_gettable(state, 3);
    }
    if (api.lua_toboolean(state, -1) === 0) to.add(lua.heap, from, end);
    else if (api.lua_type(state, -1) === STRING || api.lua_type(state, -1) === NUMBER) addTop(state, to);
    else lua.fail(state, `invalid replacement value (a ${lua.typeAt(state, -1)})`);
    api.lua_settop(state, 4);
  };

  const addTop = (state: State, to: GrowingBytes) => {
    const at = lua.addressOf(state, -1);
    to.add(lua.heap, at, at + lua.lengthOfLast);
  };

  /** Adds the replacement with `%1` and the like replaced by the captures. */
  const addExpanded = (state: State, to: GrowingBytes, start: number, from: number, end: number) => {
    const at = lua.addressOf(state, 3);
    const last = at + lua.lengthOfLast;
    for (let i = at; i < last; ) {
      const offset = lua.heap.subarray(i, last).indexOf(PERCENT);
      const special = offset < 0 ? last : i + offset;
      to.add(lua.heap, i, special);
      if (special === last) return;
      const digit = lua.heap[special + 1] - 0x30;
      i = special + 2;
      if (!(digit >= 0 && digit <= 9)) {
        to.byte(lua.heap[special + 1]);
      } else if (digit === 0) {
        to.add(lua.heap, from, end);
      } else {
        pushCapture(state, digit - 1, start, from, end);
        addTop(state, to);
        api.lua_settop(state, 4);
      }
    }
  };

  const gsub: LuaFunction = (state) => {
    const start = lua.checkText(state, 1);
    const last = start + lua.lengthOfLast;
    const given = lua.checkText(state, 2);
    const type = api.lua_type(state, 3);
    if (![NUMBER, STRING, TABLE, FUNCTION].includes(type)) {
      lua.failArgument(state, 3, 'string/function/table expected');
    }
    const most = integerOr(state, 4, last - start + 1);
    api.lua_settop(state, 4);
    const isAnchored = lua.heap[given] === CARET;
    const pattern = isAnchored ? given + 1 : given;
    const result = new GrowingBytes(maxBytes);
    let at = start;
    let count = 0;
    while (count < most) {
      // A replacement that is a function may have made the memory larger, or used the matcher itself.
      matcher.begin(lua.heap, start, last);
      const end = matcher.match(at, pattern);
      if (end >= 0) {
        count++;
        addReplacement(state, result, start, at, end);
      }
      if (end > at) at = end;
      else if (at < last) result.byte(lua.heap[at++]);
      else break;
      if (isAnchored) break;
    }
    result.add(lua.heap, at, last);
    lua.pushBytes(state, result.view);
    api.lua_pushnumber(state, count);
    return 2;
  };

  const rep: LuaFunction = (state) => {
    const at = lua.checkText(state, 1);
    const length = lua.lengthOfLast;
    const count = Math.max(0, api.luaL_checkinteger(state, 2));
    const bytes = length * count;
    if (bytes > maxBytes) lua.fail(state, 'not enough memory');
    if (bytes === 0) lua.push(state, '');
    else lua.pushBytes(state, Buffer.alloc(bytes, lua.heap.subarray(at, at + length)));
    return 1;
  };

  return {
    find: (state) => search(state, true),
    match: (state) => search(state, false),
    gmatch,
    gfind: gmatch,
    gsub,
    rep,
  };
}

/** Longer texts than this make `Buffer.indexOf` take quadratic time, if they are like the subject in the right way. */
const LONG = 200;
/** How many bytes are compared in the time of a step. */
const BYTES_PER_STEP = 8;

/** Like `subject.indexOf`, but can be stopped. */
function indexOf(subject: Buffer, text: Uint8Array, from: number, steps: Steps): number {
  if (text.length <= LONG) return subject.indexOf(text, from);
  const head = text.subarray(0, LONG);
  const last = subject.length - text.length;
  for (let at = subject.indexOf(head, from); at >= 0 && at <= last; at = subject.indexOf(head, at + 1)) {
    if (subject.compare(text, LONG, text.length, at + LONG, at + text.length) === 0) return at;
    steps.count(text.length / BYTES_PER_STEP);
  }
  return -1;
}

/** Returns whether a pattern, which ends in a zero byte, has no special characters. */
function isPlain(heap: Uint8Array, pattern: number): boolean {
  for (let at = pattern; heap[at] !== 0; at++) if (SPECIALS.has(heap[at])) return false;
  return true;
}
