import { CodedError, ForeignError } from '../errors.js';
import { OutputLimitError, type ReplyEncoder } from '../resp/reply-encoder.js';
import type { Slice } from '../slice.js';
import { bitFunctions } from './bit.js';
import { cjsonFunctions } from './cjson.js';
import { cmsgpackFunctions } from './cmsgpack.js';
import { coroutineFunctions } from './coroutine-functions.js';
import { Lua, LuaPanic } from './lua.js';
import { FINISHED, REGISTRY, STRING, type State, TABLE, YIELDED } from './lua-exports.js';
import { Random } from './random.js';
import { RedisFunctions } from './redis-functions.js';
import { Sandbox } from './sandbox.js';
import type { ScriptHost } from './script-host.js';
import { Steps } from './steps.js';
import { stringFunctions } from './string-functions.js';
import { structFunctions } from './struct.js';
import { tableFunctions } from './table-functions.js';
import { pushField, writeValue } from './values.js';

/** The name of every script, in errors. */
const CHUNK = '@user_script';
/** After this many instructions it is checked whether a script may go on. */
const INSTRUCTIONS = 200;
/** Lua takes code that begins with this byte for compiled code, which it does not check. */
const COMPILED = 0x1b;

/**
 * A script was stopped. This passes through the interpreter, so that the script cannot go on by catching an error of
 * Lua. The interpreter cannot be used after that.
 */
class Stopped extends Error {}

/** Lua with everything that scripts of Redis have. It runs one script at a time. */
export class Machine {
  readonly #lua: Lua;
  readonly #sandbox: Sandbox;
  readonly #redis: RedisFunctions;
  readonly #random = new Random();
  readonly #steps: Steps;
  readonly #hook: number;
  #thread: State;
  #host: ScriptHost | undefined;
  /** Names the script that runs. */
  #sha = '';
  #isPaused = false;
  #isBroken = false;

  /**
   * @param maxBytes The most memory that it may take, in bytes.
   * @param redisVersion The value of `redis.REDIS_VERSION`.
   */
  constructor(maxBytes: number, redisVersion: string) {
    const lua = new Lua(maxBytes);
    lua.openLibraries();
    this.#lua = lua;
    const check = () => this.#check();
    const steps = new Steps(check);
    this.#steps = steps;
    const host = () => {
      if (this.#host === undefined) throw new LuaPanic('no script is running');
      return this.#host;
    };
    this.#redis = new RedisFunctions(lua, host, check, maxBytes);
    this.#sandbox = new Sandbox(lua, {
      string: stringFunctions(lua, steps, maxBytes),
      table: tableFunctions(lua, steps, (address) => this.#sandbox.isProtected(address)),
      math: this.#random.functions(lua),
      coroutine: coroutineFunctions(lua, steps),
      bit: bitFunctions(lua),
      cjson: cjsonFunctions(lua, steps, maxBytes),
      cmsgpack: cmsgpackFunctions(lua, steps, maxBytes),
      struct: structFunctions(lua, maxBytes),
      redis: this.#redis.library(redisVersion),
      os: {
        clock: (state) => {
          lua.api.lua_pushnumber(state, process.cpuUsage().user / 1e6);
          return 1;
        },
      },
    });
    this.#hook = lua.makeHook((state) => this.#check(state));
    this.#thread = this.#newThread();
  }

  /** The size of its memory, in bytes. */
  get bytes(): number {
    return this.#lua.bytes;
  }

