import type { Lua } from './lua.js';
import type { State } from './lua-exports.js';
import type { Library } from './sandbox.js';

/** The library `bit`: operations on 32 bits, as in http://bitop.luajit.org/api.html. */
export function bitFunctions(lua: Lua): Library {
  const { api } = lua;
  const argument = (state: State, index: number) => toBits(api.luaL_checknumber(state, index));
  const unary = (operation: (a: number) => number) => (state: State) => {
    api.lua_pushnumber(state, operation(argument(state, 1)));
    return 1;
  };
  const shift = (operation: (a: number, count: number) => number) => (state: State) => {
    api.lua_pushnumber(state, operation(argument(state, 1), argument(state, 2) & 31) | 0);
    return 1;
  };
  const folding = (operation: (a: number, b: number) => number) => (state: State) => {
    let result = argument(state, 1);
    for (let i = api.lua_gettop(state); i > 1; i--) result = operation(result, argument(state, i));
    api.lua_pushnumber(state, result);
    return 1;
  };
  return {
    tobit: unary((a) => a),
    bnot: unary((a) => ~a),
    bswap: unary((a) => (a >>> 24) | ((a >>> 8) & 0xff00) | ((a & 0xff00) << 8) | (a << 24) | 0),
    band: folding((a, b) => a & b),
    bor: folding((a, b) => a | b),
    bxor: folding((a, b) => a ^ b),
    lshift: shift((a, count) => a << count),
    rshift: shift((a, count) => a >>> count),
    arshift: shift((a, count) => a >> count),
    rol: shift((a, count) => (a << count) | (a >>> ((32 - count) & 31))),
    ror: shift((a, count) => (a >>> count) | (a << ((32 - count) & 31))),
    tohex: (state) => {
      const bits = argument(state, 1) >>> 0;
      const given = api.lua_gettop(state) < 2 ? 8 : argument(state, 2);
      const digits = Math.min(Math.abs(given), 8);
      const hex = bits
        .toString(16)
        .padStart(8, '0')
        .slice(8 - digits);
      lua.push(state, given < 0 ? hex.toUpperCase() : hex);
      return 1;
    },
  };
}

/**
 * Returns a number as a signed integer of 32 bits. A fraction is rounded to the nearest integer, a half to the even
 * one.
 */
function toBits(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction < 0.5 || (fraction === 0.5 && floor % 2 === 0)) return floor | 0;
  return (floor + 1) | 0;
}
