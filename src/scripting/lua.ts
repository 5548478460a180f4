import { FunctionError } from './function-error.js';
import { luaBinary } from './lua-binary.js';
import { COUNT, type LuaExports, type State, TYPES, UPVALUE } from './lua-exports.js';
import { type WasmImports, type WasmModule, wasm } from './web-assembly.js';

/**
 * A function for Lua. Takes its arguments from the stack, pushes its results and returns how many there are. A
 * FunctionError becomes an error of Lua.
 */
export type LuaFunction = (state: State) => number;

/**
 * Thrown to unwind JavaScript's frames when Lua raises an error, as `longjmp` does those of C. Only `#invoke` catches
 * it, where Lua calls a function in protected mode.
 */
const RAISED = { toString: () => 'an error of Lua outside of protected mode' };

/** The interpreter cannot go on. It must not be used again. */
export class LuaPanic extends Error {}

/** What `lua_gc` can count: the KB in use, and the bytes beyond these. */
const [COUNT_KB, COUNT_REST] = [3, 4];
/** A page of WebAssembly memory, in bytes. */
const PAGE = 65_536;
/** Bytes of the memory through which texts are passed. Longer texts get a temporary block. */
const PASSAGE = 65_536;
/** Texts up to this many bytes are copied in a loop, which is faster than a call. */
const SHORT = 48;
// Where fields are in the structures of Lua 5.1 (lua.h, lstate.h), as wasmoon-lua5.1 1.18.10 is compiled. package.json
// pins that version: check these before you raise it.

/** The size of the structure `lua_Debug`, in bytes. */
const DEBUG_BYTES = 100;
/** Where the fields of `lua_Debug` are. */
const [SOURCE, LINE] = [16, 20];
/** Where `lua_State` counts nested calls of C functions, and how many there were when the coroutine was resumed. */
const [C_CALLS, BASE_C_CALLS] = [52, 54];

/**
 * One interpreter of Lua 5.1: a WebAssembly instance with a memory of its own, and a state of Lua in it. Whatever a
 * script does, it cannot leave that memory, nor make it larger than it may be.
 *
 * Texts are bytes. Where they are JavaScript strings here, they have one character per byte.
 */
export class Lua {
  readonly api: LuaExports;
  /** The thread that has the globals. Scripts run in threads of their own. */
  readonly main: State;
  /** The interpreter's memory. Another object after the memory has grown, so read it each time. */
  heap: Uint8Array;
  #view: DataView;

  readonly #maxBytes: number;
  readonly #functions: LuaFunction[] = [];
  readonly #numbers = new Map<LuaFunction, number>();
  readonly #dispatcher: number;
  readonly #texts = new Map<string, number>();
  /** Where the length of a text is returned. */
  readonly #length: number;
  readonly #passage: number;
  readonly #debug: number;

  /** @param maxBytes What the memory may grow to, in bytes. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.api = new wasm.Instance(luaBinary(), this.#imports()).exports as unknown as LuaExports;
    this.heap = new Uint8Array(this.api.memory.buffer);
    this.#view = new DataView(this.api.memory.buffer);
    this.api.__wasm_call_ctors();
    this.#length = this.api.malloc(4);
    this.#passage = this.api.malloc(PASSAGE);
    this.#debug = this.api.malloc(DEBUG_BYTES);
    // One function that Lua can call is enough: its upvalue says which one is meant.
    this.#dispatcher = this.#addToTable((state: State) => {
      try {
        return this.#functions[this.api.lua_tonumber(state, UPVALUE)](state);
      } catch (error) {
        if (error instanceof FunctionError) return this.fail(state, error.message);
        throw error;
      }
    }, 1);
    this.main = this.api.luaL_newstate();
  }

  /** The size of its memory, in bytes. */
  get bytes(): number {
    return this.heap.length;
  }

  /** What the values in it take, in KB. */
  get kilobytesInUse(): number {
    return this.api.lua_gc(this.main, COUNT_KB, 0) + this.api.lua_gc(this.main, COUNT_REST, 0) / 1024;
  }

  /** Opens the libraries of Lua that scripts may use some of. */
  openLibraries(): void {
    const { api, main } = this;
    for (const open of [api.luaopen_base, api.luaopen_table, api.luaopen_string, api.luaopen_math]) {
      this.pushFunction(main, open);
      api.lua_call(main, 0, 0);
    }
  }

  /** Makes a thread that calls the hook after every `count` instructions, as do the coroutines that it makes. */
  newThread(hook: number, count: number): State {
    const thread = this.api.lua_newthread(this.main);
    this.setHook(thread, hook, count);
    return thread;
  }