  /** Whether it must not be used again. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /**
   * Compiles a script. Returns a reference to it.
   * @throws ForeignError if it is no Lua.
   */
  compile(source: Buffer): number {
    return this.#guard(() => {
      const lua = this.#lua;
      const thread = this.#thread;
      lua.pushBytes(thread, source);
      const isText = source[0] !== COMPILED;
      const at = lua.addressOf(thread, 1);
      if (!isText || lua.api.luaL_loadbuffer(thread, at, source.length, lua.text(CHUNK)) !== FINISHED) {
        const reason = isText ? lua.textAt(thread, -1) : 'compiled code is not allowed';
        lua.api.lua_settop(thread, 0);
        throw new ForeignError(`ERR Error compiling script (new function): ${reason}`);
      }
      this.#sandbox.confine(thread);
      const script = lua.api.luaL_ref(thread, REGISTRY);
      lua.api.lua_settop(thread, 0);
      return script;
    });
  }

  /** Forgets a script. */
  forget(script: number): void {
    this.#lua.api.luaL_unref(this.#lua.main, REGISTRY, script);
  }

  /** Prepares a script. `resume` then runs it. */
  start(script: number, keys: readonly Slice[], args: readonly Slice[], host: ScriptHost): void {
    this.#host = host;
    this.#redis.reset();
    this.#random.reset();
    this.#guard(() => {
      this.#setGlobal('KEYS', keys);
      this.#setGlobal('ARGV', args);
      this.#lua.api.lua_rawgeti(this.#thread, REGISTRY, script);
    });
  }

  /**
   * Runs the script until it ends, or until its host wants it to pause.
   * @param sha Names the script in its errors.
   * @returns Whether it has ended. Its result is then there for `write`.
   * @throws ForeignError if it has failed or was stopped.
   */
  resume(sha: string): boolean {
    this.#sha = sha;
    return this.#guard(() => {
      this.#isPaused = false;
      const status = this.#lua.api.lua_resume(this.#thread, 0);
      if (status === YIELDED && this.#isPaused) return false;
      if (status !== FINISHED) throw new ForeignError(this.#failure(status));
      return true;
    });
  }

  /** Writes the result of the script that has ended. */
  write(reply: ReplyEncoder, writeError: (text: string) => void): void {
    this.#guard(() => {
      this.#lua.api.lua_settop(this.#thread, 1);
      writeValue(this.#lua, this.#thread, {
        reply,
        protocol: this.#redis.protocol,
        writeError,
        steps: this.#steps,
      });
    });
  }

  /** Call this when a script has ended or is abandoned. */
  end(): void {
    this.#host = undefined;
    if (!this.#isBroken) this.#lua.api.lua_settop(this.#thread, 0);
  }

  #setGlobal(name: string, values: readonly Slice[]): void {
    const lua = this.#lua;
    lua.api.lua_createtable(this.#thread, values.length, 0);
    for (let i = 0; i < values.length; i++) {
      const { bytes, start, end } = values[i];
      lua.pushBytes(this.#thread, bytes, start, end);
      lua.api.lua_rawseti(this.#thread, -2, i + 1);
    }
    this.#sandbox.setGlobal(this.#thread, name);
  }

  /**
   * Called at intervals while a script runs.
   * @param state The thread whose hook calls this; undefined if a function does.
   */
  #check(state?: State): void {
    const host = this.#host;
    if (host === undefined) return;
    const mayPause = state === this.#thread && this.#lua.mayYield(state);
    const next = host.nextStep(mayPause);
    if (next === 'pause' && mayPause) {
      this.#isPaused = true;
      this.#lua.api.lua_yield(state, 0);
    } else if (next === 'stop') {
      throw new Stopped(this.#placed(`ERR ${host.stopReason}`));
    }
  }

  /** Returns why the script has failed, and where. The thread cannot be used again. */
  #failure(status: number): string {
    const lua = this.#lua;
    const { api } = lua;
    const thread = this.#thread;
    let message = status === YIELDED ? 'ERR attempt to yield across metamethod/C-call boundary' : undefined;
    if (message === undefined && api.lua_type(thread, -1) === TABLE) {
      message = pushField(lua, thread, 'err') === STRING ? lua.textAt(thread, -1) : 'ERR unknown error';
    }
    const failure = this.#placed(message ?? `ERR ${lua.textAt(thread, -1) ?? lua.typeAt(thread, -1)}`);
    api.lua_settop(lua.main, 0);
    this.#thread = this.#newThread();
    return failure;
  }

  /** Returns an error of the script with the place where it is. */
  #placed(message: string): string {
    const line = this.#lua.lineIn(this.#thread, CHUNK);
    return `${message} script: ${this.#sha}${line === undefined ? '' : `, on ${CHUNK}:${line}.`}`;
  }

  /** Makes a thread, and keeps it on the stack of the main one, or it would be collected. */
  #newThread(): State {
    return this.#lua.newThread(this.#hook, INSTRUCTIONS);
  }

  /** Notes if something other than a script's error happens: the interpreter cannot be used after that. */
  #guard<Result>(run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      if (error instanceof CodedError || error instanceof OutputLimitError) throw error;
      // The stack of the process may be at its end, in patterns or in the interpreter itself.
      this.#isBroken = true;
      if (error instanceof Stopped) throw new ForeignError(error.message);
      if (error instanceof LuaPanic) throw new ForeignError(`ERR ${error.message}`);
      if (error instanceof RangeError) throw new ForeignError('ERR stack overflow');
      throw error;
    }
  }
}
