import type { Lua } from './lua.js';
import { FUNCTION, GLOBALS, REGISTRY, type State } from './lua-exports.js';
import type { Library } from './sandbox.js';
import type { Steps } from './steps.js';

/** What making a coroutine counts for. Then the time is checked after a few hundred of them. */
const COST = 250;

/**
 * `coroutine.create` and `wrap`. They check the time, because each coroutine counts its instructions anew: coroutines
 * that make coroutines could run for years before one of them has executed enough for the hook to be called.
 */
export function coroutineFunctions(lua: Lua, steps: Steps): Library {
  const { api, main } = lua;
  const checked = (name: string) => {
    api.lua_getfield(main, GLOBALS, lua.text('coroutine'));
    api.lua_getfield(main, -1, lua.text(name));
    const original = api.luaL_ref(main, REGISTRY);
    api.lua_settop(main, -2);
    return (state: State) => {
      steps.count(COST);
      if (api.lua_type(state, 1) !== FUNCTION || api.lua_iscfunction(state, 1) !== 0) {
        lua.failArgument(state, 1, 'Lua function expected');
      }
      api.lua_settop(state, 1);
      api.lua_rawgeti(state, REGISTRY, original);
      api.lua_insert(state, 1);
      api.lua_call(state, 1, 1);
      return 1;
    };
  };
  return { create: checked('create'), wrap: checked('wrap') };
}
