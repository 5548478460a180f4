import { NO_SESSION, NO_SUCH_SESSION, type Session, type SessionEngine } from '../engine/index.js';
import { parseInt64 } from '../engine/int64.js';
import type { Request } from '../resp/request-decoder.js';
import { CommandError, NOT_AN_INTEGER, SYNTAX, wrongNumberOfArguments } from './command-error.js';

const AT = 0x40;
/** Matching costs the product of the lengths: a pattern of megabytes would take the server away. */
const MAX_PATTERN = 1024;
const BOOLEANS = new Map([
  ['1', true],
  ['0', false],
  ['true', true],
  ['false', false],
  ['yes', true],
  ['no', false],
]);

/**
 * A cursor over a request: commands take their arguments one after the other, each in the type they
 * expect, and never count indexes; what is wrong is worded here, alike for all.
 */
export class Arguments {
  #request: Request = [];
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
    this.#request = [];
  }

  get left(): number {
    return this.#request.length - this.#next;
  }

  /** @throws CommandError if there is none: wrong number of arguments or, behind an option's word, syntax error. */
  bytes(): Buffer {
    if (this.left === 0) throw this.#inOption ? new CommandError(SYNTAX) : wrongNumberOfArguments(this.#command);
    return this.#request[this.#next++];
  }

  /** Everything that is left. */
  rest(): Buffer[] {
    const rest = this.#request.slice(this.#next);
    this.#next = this.#request.length;
    return rest;
  }

  /** Everything that is left, in pairs: at least one. @throws CommandError wrong number of arguments. */
  pairs(): Buffer[] {
    if (this.left === 0 || this.left % 2 !== 0) throw wrongNumberOfArguments(this.#command);
    return this.rest();
  }

  /** A word in lower case. */
  word(): string {
    return this.bytes().toString('latin1').toLowerCase();
  }

  /** A glob pattern, one character per byte. @throws CommandError if it is longer than anybody needs. */
  pattern(): string {
    const bytes = this.bytes();
    if (bytes.length > MAX_PATTERN) throw new CommandError(`ERR a pattern is at most ${MAX_PATTERN} bytes`);
    return bytes.toString('latin1');
  }

  text(): string {
    return this.bytes().toString();
  }

  /** An integer in a range that a double holds exactly. @throws CommandError not an integer. */
  integer(min: number, max: number): number {
    const value = Number(this.int64());
    if (value < min || value > max) throw new CommandError(NOT_AN_INTEGER);
    return value;
  }

  /** @throws CommandError not an integer. */
  int64(): bigint {
    const value = parseInt64(this.bytes());
    if (value === undefined) throw new CommandError(NOT_AN_INTEGER);
    return value;
  }

  /** A length of time from 0 to `max`. @throws CommandError invalid expire time, not an integer. */
  time(max: number): number {
    const value = Number(this.int64());
    if (value < 0 || value > max) throw new CommandError(`ERR invalid expire time in '${this.#command}' command`);
    return value;
  }

  /** `1 0 true false yes no`, any case. @throws CommandError syntax error. */
  boolean(): boolean {
    const value = BOOLEANS.get(this.word());
    if (value === undefined) throw new CommandError(SYNTAX);
    return value;
  }

  /** Takes one of the words given, if one is next. */
  option<Word extends string>(...words: Word[]): Word | undefined {
    if (this.left === 0) return undefined;
    const next = this.#request[this.#next].toString('latin1').toUpperCase();
    const word = words.find((candidate) => candidate === next);
    if (word === undefined) return undefined;
    this.#next++;
    this.#inOption = true;
    return word;
  }

  /** Takes one of the words given. @throws CommandError syntax error. */
  choice<Word extends string>(...words: Word[]): Word {
    const word = this.option(...words);
    if (word === undefined) throw new CommandError(SYNTAX);
    return word;
  }

  /** Whether a token, or `@name`, reaches a live session; which one, or NO_SESSION. */
  findSession(engine: SessionEngine): Session {
    return findSession(engine, this.bytes());
  }

  /** The live session of a token or of `@name`. @throws SessionError NOSESSION. */
  session(engine: SessionEngine): Session {
    const session = this.findSession(engine);
    if (session === NO_SESSION) throw NO_SUCH_SESSION;
    return session;
  }

  /** @throws CommandError syntax error, if anything is left. */
  end(): void {
    if (this.left > 0) throw new CommandError(SYNTAX);
  }
}

/** The live session of a token or of `@name`, or NO_SESSION. */
export function findSession(engine: SessionEngine, token: Buffer): Session {
  return token[0] === AT ? engine.findShared(token.subarray(1)) : engine.find(token);
}
