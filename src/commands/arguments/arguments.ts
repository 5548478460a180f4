import { parseInt64, parseInteger } from '../../engine/fields/int64.js';
import { databaseOf, type KeyName, keyNameIn } from '../../engine/index.js';
import { CodedError, NOT_AN_INTEGER, RESERVED_KEY, SYNTAX, wrongNumberOfArguments } from '../../errors.js';
import { Request } from '../../resp/request.js';
import { Slice } from '../../slice.js';
import { STREAM_KEY } from '../../stream-key.js';

const NOTHING = Request.of([]);
/** In bytes. Longer patterns are of no use, and every star in a pattern makes matching slower. */
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
 * What an error of a SESSION command says about a wrong argument. Errors of Redis' own commands have Redis' wording.
 */
export interface Expected {
  /** Its name in the command's usage, or the word before it: `ttl`, `LIMIT`. */
  readonly name: string;
  /** In the plural: `seconds`. */
  readonly unit?: string;
  /** What would also be valid here, added to the error. */
  readonly orElse?: string;
}

/**
 * A cursor over a request. Commands take one argument after the other, each as the type that they expect, and need no
 * indexes. Errors about arguments are worded here, so that they are the same for all commands.
 */
export class Arguments {
  #request = NOTHING;
  #next = 0;
  #command = '';
  /** The option's word that was taken last. A missing argument is then a syntax error. */
  #option: string | undefined;
  /** Index of the argument after that word. */
  #afterOption = 0;

  /** Points at the argument that follows the `skip` words of the command's name. */
  reset(request: Request, command: string, skip: number): void {
    this.#request = request;
    this.#command = command;
    this.#next = skip;
    this.#option = undefined;
  }

  /** Drops the reference to the request, which would otherwise keep its bytes alive until the client's next request. */
  release(): void {
    this.#request = NOTHING;
  }

  /** The whole request, valid as long as its words. */
  get request(): Request {
    return this.#request;
  }

  get left(): number {
    return this.#request.length - this.#next;
  }

  /**
   * Takes the next argument.
   * @throws CodedError if there is none: wrong number of arguments or, in an option, syntax error.
   */
  slice(): Slice {
    if (this.left === 0) throw this.#missing();
    return this.#request.word(this.#next++);
  }

  /**
   * Takes a key of the client's database. Returns the name of its session.
   * @throws CodedError if there is none, or if no key of database 0 can have this name.
   */
  key(client: HasDatabase): KeyName {
    return keyName(client, this.slice());
  }

