import { GrowingBytes } from './growing-bytes.js';
import type { Lua } from './lua.js';
import { STRING, type State } from './lua-exports.js';
import type { Library } from './sandbox.js';

/** The sizes of integers by their letters, in bytes, on the usual 64-bit machine. `i` is followed by its size. */
const INTEGERS: Readonly<Record<string, number>> = { b: 1, h: 2, l: 8, t: 8 };
/** The alignment that `!` alone means, and the default size of `i`. */
const [ALIGNMENT, INTEGER] = [8, 4];
const LARGEST_INTEGER = 32;

/** One element of a format. */
interface Element {
  readonly option: string;
  /** In bytes; 0 for texts whose size the data says. */
  readonly size: number;
  /** Bytes of padding before it. */
  readonly padding: number;
  readonly isLittle: boolean;
}

/**
 * The library `struct`: https://www.inf.puc-rio.br/~roberto/struct/, as Redis has it.
 * @param maxBytes The longest text that it may make.
 */
export function structFunctions(lua: Lua, maxBytes: number): Library {
  const { api } = lua;

  /** Reads a format bit by bit. `next` is given how many bytes come before the element. */
  const reader = (state: State, format: string) => {
    let at = 0;
    let isLittle = true;
    let alignment = 1;
    const number = (otherwise: number) => {
      const digits = /^\d+/.exec(format.slice(at))?.[0];
      if (digits === undefined) return otherwise;
      at += digits.length;
      const value = Number(digits);
      if (value > 2 ** 31 - 1) lua.fail(state, 'integral size overflow');
      return value;
    };
    const sizeOf = (option: string): number => {
      if (option === 'f') return 4;
      if (option === 'd') return 8;
      if (option === 'x') return 1;
      if (option === 'c') return number(1);
      if (option !== 'i' && option !== 'I') return INTEGERS[option.toLowerCase()] ?? 0;
      const size = number(INTEGER);
      if (size > LARGEST_INTEGER) lua.fail(state, `integral size ${size} is larger than limit of ${LARGEST_INTEGER}`);
      return size;
    };
    return (position: number): Element | undefined => {
      for (;;) {
        const option = format[at++];
        if (option === undefined) return undefined;
        if (option === '<') isLittle = true;
        else if (option === '>') isLittle = false;
        else if (option === '!') {
          alignment = number(ALIGNMENT);
          if (alignment === 0 || (alignment & (alignment - 1)) !== 0)
            lua.fail(state, `alignment ${alignment} is not a power of 2`);
        } else if (option !== ' ') {
          if (!/[bBhHlLTiIfdxcs]/.test(option)) lua.failArgument(state, 1, `invalid format option '${option}'`);
          const size = sizeOf(option);
          const to = option === 'c' ? 1 : Math.min(size, alignment);
          return { option, size, padding: to > 1 ? (to - (position & (to - 1))) & (to - 1) : 0, isLittle };
        }
      }
    };
  };

  const format = (state: State) => {
    lua.checkText(state, 1);
    return lua.textAt(state, 1) ?? '';
  };

  const writeInteger = (to: GrowingBytes, value: number, { size, isLittle }: Element) => {
    const bits = BigInt.asUintN(64, BigInt(Number.isFinite(value) ? Math.trunc(value) : 0));
    for (let i = 0; i < size; i++) {
      const place = isLittle ? i : size - 1 - i;
      to.byte(place < 8 ? Number((bits >> BigInt(8 * place)) & 0xffn) : 0);
    }
  };

  const readInteger = (bytes: Buffer, at: number, { option, size, isLittle }: Element): number => {
    let bits = 0n;
    for (let i = 0; i < size; i++) bits |= BigInt(bytes[at + (isLittle ? i : size - 1 - i)]) << BigInt(8 * i);
    const isSigned = option === option.toLowerCase();
    const width = Math.min(64, 8 * size);
    return Number(isSigned ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits));
  };

  return {
    pack: (state) => {
      const next = reader(state, format(state));
      const to = new GrowingBytes(maxBytes);
      // A missing argument is nil in the error.
      api.lua_pushnil(state);
      let argument = 2;
      for (let element = next(0); element !== undefined; element = next(to.length)) {
        const { option, size, padding, isLittle } = element;
        for (let i = 0; i < padding; i++) to.byte(0);
        if (option === 'x') to.byte(0);
        else if (option === 's' || option === 'c') {
          const start = lua.checkText(state, argument++);
          const length = lua.lengthOfLast;
          const taken = option === 's' || size === 0 ? length : size;
          if (length < taken) lua.failArgument(state, argument, 'string too short');
          to.add(lua.heap, start, start + taken);
          if (option === 's') to.byte(0);
        } else if (option === 'f' || option === 'd') {
          const value = api.luaL_checknumber(state, argument++);
          const bytes = Buffer.alloc(size);
          if (option === 'f') isLittle ? bytes.writeFloatLE(value) : bytes.writeFloatBE(value);
          else isLittle ? bytes.writeDoubleLE(value) : bytes.writeDoubleBE(value);
          to.add(bytes);
        } else writeInteger(to, api.luaL_checknumber(state, argument++), element);
      }
      lua.pushBytes(state, to.view);
      return 1;
    },
    unpack: (state) => {
      const next = reader(state, format(state));
      const start = lua.checkText(state, 2);
      const data = Buffer.from(lua.heap.subarray(start, start + lua.lengthOfLast));
      let at = api.lua_gettop(state) < 3 ? 0 : api.luaL_checkinteger(state, 3) - 1;
      if (at < 0) lua.failArgument(state, 3, 'offset must be 1 or greater');
      let count = 0;
      const need = (bytes: number) => {
        if (at > data.length || bytes > data.length - at) lua.failArgument(state, 2, 'data string too short');
      };
      for (let element = next(at); element !== undefined; element = next(at)) {
        const { option, padding, isLittle } = element;
        let { size } = element;
        at += padding;
        need(size);
        if (api.lua_checkstack(state, 2) === 0) lua.fail(state, 'too many results');
        if (option === 'c') {
          if (size === 0) {
            if (count === 0 || api.lua_type(state, -1) === STRING) lua.fail(state, "format 'c0' needs a previous size");
            size = api.lua_tonumber(state, -1);
            api.lua_settop(state, -2);
            count--;
            need(size);
          }
          lua.pushBytes(state, data, at, at + size);
          count++;
        } else if (option === 's') {
          const end = data.indexOf(0, at);
          if (end < 0) lua.fail(state, 'unfinished string in data');
          size = end - at + 1;
          lua.pushBytes(state, data, at, end);
          count++;
        } else if (option === 'f' || option === 'd') {
          const read = isLittle
            ? (['readFloatLE', 'readDoubleLE'] as const)
            : (['readFloatBE', 'readDoubleBE'] as const);
          api.lua_pushnumber(state, data[read[option === 'f' ? 0 : 1]](at));
          count++;
        } else if (option !== 'x') {
          api.lua_pushnumber(state, readInteger(data, at, element));
          count++;
        }
        at += size;
      }
      api.lua_pushnumber(state, at + 1);
      return count + 1;
    },
    size: (state) => {
      const next = reader(state, format(state));
      let total = 0;
      for (let element = next(0); element !== undefined; element = next(total)) {
        if (element.option === 's') lua.failArgument(state, 1, "option 's' has no fixed size");
        if (element.option === 'c' && element.size === 0) lua.failArgument(state, 1, "option 'c0' has no fixed size");
        total += element.padding + element.size;
      }
      api.lua_pushnumber(state, total);
      return 1;
    },
  };
}
