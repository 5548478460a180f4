import { FunctionError } from './function-error.js';
import type { Lua } from './lua.js';
import type { State } from './lua-exports.js';
import type { Steps } from './steps.js';

/** What reading a value counts for. */
const COST = 20;
/** How deep arrays and maps may be nested. */
const DEEPEST = 1000;

/** Reads values of MessagePack as lua-cmsgpack does, and pushes them onto a stack. */
export class MessagePackReader {
  readonly #lua: Lua;
  readonly #steps: Steps;
  readonly #bytes: Buffer;
  /** Where the next value begins. */
  at: number;
  #depth = 0;

  constructor(lua: Lua, steps: Steps, bytes: Buffer, at: number) {
    this.#lua = lua;
    this.#steps = steps;
    this.#bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /**
   * Pushes the next value.
   * @throws FunctionError if the bytes are none.
   */
  push(state: State): void {
    const { api } = this.#lua;
    this.#steps.count(COST);
    this.#makeRoom(state, 'too many return values at once; use unpack_one or unpack_limit instead.');
    const marker = this.#bytes[this.#take(1)];
    const read = READERS.get(marker);
    if (marker < 0x80) api.lua_pushnumber(state, marker);
    else if (marker >= 0xe0) api.lua_pushnumber(state, marker - 0x100);
    else if (marker < 0x90) this.#pushMap(state, marker & 0xf);
    else if (marker < 0xa0) this.#pushArray(state, marker & 0xf);
    else if (marker < 0xc0) this.#pushText(state, marker & 0x1f);
    else if (marker === NIL) api.lua_pushnil(state);
    else if (marker === FALSE || marker === TRUE) api.lua_pushboolean(state, marker - FALSE);
    else if (read === undefined) throw new FunctionError('Bad data format in input.');
    else {
      const [size, kind, method] = read;
      const value = Number(method.call(this.#bytes, this.#take(size)));
      if (kind === 'number') api.lua_pushnumber(state, value);
      else if (kind === 'text') this.#pushText(state, value);
      else if (kind === 'array') this.#pushArray(state, value);
      else this.#pushMap(state, value);
    }
  }

  /** Moves on by some bytes. Returns where they begin. */
  #take(bytes: number): number {
    const { at } = this;
    if (bytes > this.#bytes.length - at) throw new FunctionError('Missing bytes in input.');
    this.at = at + bytes;
    return at;
  }

  #pushText(state: State, length: number): void {
    const at = this.#take(length);
    this.#lua.pushBytes(state, this.#bytes, at, at + length);
  }

  #pushArray(state: State, length: number): void {
    const { api } = this.#lua;
    api.lua_createtable(state, 0, 0);
    this.#descend(state, 'array');
    for (let i = 1; i <= length; i++) {
      api.lua_pushnumber(state, i);
      this.push(state);
      api.lua_settable(state, -3);
    }
    this.#depth--;
  }

  #pushMap(state: State, length: number): void {
    const { api } = this.#lua;
    api.lua_createtable(state, 0, 0);
    this.#descend(state, 'hash');
    for (let i = 0; i < length; i++) {
      this.push(state);
      this.push(state);
      api.lua_settable(state, -3);
    }
    this.#depth--;
  }

  #descend(state: State, into: 'array' | 'hash'): void {
    const what = `in function mp_decode_to_lua_${into}`;
    if (++this.#depth > DEEPEST) throw overflow(what);
    this.#makeRoom(state, what);
  }

  #makeRoom(state: State, what: string): void {
    if (this.#lua.api.lua_checkstack(state, 1) === 0) throw overflow(what);
  }
}

function overflow(what: string): FunctionError {
  return new FunctionError(`stack overflow (${what})`);
}

const [NIL, FALSE, TRUE] = [0xc0, 0xc2, 0xc3];

const { prototype } = Buffer;

/** How many bytes follow a marker, of what they are the value or the length, and how they are read. */
type Reader = readonly [
  size: number,
  kind: 'number' | 'text' | 'array' | 'map',
  method: (this: Buffer, at: number) => number | bigint,
];

const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [0xca, [4, 'number', prototype.readFloatBE]],
  [0xcb, [8, 'number', prototype.readDoubleBE]],
  [0xcc, [1, 'number', prototype.readUInt8]],
  [0xcd, [2, 'number', prototype.readUInt16BE]],
  [0xce, [4, 'number', prototype.readUInt32BE]],
  // Redis takes these for signed ones.
  [0xcf, [8, 'number', prototype.readBigInt64BE]],
  [0xd0, [1, 'number', prototype.readInt8]],
  [0xd1, [2, 'number', prototype.readInt16BE]],
  [0xd2, [4, 'number', prototype.readInt32BE]],
  [0xd3, [8, 'number', prototype.readBigInt64BE]],
  [0xd9, [1, 'text', prototype.readUInt8]],
  [0xda, [2, 'text', prototype.readUInt16BE]],
  [0xdb, [4, 'text', prototype.readUInt32BE]],
  [0xdc, [2, 'array', prototype.readUInt16BE]],
  [0xdd, [4, 'array', prototype.readUInt32BE]],
  [0xde, [2, 'map', prototype.readUInt16BE]],
  [0xdf, [4, 'map', prototype.readUInt32BE]],
]);