  /** Takes the next argument if it is the key of the stream of session events. Returns whether it was. */
  streamKey(client: HasDatabase): boolean {
    const isNext = this.left > 0 && isStreamKey(client, this.#request.word(this.#next));
    if (isNext) this.#next++;
    return isNext;
  }

  /** Takes all remaining arguments, which are keys of the client's database. Returns the names of their sessions. */
  keys(client: HasDatabase): KeyName[] {
    return this.rest().map((key) => keyName(client, key));
  }

  /**
   * Copies the request. The arguments taken from now on then stay valid while the command waits and other requests are
   * read.
   */
  own(): void {
    this.#request.own();
  }

  /** Returns the place of the next argument, for `back`. */
  mark(): number {
    return this.#next;
  }

  /** Goes back to an argument. For arguments whose meaning depends on options after them. */
  back(mark: number): void {
    this.#next = mark;
  }

  /** Like `slice`, as a Buffer. */
  bytes(): Buffer {
    return this.slice().toBuffer();
  }

  /** Takes all remaining arguments. */
  rest(): Slice[] {
    // An array of the right length takes less memory than one that grows.
    const rest = new Array<Slice>(this.left);
    for (let i = 0; i < rest.length; i++) rest[i] = this.#request.word(this.#next++);
    return rest;
  }

  /** Takes all remaining arguments, which must be one or more pairs. @throws CodedError wrong number of arguments. */
  pairs(): Slice[] {
    if (this.left === 0 || this.left % 2 !== 0) {
      throw wrongNumberOfArguments(this.#command, this.#isOwn() ? 'each key needs a value' : undefined);
    }
    return this.rest();
  }

  /** Takes a word, in lower case. */
  word(): string {
    return this.slice().latin1().toLowerCase();
  }

  /** Takes a glob pattern, as text with one character per byte. @throws CodedError if it is too long. */
  pattern(): string {
    const slice = this.slice();
    if (slice.length > MAX_PATTERN)
      throw new CodedError('ERR', `a pattern must not be longer than ${MAX_PATTERN} bytes`);
    return slice.latin1();
  }

  text(): string {
    return this.slice().toString();
  }

  /** Takes an integer from `min` to `max`, which a double must represent exactly. @throws CodedError not an integer. */
  integer(min: number, max: number, expected?: Expected): number {
    const value = parseInteger(this.slice());
    // Both comparisons are false for NaN.
    if (!(value >= min && value <= max)) throw withDetail(NOT_AN_INTEGER, numberFrom(min, max, expected));
    return value;
  }

  /** Takes a 64-bit integer. @throws CodedError not an integer. */
  int64(expected?: Expected): bigint {
    const value = parseInt64(this.slice());
    if (value === undefined) throw withDetail(NOT_AN_INTEGER, numberFrom('-2^63', '2^63 - 1', expected));
    return value;
  }

  /**
   * Takes a duration from 0 to `max`, in the unit of the argument.
   * @throws CodedError invalid expire time, not an integer.
   */
  time(max: number, expected?: Expected): number {
    return this.timeIn(this.slice(), 0, max, expected);
  }

  /** Like `time`, for an argument that has already been taken: a duration or a unix time from `least` to `max`. */
  timeIn(given: Slice, least: number, max: number, expected?: Expected): number {
    const value = parseInteger(given);
    if (value >= least && value <= max) return value;
    const error = Number.isNaN(value) ? NOT_AN_INTEGER : this.invalidTime();
    throw withDetail(error, numberFrom(least, max, expected));
  }

  /** Returns the error for a time that is out of range. */
  invalidTime(): CodedError {
    return new CodedError('ERR', `invalid expire time in '${this.#command}' command`);
  }

  /** Returns the error for a wrong number of arguments. */
  wrongNumber(): CodedError {
    return wrongNumberOfArguments(this.#command);
  }

  /** Takes one of `1 0 true false yes no`, in any case. @throws CodedError syntax error. */
  boolean({ name, orElse = '' }: Expected): boolean {
    const given = this.slice();
    for (const [word, value] of BOOLEANS) if (spells(given, word)) return value;
    throw withDetail(SYNTAX, `${name} must be yes, no, true, false, 1 or 0${orElse}`);
  }

  /** Takes the next argument if it is an option's word, and returns the option. Words are declared in capitals. */
  option<Option extends { readonly word: string }>(options: readonly Option[]): Option | undefined {
    for (const option of options) if (this.#takes(option.word)) return option;
    return undefined;
  }

  /** Takes one of the words, which are given in capitals. @throws CodedError syntax error. */
  choice<Word extends string>(...words: readonly Word[]): Word {
    for (const word of words) if (this.#takes(word)) return word;
    if (this.left === 0) throw this.#missing();
    const isValue = this.#option !== undefined && this.#afterOption === this.#next;
    throw this.#syntax(`${isValue ? this.#option : `argument ${this.#next}`} must be ${listed(words)}`);
  }

  /** Checks that no arguments remain. @param orElse What would be valid here. @throws CodedError syntax error. */
  end(orElse = ''): void {
    if (this.left > 0) throw this.#syntax(`argument ${this.#next} is not expected here${orElse}`);
  }

  /** Like `end`, for those subcommands whose number of arguments Redis does not take from their declaration. */
  endOfSubcommand(): void {
    if (this.left === 0) return;
    const container = this.#command.split('|', 1)[0].toUpperCase();
    const spelled = this.#request.word(1).latin1();
    const what = `unknown subcommand or wrong number of arguments for '${spelled}'`;
    throw new CodedError('ERR', `${what}. Try ${container} HELP.`);
  }

  /** Returns a syntax error, with an explanation if the command is a SESSION command. */
  #syntax(detail: string): CodedError {
    return this.#isOwn() ? withDetail(SYNTAX, detail) : SYNTAX;
  }

  /** Returns whether Redis does not have the command, so that no client matches on the wording of its errors. */
  #isOwn(): boolean {
    return this.#command.startsWith('session.');
  }

  #missing(): CodedError {
    return this.#option === undefined
      ? wrongNumberOfArguments(this.#command)
      : this.#syntax(`${this.#option} needs a value`);
  }

  #takes(word: string): boolean {
    if (this.left === 0 || !spells(this.#request.word(this.#next), word)) return false;
    this.#afterOption = ++this.#next;
    this.#option = word;
    return true;
  }
}

/** A client, as far as keys are concerned. */
export interface HasDatabase {
  /** The number of its database. */
  readonly database: number;
}

const NUL = 0;

/** Returns the name of the session that a key of the client's database is. @throws CodedError see `Arguments.key`. */
export function keyName({ database }: HasDatabase, key: Slice): KeyName {
  if (database !== 0) return keyNameIn(database, key);
  if (isStreamKey({ database }, key)) throw KEY_OF_STREAM;
  // The key itself is the name. Such a name would be that of another database's key.
  if (key.bytes[key.start] === NUL && databaseOf(key) !== 0) throw RESERVED_KEY;
  return key as KeyName;
}

/** Returns whether a key of the client's database is that of the stream of session events. */
export function isStreamKey({ database }: HasDatabase, key: Slice): boolean {
  return database === 0 && key.equals(KEY_BYTES);
}

const KEY_BYTES = Slice.of(STREAM_KEY);
const KEY_OF_STREAM = new CodedError(
  'ERR',
  `the key ${STREAM_KEY} of database 0 is the stream of session events: only commands for streams use it`,
);

/** Returns the error with a detail at the end of its message, because clients match on the beginning. */
function withDetail(error: CodedError, detail: string | undefined): CodedError {
  return detail === undefined ? error : new CodedError(error.code, `${error.message}: ${detail}`);
}

function numberFrom(min: number | string, max: number | string, expected: Expected | undefined): string | undefined {
  if (expected === undefined) return undefined;
  const { name, unit, orElse = '' } = expected;
  return `${name} must be a whole number ${unit === undefined ? '' : `of ${unit} `}from ${min} to ${max}${orElse}`;
}

/** Returns `GET, SET or BOTH`. */
function listed(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

/** Returns whether a slice is the word in any case. The word is given in capitals. */
export function spells(slice: Slice, word: string): boolean {
  if (slice.length !== word.length) return false;
  const { bytes, start } = slice;
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[start + i];
    const capital = byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
    if (capital !== word.charCodeAt(i)) return false;
  }
  return true;
}
