import type { Lua } from './lua.js';
import { FUNCTION, NIL, STRING, type State, TABLE } from './lua-exports.js';
import { type Library, refuseChange } from './sandbox.js';
import type { Steps } from './steps.js';

/** What comparing or moving an item counts for. */
const COST = 10;

/**
 * `table.insert` and `table.sort`. Lua's own cannot be stopped, although they may take years: to insert far in front of
 * the first item, or to sort long texts. And `insert` would put items into the tables that scripts must not change.
 * @param isProtected Returns whether the table at an address is one of them.
 */
export function tableFunctions(lua: Lua, steps: Steps, isProtected: (address: number) => boolean): Library {
  const { api } = lua;

  /** Returns whether the value at one place of the stack comes before that at another. */
  const isLess = (state: State, one: number, other: number): boolean => {
    steps.count(COST);
    if (api.lua_type(state, 2) === NIL) {
      steps.count(commonLength(state, one, other));
      return api.lua_lessthan(state, one, other) !== 0;
    }
    const top = api.lua_gettop(state);
    api.lua_pushvalue(state, 2);
    api.lua_pushvalue(state, one);
    api.lua_pushvalue(state, other);
    api.lua_call(state, 2, 1);
    const isFirst = api.lua_toboolean(state, -1) !== 0;
    api.lua_settop(state, top);
    return isFirst;
  };

  /** How many bytes it may take to compare two values, in units of what a step takes. */
  const commonLength = (state: State, one: number, other: number) =>
    api.lua_type(state, one) === STRING && api.lua_type(state, other) === STRING
      ? Math.min(api.lua_objlen(state, one), api.lua_objlen(state, other)) / 4
      : 0;

  /** Swaps the items `i` and `j` if `j` comes before `i`. */
  const order = (state: State, i: number, j: number): boolean => {
    api.lua_rawgeti(state, 1, i);
    api.lua_rawgeti(state, 1, j);
    const isWrong = isLess(state, 4, 3);
    if (isWrong) {
      api.lua_rawseti(state, 1, i);
      api.lua_rawseti(state, 1, j);
    }
    api.lua_settop(state, 2);
    return isWrong;
  };

  const swapTop = (state: State, i: number, j: number) => {
    api.lua_rawgeti(state, 1, i);
    api.lua_rawgeti(state, 1, j);
    api.lua_rawseti(state, 1, i);
    api.lua_rawseti(state, 1, j);
  };

  /** Quicksort with the same steps as Lua's, because the order of equal items follows from them. */
  const sort = (state: State, from: number, to: number): void => {
    let [low, high] = [from, to];
    while (low < high) {
      order(state, low, high);
      if (high - low === 1) return;
      const middle = Math.floor((low + high) / 2);
      if (!order(state, low, middle)) order(state, middle, high);
      if (high - low === 2) return;
      // The item by which the others are divided stays on the stack, at 3.
      api.lua_rawgeti(state, 1, middle);
      swapTop(state, middle, high - 1);
      let [i, j] = [low, high - 1];
      for (;;) {
        for (api.lua_rawgeti(state, 1, ++i); isLess(state, 4, 3); api.lua_rawgeti(state, 1, ++i)) {
          if (i > high) lua.fail(state, INVALID_ORDER);
          api.lua_settop(state, 3);
        }
        api.lua_settop(state, 3);
        for (api.lua_rawgeti(state, 1, --j); isLess(state, 3, 4); api.lua_rawgeti(state, 1, --j)) {
          if (j < low) lua.fail(state, INVALID_ORDER);
          api.lua_settop(state, 3);
        }
        api.lua_settop(state, 3);
        if (j < i) break;
        swapTop(state, i, j);
      }
      swapTop(state, high - 1, i);
      api.lua_settop(state, 2);
      // The smaller part first, so that this does not nest deeply.
      if (i - low < high - i) {
        sort(state, low, i - 1);
        low = i + 1;
      } else {
        sort(state, i + 1, high);
        high = i - 1;
      }
    }
  };

  return {
    insert: (state) => {
      api.luaL_checktype(state, 1, TABLE);
      if (isProtected(api.lua_topointer(state, 1))) refuseChange(lua, state);
      let end = api.lua_objlen(state, 1) + 1;
      const count = api.lua_gettop(state);
      if (count !== 2 && count !== 3) lua.fail(state, "wrong number of arguments to 'insert'");
      let position = end;
      if (count === 3) {
        position = api.luaL_checkinteger(state, 2);
        end = Math.max(end, position);
        for (let i = end; i > position; i--) {
          steps.count(COST);
          api.lua_rawgeti(state, 1, i - 1);
          api.lua_rawseti(state, 1, i);
        }
      }
      api.lua_rawseti(state, 1, position);
      return 0;
    },
    sort: (state) => {
      api.luaL_checktype(state, 1, TABLE);
      const count = api.lua_objlen(state, 1);
      if (api.lua_type(state, 2) > NIL) api.luaL_checktype(state, 2, FUNCTION);
      api.lua_settop(state, 2);
      sort(state, 1, count);
      return 0;
    },
  };
}

const INVALID_ORDER = 'invalid order function for sorting';
