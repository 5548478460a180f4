import { CodedError } from '../errors.js';
import type { ReplyEncoder } from '../resp/reply-encoder.js';
import type { Lua } from './lua.js';
import { BOOLEAN, NIL, NUMBER, STRING, type State, TABLE } from './lua-exports.js';
import type { Steps } from './steps.js';

// How replies become values of Lua, and values of Lua replies:
// https://redis.io/docs/latest/develop/programmability/lua-api/

const [PLUS, MINUS, COLON, DOLLAR, ASTERISK, PERCENT, TILDE, COMMA, HASH, UNDERSCORE, EQUALS, BRACE] =
  Buffer.from('+-:$*%~,#_=(');
const CR = 0x0d;
/** The byte of `t`, for true. */
const TRUE = 0x74;

/** Pushes a reply onto a stack. */
export class ReplyReader {
  readonly #lua: Lua;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(lua: Lua) {
    this.#lua = lua;
  }

  /** @param bytes One complete reply, in RESP2 or RESP3. */
  push(state: State, bytes: Buffer): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.#push(state);
    this.#bytes = EMPTY;
  }

  #push(state: State): void {
    const { api } = this.#lua;
    const lua = this.#lua;
    if (api.lua_checkstack(state, 4) === 0) lua.fail(state, 'reached lua stack limit');
    const type = this.#bytes[this.#at++];
    switch (type) {
      case DOLLAR:
        this.#pushText(state);
        return;
      case COLON:
        api.lua_pushnumber(state, this.#number());
        return;
      case PLUS:
        this.#pushField(state, 'ok', this.#line());
        return;
      case MINUS:
        this.#pushField(state, 'err', this.#line());
        return;
      case ASTERISK: {
        const length = this.#number();
        if (length < 0) {
          api.lua_pushboolean(state, 0);
          return;
        }
        api.lua_createtable(state, length, 0);
        for (let i = 1; i <= length; i++) {
          this.#push(state);
          api.lua_rawseti(state, -2, i);
        }
        return;
      }
      case PERCENT:
      case TILDE: {
        const isMap = type === PERCENT;
        const length = this.#number();
        api.lua_createtable(state, 0, 1);
        api.lua_createtable(state, 0, length);
        for (let i = 0; i < length; i++) {
          this.#push(state);
          if (isMap) this.#push(state);
          else api.lua_pushboolean(state, 1);
          api.lua_rawset(state, -3);
        }
        api.lua_setfield(state, -2, lua.text(isMap ? 'map' : 'set'));
        return;
      }
      case COMMA: {
        const text = this.#line();
        api.lua_createtable(state, 0, 1);
        api.lua_pushnumber(state, /inf/.test(text) ? (text[0] === '-' ? -Infinity : Infinity) : Number(text));
        api.lua_setfield(state, -2, lua.text('double'));
        return;
      }
      case HASH:
        api.lua_pushboolean(state, this.#bytes[this.#at] === TRUE ? 1 : 0);
        this.#at += 3;
        return;
      case UNDERSCORE:
        this.#at += 2;
        api.lua_pushnil(state);
        return;
      case EQUALS: {
        const length = this.#number();
        const [format, text] = [this.#at, this.#at + 4];
        api.lua_createtable(state, 0, 1);
        api.lua_createtable(state, 0, 2);
        lua.pushBytes(state, this.#bytes, format, format + 3);
        api.lua_setfield(state, -2, lua.text('format'));
        lua.pushBytes(state, this.#bytes, text, format + length);
        api.lua_setfield(state, -2, lua.text('string'));
        api.lua_setfield(state, -2, lua.text('verbatim_string'));
        this.#at = format + length + 2;
        return;
      }
      case BRACE:
        this.#pushField(state, 'big_number', this.#line());
        return;
      default:
        throw new Error(`no reply begins with the byte ${type}`);
    }
  }

  #pushText(state: State): void {
    const length = this.#number();
    if (length < 0) {
      this.#lua.api.lua_pushboolean(state, 0);
      return;
    }
    const start = this.#at;
    this.#at = start + length + 2;
    this.#lua.pushBytes(state, this.#bytes, start, start + length);
  }

  #pushField(state: State, field: string, value: string): void {
    this.#lua.api.lua_createtable(state, 0, 1);
    this.#lua.setTextField(state, field, value);
  }

  #number(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    let value = 0;
    for (; bytes[at] !== CR; at++) value = value * 10 + bytes[at] - 0x30;
    this.#at = at + 2;
    return isNegative ? -value : value;
  }

  #line(): string {
    const end = this.#bytes.indexOf(CR, this.#at);
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return line;
  }
}

const EMPTY = Buffer.alloc(0);

/** How deep the values of a stack may be nested. Redis' limit is of that order. */
const DEEPEST = 2000;
const STACK_LIMIT = new CodedError('ERR', 'reached lua stack limit');

/** Numbers that 64 bits cannot hold become this one, as in Redis on the usual processors. */
const BEYOND = -(2n ** 63n);

/** How the result of a script is written. */
export interface ResultWriter {
  readonly reply: ReplyEncoder;
  /** What `redis.setresp` has set. */
  readonly protocol: 2 | 3;
  /** Writes an error, whose text begins with a code. */
  writeError(text: string): void;
  readonly steps: Steps;
}

