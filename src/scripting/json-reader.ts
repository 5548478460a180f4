import type { Lua } from './lua.js';
import type { State } from './lua-exports.js';
import type { Steps } from './steps.js';

/** How deep arrays and objects may be nested. */
const DEEPEST = 1000;
/** What reading a value counts for. */
const COST = 20;

/** JSON is wrong, or has something that it cannot have there. */
class JsonError extends Error {}

/** What single characters are called in errors. */
const TOKENS: Readonly<Record<string, string>> = {
  '{': 'T_OBJ_BEGIN',
  '}': 'T_OBJ_END',
  '[': 'T_ARR_BEGIN',
  ']': 'T_ARR_END',
  ',': 'T_COMMA',
  ':': 'T_COLON',
};

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** As `strtod` of C reads them. */
const NUMBER =
  /[-+]?(?:0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[-+]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|inf(?:inity)?|nan)/iy;

/** Reads JSON as lua-cjson does, and pushes what it says onto a stack. */
export class JsonReader {
  readonly #lua: Lua;
  readonly #steps: Steps;
  /** With one character per byte. */
  #text = '';
  #at = 0;

  constructor(lua: Lua, steps: Steps) {
    this.#lua = lua;
    this.#steps = steps;
  }

  /** Returns what is wrong, if something is. Then it leaves some values on the stack. */
  push(state: State, json: Buffer): string | undefined {
    this.#text = json.toString('latin1');
    this.#at = 0;
    try {
      if (json.length > 1 && (json[0] === 0 || json[1] === 0)) {
        throw new JsonError('JSON parser does not support UTF-16 or UTF-32');
      }
      this.#value(state, 1);
      this.#skipSpace();
      if (this.#at < this.#text.length) throw this.#unexpected('the end');
      return undefined;
    } catch (error) {
      if (error instanceof JsonError) return error.message;
      throw error;
    } finally {
      this.#text = '';
    }
  }

  #value(state: State, depth: number): void {
    const { api } = this.#lua;
    this.#steps.count(COST);
    this.#skipSpace();
    const text = this.#text;
    const c = text[this.#at];
    if (c === '"') this.#lua.push(state, this.#string());
    else if (c === '{') this.#object(state, depth);
    else if (c === '[') this.#array(state, depth);
    else if (this.#takes('true')) api.lua_pushboolean(state, 1);
    else if (this.#takes('false')) api.lua_pushboolean(state, 0);
    else if (this.#takes('null')) api.lua_pushlightuserdata(state, 0);
    else api.lua_pushnumber(state, this.#number());
  }

  #object(state: State, depth: number): void {
    const { api } = this.#lua;
    this.#descend(state, depth);
    this.#at++;
    api.lua_createtable(state, 0, 0);
    this.#skipSpace();
    if (this.#takes('}')) return;
    while (true) {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#unexpected('object key string');
      this.#lua.push(state, this.#string());
      this.#skipSpace();
      if (!this.#takes(':')) throw this.#unexpected('colon');
      this.#value(state, depth + 1);
      api.lua_rawset(state, -3);
      this.#skipSpace();
      if (this.#takes('}')) return;
      if (!this.#takes(',')) throw this.#unexpected('comma or object end');
    }
  }

  #array(state: State, depth: number): void {
    const { api } = this.#lua;
    this.#descend(state, depth);
    this.#at++;
    api.lua_createtable(state, 0, 0);
    this.#skipSpace();
    if (this.#takes(']')) return;
    for (let i = 1; ; i++) {
      this.#value(state, depth + 1);
      api.lua_rawseti(state, -2, i);
      this.#skipSpace();
      if (this.#takes(']')) return;
      if (!this.#takes(',')) throw this.#unexpected('comma or array end');
    }
  }

  #descend(state: State, depth: number): void {
    if (depth <= DEEPEST && this.#lua.api.lua_checkstack(state, 4) !== 0) return;
    throw new JsonError(`Found too many nested data structures (${depth}) at character ${this.#at + 1}`);
  }

  #number(): number {
    NUMBER.lastIndex = this.#at;
    const found = NUMBER.exec(this.#text)?.[0];
    if (found === undefined) {
      const isNumber = /[-+0-9]/.test(this.#text[this.#at] ?? '');
      throw this.#unexpected('value', isNumber ? 'invalid number' : undefined);
    }
    this.#at += found.length;
    return numberOf(found);
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let plain = start;
    let result = '';
    for (let at = start; ; at++) {
      const c = text[at];
      if (c === undefined) throw this.#unexpected('value', 'unexpected end of string', text.length);
      if (c === '"') {
        this.#at = at + 1;
        return result + text.slice(plain, at);
      }
      if (c !== '\\') continue;
      result += text.slice(plain, at);
      const escaped = text[at + 1];
      if (escaped === 'u') {
        const [bytes, length] = this.#unicode(at);
        result += bytes;
        at += length - 1;
      } else {
        const character = ESCAPES[escaped];
        if (character === undefined) throw this.#unexpected('value', 'invalid escape code', at);
        result += character;
        at++;
      }
      plain = at + 1;
    }
  }

  /** Returns the bytes of an escaped character in UTF-8, and how long the escape is. */
  #unicode(at: number): [bytes: string, length: number] {
    const invalid = () => this.#unexpected('value', 'invalid unicode escape code', at);
    const first = this.#codeUnit(at);
    if (first === undefined || (first >= 0xdc00 && first <= 0xdfff)) throw invalid();
    if (first < 0xd800 || first > 0xdbff) return [utf8(first), 6];
    const second = this.#codeUnit(at + 6);
    if (second === undefined || second < 0xdc00 || second > 0xdfff) throw invalid();
    return [utf8(0x10000 + ((first - 0xd800) << 10) + second - 0xdc00), 12];
  }

  #codeUnit(at: number): number | undefined {
    const digits = /^\\u([0-9a-f]{4})/i.exec(this.#text.slice(at, at + 6))?.[1];
    return digits === undefined ? undefined : Number.parseInt(digits, 16);
  }

  #takes(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #skipSpace(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }

  #unexpected(expected: string, found = this.#token(), at = this.#at): JsonError {
    return new JsonError(`Expected ${expected} but found ${found} at character ${at + 1}`);
  }

  /** What is there, in the words of lua-cjson. */
  #token(): string {
    const c = this.#text[this.#at];
    if (c === undefined) return 'T_END';
    if (c === '"') return 'T_STRING';
    if (TOKENS[c] !== undefined) return TOKENS[c];
    if (/[-0-9]/.test(c)) return 'T_NUMBER';
    if (/^(?:true|false)/.test(this.#text.slice(this.#at, this.#at + 5))) return 'T_BOOLEAN';
    return this.#text.startsWith('null', this.#at) ? 'T_NULL' : 'invalid token';
  }
}

function numberOf(text: string): number {
  const lower = text.toLowerCase();
  const sign = lower.startsWith('-') ? -1 : 1;
  if (lower.includes('inf')) return sign * Infinity;
  if (lower.includes('nan')) return Number.NaN;
  if (/^-?0x/.test(lower)) return sign * Number.parseInt(lower.replace('-', ''), 16);
  return Number(lower);
}

function utf8(codePoint: number): string {
  return Buffer.from(String.fromCodePoint(codePoint)).toString('latin1');
}
