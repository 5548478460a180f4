import { parseInt64, parseInteger } from '../../engine/fields/int64.js';
import { NO_SESSION, NO_SUCH_SESSION, nameIn, type Session, type SessionEngine } from '../../engine/index.js';
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
    if (this.left === 0) throw this.#inOption ? SYNTAX : wrongNumberOfArguments(this.#command);
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
    if (slice.length > MAX_PATTERN) throw new CodedError('ERR', `a pattern is at most ${MAX_PATTERN} bytes`);
    return slice.latin1();
  }

  text(): string {
    return this.slice().toString();
  }

  /** An integer in a range that a double holds exactly. @throws CodedError not an integer. */
  integer(min: number, max: number): number {
    const value = this.#number();
    if (value < min || value > max) throw NOT_AN_INTEGER;
    return value;
  }

  /** @throws CodedError not an integer. */
  int64(): bigint {
    const value = parseInt64(this.slice());
    if (value === undefined) throw NOT_AN_INTEGER;
    return value;
  }

  /** A length of time from 0 to `max`. @throws CodedError invalid expire time, not an integer. */
  time(max: number): number {
    return this.timeIn(this.slice(), 0, max);
  }

  /** As `time`, in an argument that was taken before: a length of time, or a unix time, from `least` to `max`. */
  timeIn(given: Slice, least: number, max: number): number {
    const value = parseInteger(given);
    if (Number.isNaN(value)) throw NOT_AN_INTEGER;
    if (value < least || value > max) throw new CodedError('ERR', `invalid expire time in '${this.#command}' command`);
    return value;
  }

  /** `1 0 true false yes no`, any case. @throws CodedError syntax error. */
  boolean(): boolean {
    const given = this.slice();
    for (const [word, value] of BOOLEANS) if (spells(given, word)) return value;
    throw SYNTAX;
  }

  /** Takes the word, in capitals, of one of the options given, if one is next. */
  option<Option extends { readonly word: string }>(options: readonly Option[]): Option | undefined {
    for (const option of options) if (this.#takes(option.word)) return option;
    return undefined;
  }

  /** Takes one of the words given, in capitals. @throws CodedError syntax error. */
  choice<Word extends string>(...words: readonly Word[]): Word {
    for (const word of words) if (this.#takes(word)) return word;
    throw SYNTAX;
  }

  /** Whether a token, or `@name`, reaches a live session; which one, or NO_SESSION. */
  findSession(engine: SessionEngine): Session {
    return findSession(engine, this.slice());
  }

  /** The live session of a token or of `@name`. @throws SessionError NOSESSION. */
  session(engine: SessionEngine): Session {
    const session = this.findSession(engine);
    if (session === NO_SESSION) throw NO_SUCH_SESSION;
    return session;
  }

  /** @throws CodedError syntax error, if anything is left. */
  end(): void {
    if (this.left > 0) throw SYNTAX;
  }

  #takes(word: string): boolean {
    if (this.left === 0 || !spells(this.#request.word(this.#next), word)) return false;
    this.#next++;
    this.#inOption = true;
    return true;
  }

  /** An integer of at most 64 bits. @throws CodedError not an integer. */
  #number(): number {
    const value = parseInteger(this.slice());
    if (Number.isNaN(value)) throw NOT_AN_INTEGER;
    return value;
  }
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
