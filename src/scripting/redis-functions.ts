import { hash } from 'node:crypto';
import { Request } from '../resp/request.js';
import { errorText } from './error-text.js';
import { GrowingBytes } from './growing-bytes.js';
import type { Lua, LuaFunction } from './lua.js';
import { BOOLEAN, NUMBER, STRING, type State } from './lua-exports.js';
import { generalNumber } from './number-text.js';
import type { Library } from './sandbox.js';
import { LOG_LEVELS, type ScriptHost } from './script-host.js';
import { ReplyReader } from './values.js';

/** The digits with which numbers become arguments of commands: enough for every double. */
const ARGUMENT_DIGITS = 17;
/** The kinds of replication that `redis.set_repl` takes, as bits. There is none, so they have no effect. */
const [REPL_NONE, REPL_AOF, REPL_REPLICA] = [0, 1, 2];
const REPL_ALL = REPL_AOF | REPL_REPLICA;
/** About how many bytes of what a script logs are kept. */
const LONGEST_LINE = 65_536;

/** The library `redis`: what scripts can do with the server. */
export class RedisFunctions {
  readonly #lua: Lua;
  readonly #host: () => ScriptHost;
  readonly #check: () => void;
  readonly #reader: ReplyReader;
  /** The words of the command that is called, and where each begins and ends. */
  readonly #words: GrowingBytes;
  readonly #request = Request.of([]);
  #protocol: 2 | 3 = 2;

  /**
   * @param host Returns that of the script which runs.
   * @param check Checks whether the script may go on.
   * @param maxBytes The most bytes that the words of a command may have.
   */
  constructor(lua: Lua, host: () => ScriptHost, check: () => void, maxBytes: number) {
    this.#check = check;
    this.#words = new GrowingBytes(maxBytes);
    this.#lua = lua;
    this.#host = host;
    this.#reader = new ReplyReader(lua);
  }

  /** What `redis.setresp` has set. */
  get protocol(): 2 | 3 {
    return this.#protocol;
  }

  /** Call this before each script. */
  reset(): void {
    this.#protocol = 2;
  }

  /** Pushes an error as scripts see it: a table with the field `err`. */
  pushError(state: State, text: string): void {
    this.#lua.api.lua_createtable(state, 0, 1);
    this.#lua.setTextField(state, 'err', errorText(text));
  }

  /** Raises an error of that kind. */
  raise(state: State, text: string): never {
    this.pushError(state, text);
    return this.#lua.raise(state);
  }

  /** @param version The version of Redis that replies follow: `7.2.0`. */
  library(version: string): Library {
    const { api } = this.#lua;
    const [major, minor, patch] = version.split('.').map(Number);
    return {
      call: (state) => this.#call(state, true),
      pcall: (state) => this.#call(state, false),
      error_reply: (state) => {
        const text = this.#onlyText(state);
        if (text === undefined) this.pushError(state, 'wrong number or type of arguments');
        else this.pushError(state, text.startsWith('-') ? text : `-${text}`);
        return 1;
      },
      status_reply: (state) => {
        const text = this.#onlyText(state);
        if (text === undefined) {
          this.pushError(state, 'wrong number or type of arguments');
        } else {
          api.lua_createtable(state, 0, 1);
          this.#lua.setTextField(state, 'ok', text);
        }
        return 1;
      },
      sha1hex: (state) => {
        if (api.lua_gettop(state) !== 1) this.raise(state, 'wrong number of arguments');
        this.#lua.push(state, hash('sha1', Buffer.from(this.#lua.bytesAt(state, 1) ?? [])));
        return 1;
      },
      log: this.#log,
      setresp: (state) => {
        if (api.lua_gettop(state) !== 1) this.raise(state, 'redis.setresp() requires one argument.');
        const protocol = Math.trunc(api.lua_tonumber(state, 1));
        if (protocol !== 2 && protocol !== 3) this.raise(state, 'RESP version must be 2 or 3.');
        this.#protocol = protocol;
        return 0;
      },
      set_repl: (state) => {
        if (api.lua_gettop(state) !== 1) this.raise(state, 'redis.set_repl() requires two arguments.');
        if ((api.lua_tonumber(state, 1) & ~REPL_ALL) !== 0) {
          this.raise(state, 'Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.');
        }
        return 0;
      },
      acl_check_cmd: (state) => {
        const may = this.#host().mayRun(this.#takeRequest(state) ?? this.#lua.raise(state));
        if (may === undefined) this.raise(state, 'Invalid command passed to redis.acl_check_cmd()');
        api.lua_pushboolean(state, may ? 1 : 0);
        return 1;
      },
      breakpoint: (state) => {
        api.lua_pushboolean(state, 0);
        return 1;
      },
      debug: () => 0,
      replicate_commands: (state) => {
        api.lua_pushboolean(state, 1);
        return 1;
      },
      LOG_DEBUG: 0,
      LOG_VERBOSE: 1,
      LOG_NOTICE: 2,
      LOG_WARNING: 3,
      REPL_NONE,
      REPL_AOF,
      REPL_SLAVE: REPL_REPLICA,
      REPL_REPLICA,
      REPL_ALL,
      REDIS_VERSION: version,
      REDIS_VERSION_NUM: (major << 16) | (minor << 8) | patch,
    };
  }