  /** Makes a hook for `newThread`. */
  makeHook(hook: (state: State) => void): number {
    return this.#addToTable(hook, 0);
  }

  setHook(state: State, hook: number, count: number): void {
    this.api.lua_sethook(state, hook, COUNT, count);
  }

  /** Returns whether a hook may yield now: no function of C is between it and `lua_resume`. */
  mayYield(state: State): boolean {
    return this.#view.getUint16(state + C_CALLS, true) <= this.#view.getUint16(state + BASE_C_CALLS, true);
  }

  /** Returns the address of a text that ends in a zero byte. It is kept: use it only for a limited number of texts. */
  text(text: string): number {
    let at = this.#texts.get(text);
    if (at === undefined) {
      at = this.api.malloc(text.length + 1);
      if (at === 0) throw new LuaPanic('no memory for a text');
      this.#write(text, at);
      this.heap[at + text.length] = 0;
      this.#texts.set(text, at);
    }
    return at;
  }

  push(state: State, text: string): void {
    const at = this.#lend(text.length);
    this.#write(text, at);
    this.#pushLent(state, at, text.length);
  }

  pushBytes(state: State, bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    const at = this.#lend(length);
    if (length <= SHORT) for (let i = 0; i < length; i++) this.heap[at + i] = bytes[start + i];
    else this.heap.set(bytes.subarray(start, end), at);
    this.#pushLent(state, at, length);
  }

  /** Sets a field of the table at the top of the stack to a text. */
  setTextField(state: State, field: string, value: string): void {
    this.push(state, value);
    this.api.lua_setfield(state, -2, this.text(field));
  }

