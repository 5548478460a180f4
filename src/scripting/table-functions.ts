import type { Lua } from './lua.js';
import { TABLE } from './lua-exports.js';
import { type Library, refuseChange } from './sandbox.js';

/**
 * `table.insert`. Lua's own would put items into the tables that scripts must not change.
 * @param isProtected Returns whether the table at an address is one of them.
 */
export function tableFunctions(lua: Lua, isProtected: (address: number) => boolean): Library {
  const { api } = lua;
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
          api.lua_rawgeti(state, 1, i - 1);
          api.lua_rawseti(state, 1, i);
        }
      }
      api.lua_rawseti(state, 1, position);
      return 0;
    },
  };
}
