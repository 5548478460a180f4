import { parseInt64, parseInteger } from '../../engine/fields/int64.js';
import {
  NO_SESSION,
  NO_SUCH_SESSION,
  type Session,
  type SessionEngine,
  SessionError,
  TOKEN_LENGTH,
} from '../../engine/index.js';
import { nameIn } from '../../engine/names/address.js';
import { CodedError, NOT_AN_INTEGER, SYNTAX, wrongNumberOfArguments } from '../../errors.js';
import { Request } from '../../resp/request.js';
import type { Slice } from '../../slice.js';

const NOTHING = Request.of([]);
/** Nobody needs a longer one, and each of its stars makes matching go through a part of the text. */
const MAX_PATTERN = 1024;
const BOOLEANS = [
  ['1', true],
  ['0', false],
  ['TRUE', true],
  ['FALSE', false],
  ['YES', true],
  ['NO', false],
] as const;

/** What an error of a SESSION command says of the argument that is wrong. Errors of Redis' commands are worded as Redis does. */
export interface Expected {
  /** How the command's usage calls it, or the word in front of it: `ttl`, `LIMIT`. */
  readonly name: string;
  /** In the plural: `seconds`. */
  readonly unit?: string;
  /** What else could be here. */
  readonly orElse?: string;
}

/**
 * A cursor over a request: commands take their arguments one after the other, each in the type they
 * expect, and never count indexes; what is wrong is worded here, alike for all.
 */
export class Arguments {
  #request = NOTHING;
  #next = 0;
  #command = '';
  /** An option's word was taken: what it wants may be missing. */
  #inOption = false;

  /** Points at the argument that follows the `skip` words of the command's name. */
  reset(request: Request, command: string, skip: number): void {
    this.#request = request;
    this.#command = command;
    this.#next = skip;
    this.#inOption = false;
  }

  /** Lets go of the request, whose bytes would otherwise live until the client's next one. */
  release(): void {
    this.#request = NOTHING;
  }

  get left(): number {
    return this.#request.length - this.#next;
  }

  /** @throws CodedError if there is none: wrong number of arguments or, behind an option's word, syntax error. */
  slice(): Slice {
    if (this.left === 0) throw this.#missing();
    return this.#request.word(this.#next++);
  }

  /** As `slice`, for who needs a Buffer. */
  bytes(): Buffer {
    return this.slice().toBuffer();
  }

