import { CodedError } from '../errors.js';

// What bounds the time that a command on JSON takes. docs/limits.md lists these.

/** The most bytes of a JSON value, whether it is read, given or would be the result. */
export const MAX_JSON_BYTES = 1024 * 1024;
/** How many arrays and objects may be nested. As in RedisJSON. */
export const MAX_DEPTH = 128;
/** The most bytes of a path, and of a pattern of `match()` and `search()`. */
export const MAX_PATH_BYTES = 1024;
/** The most states that a pattern may have once its repetitions such as `{2,5}` are written out. */
export const MAX_PATTERN_STATES = 1000;
/** The most bytes of JSON text in a reply. */
export const MAX_JSON_REPLY_BYTES = 4 * 1024 * 1024;
/** See `Work`. */
const MAX_STEPS = 1_000_000;

/** Bytes of a text that are parsed in one step. */
const PARSED_IN_STEP = 4;
/** How many steps it takes to parse even the shortest text. */
const STEPS_OF_TEXT = 20;
/** How many steps it takes to parse each byte of a path. */
const STEPS_OF_PATH_BYTE = 32;

const TOO_MUCH_WORK = new CodedError(
  'ERR',
  `this takes more than ${MAX_STEPS.toLocaleString('en')} steps: use a path that visits less of the value, or fewer keys, paths or values`,
);

/**
 * Counts the steps of one command, and stops it when they are too many. A step is what takes at most about 100 ns: a
 * value that is visited, four bytes that are parsed, 16 bytes of a string that is looked at, a state of a pattern at
 * one character. What takes longer counts as several.
 */
export class Work {
  #left = MAX_STEPS;

  /** Counts the parsing of a text. */
  parse(bytes: number): void {
    this.spend(STEPS_OF_TEXT + bytes / PARSED_IN_STEP);
  }

  /** Counts the parsing of one of several paths. */
  parsePath(bytes: number): void {
    this.spend(STEPS_OF_PATH_BYTE * bytes);
  }

  /** @throws CodedError if the command takes too long. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw TOO_MUCH_WORK;
  }
}

/** Counts the bytes of the JSON texts in one reply. */
export class ReplySize {
  #bytes = 0;

  /** @throws CodedError if they are too many. */
  add(text: Buffer | undefined): void {
    this.#bytes += text?.length ?? 0;
    if (this.#bytes > MAX_JSON_REPLY_BYTES) {
      throw new CodedError('ERR', `the reply would be longer than ${MAX_JSON_REPLY_BYTES} bytes`);
    }
  }
}
