import type { Lua } from './lua.js';
import type { Library } from './sandbox.js';

const [FACTOR, INCREMENT, MODULUS] = [0x5deece66dn, 0xbn, 2n ** 48n];
const SEED = 0x330en;
const MOST = 2 ** 31 - 1;

/**
 * `math.random` and `math.randomseed`. After a seed, the numbers are those that Redis gives: they come from `lrand48`
 * of POSIX.
 */
export class Random {
  #state: bigint | undefined;

  /** Forgets the seed: the next script gets numbers that nobody can foresee. */
  reset(): void {
    this.#state = undefined;
  }

  /** Returns a number from 0 up to, but not including, 1. */
  next(): number {
    if (this.#state === undefined) return Math.random();
    this.#state = (this.#state * FACTOR + INCREMENT) % MODULUS;
    return (Number(this.#state >> 17n) % MOST) / MOST;
  }

  functions(lua: Lua): Library {
    const { api } = lua;
    return {
      random: (state) => {
        const r = this.next();
        const count = api.lua_gettop(state);
        if (count > 2) lua.fail(state, 'wrong number of arguments');
        if (count === 0) {
          api.lua_pushnumber(state, r);
          return 1;
        }
        const least = count === 1 ? 1 : api.luaL_checkinteger(state, 1);
        const most = api.luaL_checkinteger(state, count);
        if (least > most) lua.failArgument(state, count, 'interval is empty');
        api.lua_pushnumber(state, Math.floor(r * (most - least + 1)) + least);
        return 1;
      },
      randomseed: (state) => {
        const seed = BigInt.asUintN(32, BigInt(api.luaL_checkinteger(state, 1)));
        this.#state = (seed << 16n) + SEED;
        return 0;
      },
    };
  }
}