  /** Everything that is left. */
  rest(): Slice[] {
    const rest: Slice[] = [];
    while (this.#next < this.#request.length) rest.push(this.#request.word(this.#next++));
    return rest;
  }

  /** Everything that is left, in pairs: at least one. @throws CodedError wrong number of arguments. */
  pairs(): Slice[] {
    if (this.left === 0 || this.left % 2 !== 0) throw wrongNumberOfArguments(this.#command);
    return this.rest();
  }

  /** A word in lower case. */
  word(): string {
    return this.slice().latin1().toLowerCase();
  }

  /** A glob pattern, one character per byte. @throws CodedError if it is longer than anybody needs. */
  pattern(): string {
    const slice = this.slice();
    if (slice.length > MAX_PATTERN)
      throw new CodedError('ERR', `a pattern must not be longer than ${MAX_PATTERN} bytes`);
    return slice.latin1();
  }

  text(): string {
    return this.slice().toString();
  }

  /** An integer in a range that a double holds exactly. @throws CodedError not an integer. */
  integer(min: number, max: number, expected?: Expected): number {
    const value = parseInteger(this.slice());
    // Of NaN neither is true.
    if (!(value >= min && value <= max)) throw withDetail(NOT_AN_INTEGER, numberFrom(min, max, expected));
    return value;
  }

  /** @throws CodedError not an integer. */
  int64(expected?: Expected): bigint {
    const value = parseInt64(this.slice());
    if (value === undefined) throw withDetail(NOT_AN_INTEGER, numberFrom('-2^63', '2^63 - 1', expected));
    return value;
  }

  /** A length of time from 0 to `max`. @throws CodedError invalid expire time, not an integer. */
  time(max: number, expected?: Expected): number {
    return this.timeIn(this.slice(), 0, max, expected);
  }

  /** As `time`, in an argument that was taken before: a length of time, or a unix time, from `least` to `max`. */
  timeIn(given: Slice, least: number, max: number, expected?: Expected): number {
    const value = parseInteger(given);
    if (value >= least && value <= max) return value;
    const error = Number.isNaN(value)
      ? NOT_AN_INTEGER
      : new CodedError('ERR', `invalid expire time in '${this.#command}' command`);
    throw withDetail(error, numberFrom(least, max, expected));
  }

  /** `1 0 true false yes no`, any case. @throws CodedError syntax error. */
  boolean({ name, orElse = '' }: Expected): boolean {
    const given = this.slice();
    for (const [word, value] of BOOLEANS) if (spells(given, word)) return value;
    throw withDetail(SYNTAX, `${name} must be yes, no, true, false, 1 or 0${orElse}`);
  }

  /** Takes the word, in capitals, of one of the options given, if one is next. */
  option<Option extends { readonly word: string }>(options: readonly Option[]): Option | undefined {
    for (const option of options) if (this.#takes(option.word)) return option;
    return undefined;
  }

  /** Takes one of the words given, in capitals. @throws CodedError syntax error. */
  choice<Word extends string>(...words: readonly Word[]): Word {
    for (const word of words) if (this.#takes(word)) return word;
    throw this.left === 0 ? this.#missing() : this.#syntax(`argument ${this.#next} must be ${listed(words)}`);
  }

  /** Whether a token, or `@name`, reaches a live session; which one, or NO_SESSION. */
  findSession(engine: SessionEngine): Session {
    return findSession(engine, this.slice());
  }

  /** The live session of a token or of `@name`. @throws SessionError NOSESSION. */
  session(engine: SessionEngine): Session {
    const given = this.slice();
    const session = findSession(engine, given);
    if (session === NO_SESSION) throw noSuchSession(given);
    return session;
  }

  /** @throws CodedError syntax error, if anything is left. @param orElse What could be here. */
  end(orElse = ''): void {
    if (this.left > 0) throw this.#syntax(`argument ${this.#next} is not expected here${orElse}`);
  }

  /** A syntax error, which a SESSION command explains. */
  #syntax(detail: string): CodedError {
    return this.#command.startsWith('session.') ? withDetail(SYNTAX, detail) : SYNTAX;
  }

  #missing(): CodedError {
    return this.#inOption ? this.#syntax('a value is missing at the end') : wrongNumberOfArguments(this.#command);
  }

  #takes(word: string): boolean {
    if (this.left === 0 || !spells(this.#request.word(this.#next), word)) return false;
    this.#next++;
    this.#inOption = true;
    return true;
  }
}

/** The same error, with more to say: clients that match on how its message starts still do. */
function withDetail(error: CodedError, detail: string | undefined): CodedError {
  return detail === undefined ? error : new CodedError(error.code, `${error.message}: ${detail}`);
}

function numberFrom(min: number | string, max: number | string, expected: Expected | undefined): string | undefined {
  if (expected === undefined) return undefined;
  const { name, unit, orElse = '' } = expected;
  return `${name} must be a whole number ${unit === undefined ? '' : `of ${unit} `}from ${min} to ${max}${orElse}`;
}

/** `GET, SET or BOTH` */
function listed(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

const NO_SHARED_SESSION = new SessionError('NOSESSION', `${NO_SUCH_SESSION.message}: no shared session has this name`);
const NOT_A_TOKEN = new SessionError(
  'NOSESSION',
  `${NO_SUCH_SESSION.message}: expected a token, which has ${TOKEN_LENGTH} characters, or the name of a shared session after "@", such as @user:42`,
);

/** @param given What no session has. It is not repeated: it may be a token that was mistyped. */
function noSuchSession(given: Slice): SessionError {
  if (nameIn(given) !== undefined) return NO_SHARED_SESSION;
  return given.length === TOKEN_LENGTH ? NO_SUCH_SESSION : NOT_A_TOKEN;
}

/** Whether a slice is the word, which is in capitals, in any case. */
function spells(slice: Slice, word: string): boolean {
  if (slice.length !== word.length) return false;
  const { bytes, start } = slice;
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[start + i];
    const capital = byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
    if (capital !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** The live session of a token or of `@name`, or NO_SESSION. */
export function findSession(engine: SessionEngine, token: Slice): Session {
  const name = nameIn(token);
  return name === undefined ? engine.find(token) : engine.findShared(name);
}