  /**
   * Pushes a function.
   * @param upvalues How many values at the top of the stack become its upvalues, after the first, which is taken.
   */
  pushFunction(state: State, fn: LuaFunction, upvalues = 0): void {
    let number = this.#numbers.get(fn);
    if (number === undefined) {
      number = this.#functions.push(fn) - 1;
      this.#numbers.set(fn, number);
    }
    this.api.lua_pushnumber(state, number);
    if (upvalues > 0) this.api.lua_insert(state, -1 - upvalues);
    this.api.lua_pushcclosure(state, this.#dispatcher, 1 + upvalues);
  }

  /**
   * Returns a text or a number on the stack as a view of the memory, valid until Lua runs; undefined if it is neither.
   */
  bytesAt(state: State, index: number): Uint8Array | undefined {
    const at = this.api.lua_tolstring(state, index, this.#length);
    return at === 0 ? undefined : this.heap.subarray(at, at + this.lengthOfLast);
  }

  /** Like `bytesAt`, as a string. */
  textAt(state: State, index: number): string | undefined {
    const at = this.api.lua_tolstring(state, index, this.#length);
    return at === 0 ? undefined : this.textIn(at, at + this.lengthOfLast);
  }

  /** Returns where a text or a number is in the memory; its length is `lengthOfLast`. 0 if it is neither. */
  addressOf(state: State, index: number): number {
    return this.api.lua_tolstring(state, index, this.#length);
  }

  /** Like `addressOf`, for an argument of a function. Raises an error in Lua if it is neither a text nor a number. */
  checkText(state: State, argument: number): number {
    return this.api.luaL_checklstring(state, argument, this.#length);
  }

  /** The length of the text that was looked for last, in bytes. */
  get lengthOfLast(): number {
    return this.#view.getUint32(this.#length, true);
  }

  textIn(start: number, end: number): string {
    return Buffer.from(this.heap.buffer, start, end - start).toString('latin1');
  }

  /** Raises an error with a message that says where it happened. */
  fail(state: State, message: string): never {
    this.api.luaL_where(state, 1);
    this.push(state, message);
    this.api.lua_concat(state, 2);
    return this.raise(state);
  }

  /** Raises an error about an argument. */
  failArgument(state: State, argument: number, message: string): never {
    this.api.luaL_argerror(state, argument, this.text(message));
    throw RAISED;
  }

  /** Raises the value at the top of the stack as an error. */
  raise(state: State): never {
    this.api.lua_error(state);
    throw RAISED;
  }

  /** Returns where a thread is in the script of that name: the innermost line. It may have ended with an error. */
  lineIn(state: State, name: string): number | undefined {
    const what = this.text('Sl');
    for (let level = 0; this.api.lua_getstack(state, level, this.#debug) !== 0; level++) {
      this.api.lua_getinfo(state, what, this.#debug);
      const source = this.#view.getUint32(this.#debug + SOURCE, true);
      if (this.textIn(source, source + name.length) !== name) continue;
      return this.#view.getInt32(this.#debug + LINE, true);
    }
    return undefined;
  }

  /** Returns the name of a value's type, as errors of Lua show it. */
  typeAt(state: State, index: number): string {
    return TYPES[this.api.lua_type(state, index)] ?? 'no value';
  }

  #write(text: string, at: number): void {
    const { heap } = this;
    if (text.length > SHORT) Buffer.from(heap.buffer).write(text, at, 'latin1');
    else for (let i = 0; i < text.length; i++) heap[at + i] = text.charCodeAt(i);
  }

  /** Returns memory for a text that is to be pushed. */
  #lend(length: number): number {
    if (length <= PASSAGE) return this.#passage;
    const at = this.api.malloc(length);
    if (at === 0) throw new LuaPanic('not enough memory');
    return at;
  }

  #pushLent(state: State, at: number, length: number): void {
    try {
      this.api.lua_pushlstring(state, at, length);
    } finally {
      if (at !== this.#passage) this.api.free(at);
    }
  }

  /** Puts a function where Lua can call it. Its parameters are one or two integers, as many as it declares. */
  #addToTable(fn: (state: State) => unknown, results: 0 | 1): number {
    const table = this.api.__indirect_function_table;
    const { f } = new wasm.Instance(reexporting(results === 1 ? FUNCTION_TYPE : HOOK_TYPE), { e: { f: fn } }).exports;
    const index = table.grow(1);
    table.set(index, f);
    return index;
  }

  /**
   * What the interpreter asks of its surroundings. The rest of it, such as files, is for libraries that are not opened.
   */
  #imports(): WasmImports {
    const env: Record<string, unknown> = {};
    const wasi: Record<string, unknown> = {};
    for (const { module, name } of wasm.Module.imports(luaBinary())) {
      (module === 'env' ? env : wasi)[name] = () => {
        throw new LuaPanic(`the interpreter calls ${name}, which respite does not provide`);
      };
    }
    env.invoke_vii = (fn: number, a: number, b: number) => this.#invoke(fn, a, b);
    env._emscripten_throw_longjmp = () => {
      throw RAISED;
    };
    env.emscripten_resize_heap = (bytes: number) => this.#grow(bytes >>> 0);
    env.emscripten_memcpy_js = (to: number, from: number, length: number) => {
      this.heap.copyWithin(to >>> 0, from >>> 0, (from >>> 0) + (length >>> 0));
    };
    env.exit = () => {
      throw new LuaPanic('not enough memory');
    };
    wasi.environ_sizes_get = (count: number, size: number) => {
      const view = new DataView(this.api.memory.buffer);
      view.setUint32(count, 0, true);
      view.setUint32(size, 0, true);
      return 0;
    };
    wasi.environ_get = () => 0;
    return { env, wasi_snapshot_preview1: wasi };
  }

  /** Calls a function in protected mode. */
  #invoke(fn: number, a: number, b: number): void {
    const stack = this.api.stackSave();
    try {
      (this.api.__indirect_function_table.get(fn) as (a: number, b: number) => void)(a, b);
    } catch (error) {
      // Anything else is not an error of Lua: the interpreter ends.
      if (error !== RAISED) throw error;
      this.api.stackRestore(stack);
      this.api.setThrew(1, 0);
    }
  }

  /** Makes the memory larger. Returns 0 if it may not become so large; Lua then has too little memory. */
  #grow(bytes: number): number {
    const { memory } = this.api;
    const now = memory.buffer.byteLength;
    if (bytes > this.#maxBytes) return 0;
    // In larger steps, because each one makes new views of the memory.
    const wanted = Math.min(this.#maxBytes, Math.max(bytes, now * 1.25));
    try {
      memory.grow(Math.ceil((wanted - now) / PAGE));
    } catch {
      return 0;
    }
    this.heap = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    return 1;
  }
}

/** Types in WebAssembly: of functions for Lua, and of hooks. */
const FUNCTION_TYPE = [0x60, 1, 0x7f, 1, 0x7f];
const HOOK_TYPE = [0x60, 2, 0x7f, 0x7f, 0];

/** Returns a module that exports the function that it imports. Only so can a table have a function of JavaScript. */
function reexporting(type: readonly number[]): WasmModule {
  const types = [1, 1 + type.length, 1, ...type];
  const imported = [2, 7, 1, 1, 0x65, 1, 0x66, 0, 0];
  const exported = [7, 5, 1, 1, 0x66, 0, 0];
  return new wasm.Module(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...types, ...imported, ...exported]));
}
