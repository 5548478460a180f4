import type { WasmMemory, WasmTable } from './web-assembly.js';

/** A `lua_State`: the address of a thread of Lua in the interpreter's memory. */
export type State = number;

/** The types of values in Lua. */
export const NIL = 0;
export const BOOLEAN = 1;
export const LIGHT_USERDATA = 2;
export const NUMBER = 3;
export const STRING = 4;
export const TABLE = 5;
export const FUNCTION = 6;

/** The names of all types, as errors of Lua show them. */
export const TYPES = ['nil', 'boolean', 'userdata', 'number', 'string', 'table', 'function', 'userdata', 'thread'];

/** Positions that are not on the stack. */
export const REGISTRY = -10_000;
export const GLOBALS = -10_002;
/** The first value that belongs to the function which runs. */
export const UPVALUE = -10_003;

/** What `lua_resume` returns. */
export const FINISHED = 0;
export const YIELDED = 1;
export const OUT_OF_MEMORY = 4;

/** The hook is called after a number of instructions. */
export const COUNT = 8;

/**
 * The functions of Lua 5.1 that are used here, under their own names: https://www.lua.org/manual/5.1/manual.html#3.
 * Texts and structures are addresses in `memory`.
 */
export interface LuaExports {
  readonly memory: WasmMemory;
  readonly __indirect_function_table: WasmTable;
  __wasm_call_ctors(): void;
  stackSave(): number;
  stackRestore(at: number): void;
  setThrew(threw: number, value: number): void;
  malloc(bytes: number): number;
  free(at: number): void;
  luaL_newstate(): State;
  luaL_loadbuffer(state: State, text: number, length: number, name: number): number;
  luaL_ref(state: State, table: number): number;
  luaL_unref(state: State, table: number, ref: number): void;
  luaL_checktype(state: State, argument: number, type: number): void;
  luaL_checkany(state: State, argument: number): void;
  luaL_checkinteger(state: State, argument: number): number;
  luaL_checknumber(state: State, argument: number): number;
  luaL_checklstring(state: State, argument: number, length: number): number;
  luaL_argerror(state: State, argument: number, message: number): number;
  luaL_getmetafield(state: State, index: number, name: number): number;
  luaL_where(state: State, level: number): void;
  luaopen_base(state: State): number;
  luaopen_table(state: State): number;
  luaopen_string(state: State): number;
  luaopen_math(state: State): number;
  lua_call(state: State, args: number, results: number): void;
  lua_checkstack(state: State, count: number): number;
  lua_concat(state: State, count: number): void;
  lua_createtable(state: State, items: number, fields: number): void;
  lua_error(state: State): number;
  lua_gc(state: State, what: number, data: number): number;
  lua_getfield(state: State, index: number, name: number): void;
  lua_getinfo(state: State, what: number, info: number): number;
  lua_getmetatable(state: State, index: number): number;
  lua_getstack(state: State, level: number, info: number): number;
  lua_gettable(state: State, index: number): void;
  lua_gettop(state: State): number;
  lua_insert(state: State, index: number): void;
  lua_iscfunction(state: State, index: number): number;
  lua_isnumber(state: State, index: number): number;
  lua_newthread(state: State): State;
  lua_lessthan(state: State, one: number, other: number): number;
  lua_next(state: State, index: number): number;
  lua_objlen(state: State, index: number): number;
  lua_pushboolean(state: State, value: number): void;
  lua_pushcclosure(state: State, fn: number, upvalues: number): void;
  lua_pushlightuserdata(state: State, address: number): void;
  lua_pushlstring(state: State, text: number, length: number): void;
  lua_pushnil(state: State): void;
  lua_pushnumber(state: State, value: number): void;
  lua_pushvalue(state: State, index: number): void;
  lua_rawget(state: State, index: number): void;
  lua_rawgeti(state: State, index: number, item: number): void;
  lua_rawset(state: State, index: number): void;
  lua_rawseti(state: State, index: number, item: number): void;
  lua_remove(state: State, index: number): void;
  lua_replace(state: State, index: number): void;
  lua_resume(state: State, args: number): number;
  lua_setfenv(state: State, index: number): number;
  lua_setfield(state: State, index: number, name: number): void;
  lua_sethook(state: State, hook: number, mask: number, count: number): void;
  lua_setmetatable(state: State, index: number): number;
  lua_settable(state: State, index: number): void;
  lua_settop(state: State, index: number): void;
  lua_toboolean(state: State, index: number): number;
  lua_tolstring(state: State, index: number, length: number): number;
  lua_tonumber(state: State, index: number): number;
  lua_topointer(state: State, index: number): number;
  lua_type(state: State, index: number): number;
  lua_xmove(from: State, to: State, count: number): void;
  lua_yield(state: State, results: number): number;
}
