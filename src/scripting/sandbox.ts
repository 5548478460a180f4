import type { Lua, LuaFunction } from './lua.js';
import { GLOBALS, NIL, REGISTRY, type State, TABLE } from './lua-exports.js';

/** What scripts may use of Lua's basic functions, besides those that are made here. */
const BASIC = [
  ...['assert', 'coroutine', 'error', 'ipairs', 'next', 'rawequal', 'select', 'tonumber', 'tostring', 'type', 'unpack'],
  ...['xpcall', '_VERSION', 'math', 'string', 'table'],
];

const READONLY = 'Attempt to modify a readonly table';

/** A library: its functions, numbers, texts and light userdata by name. */
export type Library = Readonly<Record<string, LuaFunction | number | string | { readonly address: number }>>;

/**
 * The global variables that scripts see. All scripts share them, and none can change them, so a script can leave
 * nothing to the next: each table that scripts see is empty and looks its fields up in a hidden one.
 */
export class Sandbox {
  readonly #lua: Lua;
  /** References to the hidden table of the globals, and to the one that scripts see. */
  readonly #hidden: number;
  readonly #visible: number;
  /** The addresses of the tables that scripts see, and the references of the hidden ones. */
  readonly #contents = new Map<number, number>();

  /** @param lua Its own libraries are open. */
  constructor(lua: Lua, libraries: Readonly<Record<string, Library>>) {
    this.#lua = lua;
    const { api, main } = lua;
    api.lua_createtable(main, 0, 0);
    for (const name of BASIC) {
      api.lua_getfield(main, GLOBALS, lua.text(name));
      api.lua_setfield(main, -2, lua.text(name));
    }
    for (const [name, library] of Object.entries(libraries)) {
      api.lua_getfield(main, -1, lua.text(name));
      if (api.lua_type(main, -1) === NIL) {
        api.lua_settop(main, -2);
        api.lua_createtable(main, 0, 0);
      }
      this.#fill(library);
      api.lua_setfield(main, -2, lua.text(name));
    }
    this.#fill(this.#basicFunctions());
    this.#protectLibraries();
    this.#makePcall();
    this.#hidden = this.#refTop();
    api.lua_rawgeti(main, REGISTRY, this.#hidden);
    this.#protectTop();
    api.lua_pushvalue(main, -1);
    this.#visible = this.#refTop();
    api.lua_rawgeti(main, REGISTRY, this.#hidden);
    api.lua_insert(main, -2);
    api.lua_setfield(main, -2, lua.text('_G'));
    this.#refuseUnknownGlobals();
    api.lua_settop(main, 0);
  }

  /** Returns whether the table at an address is one that scripts see and cannot change. */
  isProtected(address: number): boolean {
    return this.#contents.has(address);
  }

  /** Makes the function at the top of a stack use these globals. */
  confine(state: State): void {
    this.#lua.api.lua_rawgeti(state, REGISTRY, this.#visible);
    this.#lua.api.lua_setfenv(state, -2);
  }

  /** Sets a global variable to the value at the top of a stack, and takes the value from it. */
  setGlobal(state: State, name: string): void {
    const { api } = this.#lua;
    api.lua_rawgeti(state, REGISTRY, this.#hidden);
    api.lua_insert(state, -2);
    api.lua_setfield(state, -2, this.#lua.text(name));
    api.lua_settop(state, -2);
  }

  /** Puts the members of a library into the table at the top of the stack. */
  #fill(library: Library): void {
    const lua = this.#lua;
    const { api, main } = lua;
    for (const [name, member] of Object.entries(library)) {
      if (typeof member === 'function') lua.pushFunction(main, member);
      else if (typeof member === 'number') api.lua_pushnumber(main, member);
      else if (typeof member === 'string') lua.push(main, member);
      else api.lua_pushlightuserdata(main, member.address);
      api.lua_setfield(main, -2, lua.text(name));
    }
  }

  /** Replaces each library in the table at the top of the stack by one that cannot be changed. */
  #protectLibraries(): void {
    const { api, main, text } = { api: this.#lua.api, main: this.#lua.main, text: (s: string) => this.#lua.text(s) };
    const names: string[] = [];
    api.lua_pushnil(main);
    while (api.lua_next(main, -2) !== 0) {
      if (api.lua_type(main, -1) === TABLE) names.push(this.#lua.textAt(main, -2) ?? '');
      api.lua_settop(main, -2);
    }
    for (const name of names) {
      api.lua_getfield(main, -1, text(name));
      this.#protectTop();
      api.lua_setfield(main, -2, text(name));
    }
    // Texts find their methods by their metatable, which scripts must not get at.
    this.#lua.push(main, '');
    api.lua_getmetatable(main, -1);
    api.lua_getfield(main, -3, text('string'));
    api.lua_createtable(main, 0, 1);
    api.lua_insert(main, -2);
    api.lua_setfield(main, -2, text('__index'));
    this.#protectTop();
    api.lua_setfield(main, -2, text('__metatable'));
    api.lua_settop(main, -3);
  }

  /** Replaces the table at the top of the stack by an empty one that has its fields and cannot be changed. */
  #protectTop(): void {
    const lua = this.#lua;
    const { api, main } = lua;
    const hidden = this.#refTop();
    api.lua_createtable(main, 0, 0);
    this.#contents.set(api.lua_topointer(main, -1), hidden);
    api.lua_createtable(main, 0, 3);
    api.lua_rawgeti(main, REGISTRY, hidden);
    api.lua_setfield(main, -2, lua.text('__index'));
    lua.pushFunction(main, this.#refuseChange);
    api.lua_setfield(main, -2, lua.text('__newindex'));
    api.lua_pushboolean(main, 0);
    api.lua_setfield(main, -2, lua.text('__metatable'));
    api.lua_setmetatable(main, -2);
  }

  /** Takes the value at the top of the stack and returns a reference to it. */
  #refTop(): number {
    return this.#lua.api.luaL_ref(this.#lua.main, REGISTRY);
  }

  readonly #refuseChange: LuaFunction = (state) => this.#lua.fail(state, READONLY);

  #refuseUnknownGlobals(): void {
    const lua = this.#lua;
    const { api, main } = lua;
    api.lua_createtable(main, 0, 1);
    lua.pushFunction(main, (state) => {
      const name = lua.textAt(state, 2) ?? lua.typeAt(state, 2);
      return lua.fail(state, `Script attempted to access nonexistent global variable '${name}'`);
    });
    api.lua_setfield(main, -2, lua.text('__index'));
    api.lua_setmetatable(main, -2);
  }

  /** As in Redis, `pcall` returns the message of an error that is a table with the field `err`. */
  #makePcall(): void {
    const { api, main } = this.#lua;
    const source = `local pcall, type = ...
      local function result(ok, e, ...)
        if not ok and type(e) == 'table' and (type(e.err) == 'string' or type(e.err) == 'number') then
          return false, e.err
        end
        return ok, e, ...
      end
      return function(...) return result(pcall(...)) end`;
    this.#lua.push(main, source);
    const at = this.#lua.addressOf(main, -1);
    api.luaL_loadbuffer(main, at, source.length, this.#lua.text('=pcall'));
    for (const name of ['pcall', 'type']) api.lua_getfield(main, GLOBALS, this.#lua.text(name));
    api.lua_call(main, 2, 1);
    api.lua_remove(main, -2);
    api.lua_setfield(main, -2, this.#lua.text('pcall'));
  }

  /**
   * The basic functions that must know of the tables which cannot be changed, or that must not do all that Lua's do.
   */
  #basicFunctions(): Library {
    const lua = this.#lua;
    const { api } = lua;
    const refuseProtected = (state: State) => {
      if (this.isProtected(api.lua_topointer(state, 1))) refuseChange(lua, state);
    };
    return {
      setmetatable: (state) => {
        api.luaL_checktype(state, 1, TABLE);
        const type = api.lua_type(state, 2);
        if (type !== NIL && type !== TABLE) lua.failArgument(state, 2, 'nil or table expected');
        refuseProtected(state);
        if (api.luaL_getmetafield(state, 1, lua.text('__metatable')) !== 0) {
          lua.fail(state, 'cannot change a protected metatable');
        }
        api.lua_settop(state, 2);
        api.lua_setmetatable(state, 1);
        return 1;
      },
      getmetatable: (state) => {
        api.luaL_checkany(state, 1);
        if (this.isProtected(api.lua_topointer(state, 1)) || api.lua_getmetatable(state, 1) === 0) {
          api.lua_pushnil(state);
          return 1;
        }
        api.luaL_getmetafield(state, 1, lua.text('__metatable'));
        return 1;
      },
      rawset: (state) => {
        api.luaL_checktype(state, 1, TABLE);
        api.luaL_checkany(state, 2);
        api.luaL_checkany(state, 3);
        refuseProtected(state);
        api.lua_settop(state, 3);
        api.lua_rawset(state, 1);
        return 1;
      },
      rawget: (state) => {
        api.luaL_checktype(state, 1, TABLE);
        api.luaL_checkany(state, 2);
        api.lua_settop(state, 2);
        this.#reveal(state);
        api.lua_rawget(state, 1);
        return 1;
      },
      pairs: (state) => {
        api.luaL_checktype(state, 1, TABLE);
        api.lua_settop(state, 1);
        this.#copyProtected(state);
        api.lua_getfield(state, GLOBALS, lua.text('next'));
        api.lua_insert(state, 1);
        api.lua_pushnil(state);
        return 3;
      },
      // It only returns how much memory is in use. Changing the collector's settings would outlive the script.
      collectgarbage: (state) => {
        const isCount = api.lua_type(state, 1) > NIL && lua.textAt(state, 1) === 'count';
        api.lua_pushnumber(state, isCount ? lua.kilobytesInUse : 0);
        return 1;
      },
      gcinfo: (state) => {
        api.lua_pushnumber(state, Math.floor(lua.kilobytesInUse));
        return 1;
      },
    };
  }

  /** Replaces the first value on a stack, if it is a table that cannot be changed, by the hidden one. */
  #reveal(state: State): boolean {
    const { api } = this.#lua;
    const hidden = this.#contents.get(api.lua_topointer(state, 1));
    if (hidden === undefined) return false;
    api.lua_rawgeti(state, REGISTRY, hidden);
    api.lua_replace(state, 1);
    return true;
  }

  /** Replaces the first value on a stack, if it is a table that cannot be changed, by a copy of the hidden one. */
  #copyProtected(state: State): void {
    const { api } = this.#lua;
    if (!this.#reveal(state)) return;
    api.lua_createtable(state, 0, 0);
    api.lua_pushnil(state);
    while (api.lua_next(state, 1) !== 0) {
      api.lua_pushvalue(state, -2);
      api.lua_insert(state, -2);
      api.lua_rawset(state, 2);
    }
    api.lua_replace(state, 1);
  }
}

/** Raises the error for a change to a table that scripts must not change. */
export function refuseChange(lua: Lua, state: State): never {
  lua.push(state, READONLY);
  return lua.raise(state);
}