/** What writing a value counts for. */
const COST = 20;

/**
 * Writes the value at the top of a stack as a reply, and takes it from the stack.
 * @throws CodedError if tables are nested too deeply.
 */
export function writeValue(lua: Lua, state: State, to: ResultWriter): void {
  const { api } = lua;
  const { reply } = to;
  // A table that is in a table twice is written twice, and so on.
  to.steps.count(COST);
  const top = api.lua_gettop(state);
  if (top > DEEPEST || api.lua_checkstack(state, 5) === 0) throw STACK_LIMIT;
  const type = api.lua_type(state, top);
  if (type === STRING) {
    reply.bulk(copyAt(lua, state, top));
  } else if (type === NUMBER) {
    writeNumber(reply, api.lua_tonumber(state, top));
  } else if (type === TABLE) {
    writeTable(lua, state, to);
  } else if (type === BOOLEAN && to.protocol === 3) {
    reply.boolean(api.lua_toboolean(state, top) !== 0);
  } else if (type === BOOLEAN && api.lua_toboolean(state, top) !== 0) {
    reply.integer(1);
  } else {
    reply.null();
  }
  api.lua_settop(state, top - 1);
}

function copyAt(lua: Lua, state: State, index: number): Buffer {
  return Buffer.from(lua.bytesAt(state, index) ?? EMPTY);
}

/** Writes a number without its fraction. */
function writeNumber(reply: ReplyEncoder, value: number): void {
  if (Number.isSafeInteger(value)) reply.integer(value);
  else if (Math.abs(value) < 2 ** 63) reply.integer(BigInt(Math.trunc(value)));
  else reply.integer(BEYOND);
}

/** Writes the table at the top of a stack. Leaves other values above it. */
function writeTable(lua: Lua, state: State, to: ResultWriter): void {
  const { api } = lua;
  const { reply } = to;
  const table = api.lua_gettop(state);
  /** Pushes a field of the table. Returns whether it is of this type. */
  const has = (field: string, type: number) => {
    api.lua_settop(state, table);
    return pushField(lua, state, field) === type;
  };
  const line = () => (lua.textAt(state, -1) ?? '').replace(/[\r\n]/g, ' ');
  if (has('err', STRING)) to.writeError(lua.textAt(state, -1) ?? '');
  else if (has('ok', STRING)) reply.simple(line());
  else if (has('double', NUMBER)) reply.double(api.lua_tonumber(state, -1));
  else if (has('big_number', STRING)) reply.bigNumber(line());
  else if (has('verbatim_string', TABLE) && isVerbatim(lua, state)) writeVerbatim(lua, state, reply);
  else if (has('map', TABLE)) writeEntries(lua, state, to, true);
  else if (has('set', TABLE)) writeEntries(lua, state, to, false);
  else {
    api.lua_settop(state, table);
    const length = lengthOf(lua, state);
    reply.array(length);
    for (let i = 1; i <= length; i++) {
      api.lua_rawgeti(state, table, i);
      writeValue(lua, state, to);
    }
  }
}

/** Pushes a field of the table at the top of a stack, without metamethods. Returns the type of its value. */
export function pushField(lua: Lua, state: State, field: string): number {
  lua.api.lua_pushlstring(state, lua.text(field), field.length);
  lua.api.lua_rawget(state, -2);
  return lua.api.lua_type(state, -1);
}

/** Pushes the text and the format of the table at the top of a stack. Returns whether they are there. */
function isVerbatim(lua: Lua, state: State): boolean {
  const hasText = pushField(lua, state, 'string') === STRING;
  lua.api.lua_insert(state, -2);
  return pushField(lua, state, 'format') === STRING && hasText;
}

function writeVerbatim(lua: Lua, state: State, reply: ReplyEncoder): void {
  const format = `${lua.textAt(state, -1)}   `.slice(0, 3);
  reply.verbatimBytes(format, copyAt(lua, state, -3));
}

/** Writes the table at the top of a stack as a map, or its keys as a set. */
function writeEntries(lua: Lua, state: State, to: ResultWriter, isMap: boolean): void {
  const { api } = lua;
  const entries = api.lua_gettop(state);
  let size = 0;
  api.lua_pushnil(state);
  for (; api.lua_next(state, entries) !== 0; size++) api.lua_settop(state, -2);
  if (isMap) to.reply.map(size);
  else to.reply.set(size);
  api.lua_pushnil(state);
  while (api.lua_next(state, entries) !== 0) {
    // A copy of the key, because reading a number as text would change it.
    api.lua_pushvalue(state, entries + 1);
    writeValue(lua, state, to);
    if (isMap) writeValue(lua, state, to);
    else api.lua_settop(state, -2);
  }
}

/** Returns how many items the table at the top of the stack has before the first that is nil. */
function lengthOf({ api }: Lua, state: State): number {
  for (let length = 0; ; length++) {
    api.lua_rawgeti(state, -1, length + 1);
    const isNil = api.lua_type(state, -1) === NIL;
    api.lua_settop(state, -2);
    if (isNil) return length;
  }
}