  /** `redis.call` and `redis.pcall`. @param raises Whether an error ends the script. */
  #call(state: State, raises: boolean): number {
    const { api } = this.#lua;
    const request = this.#takeRequest(state);
    if (request === undefined) return raises ? this.#lua.raise(state) : 1;
    const host = this.#host();
    const { reply } = host;
    reply.protocol = this.#protocol;
    reply.begin();
    const refusal = host.call(request);
    if (host.isOverdue) this.#check();
    api.lua_settop(state, 0);
    if (refusal !== undefined) {
      this.pushError(state, `-${refusal}`);
      return raises ? this.#lua.raise(state) : 1;
    }
    const bytes = reply.current;
    const isError = bytes[0] === HYPHEN;
    try {
      this.#reader.push(state, bytes);
    } finally {
      reply.rewind();
    }
    return isError && raises ? this.#lua.raise(state) : 1;
  }

  /** Returns the arguments of a function as a request. If they are not one, pushes an error and returns undefined. */
  #takeRequest(state: State): Request | undefined {
    const lua = this.#lua;
    const { api } = lua;
    const count = api.lua_gettop(state);
    if (count === 0) {
      this.pushError(state, 'Please specify at least one argument for this redis lib call');
      return undefined;
    }
    const words = this.#words;
    words.length = 0;
    const bounds = new Array<number>(2 * count);
    for (let i = 0; i < count; i++) {
      bounds[2 * i] = words.length;
      const type = api.lua_type(state, i + 1);
      if (type === NUMBER) {
        words.latin1(generalNumber(api.lua_tonumber(state, i + 1), ARGUMENT_DIGITS));
      } else if (type === STRING) {
        const at = lua.addressOf(state, i + 1);
        words.add(lua.heap, at, at + lua.lengthOfLast);
      } else {
        api.lua_settop(state, 0);
        this.pushError(state, 'Lua redis lib command arguments must be strings or integers');
        return undefined;
      }
      bounds[2 * i + 1] = words.length;
    }
    return this.#request.point(words.view, 0, bounds, count);
  }

  readonly #log: LuaFunction = (state) => {
    const lua = this.#lua;
    const { api } = lua;
    const count = api.lua_gettop(state);
    if (count < 2) this.raise(state, 'redis.log() requires two arguments or more.');
    if (api.lua_isnumber(state, 1) === 0) this.raise(state, 'First argument must be a number (log level).');
    const level = LOG_LEVELS[Math.trunc(api.lua_tonumber(state, 1))];
    if (level === undefined) this.raise(state, 'Invalid debug level.');
    const texts: string[] = [];
    let length = 0;
    for (let i = 2; i <= count && length < LONGEST_LINE; i++) {
      if (api.lua_type(state, i) === BOOLEAN) continue;
      const text = (lua.textAt(state, i) ?? '').slice(0, LONGEST_LINE);
      length += text.length;
      texts.push(text);
    }
    this.#host().log(level, texts.join(' '));
    return 0;
  };

  /** Returns the only argument of a function if it is a text. */
  #onlyText(state: State): string | undefined {
    const { api } = this.#lua;
    const isText = api.lua_gettop(state) === 1 && api.lua_type(state, 1) === STRING;
    return isText ? this.#lua.textAt(state, 1) : undefined;
  }
}

const HYPHEN = 0x2d;
