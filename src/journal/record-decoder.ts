import { Slice } from '../slice.js';
import { FLAG_LETTERS, RECORDS, type RecordName, type RestType, recordNames } from './records.js';

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const POINT = 0x2e;
const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;

/** The most digits of a length. */
const MAX_LENGTH = 10;
/** The most digits of an integer: 2^53 - 1 has sixteen. */
const MAX_INTEGER = 16;

/** How to read a record, made from its declaration. */
interface Plan {
  readonly name: RecordName;
  readonly types: readonly string[];
  readonly rest: RestType;
}

/** The plans by length and first byte of the record's name, which are unique together. */
const PLANS: (Plan | undefined)[] = [];
for (const name of recordNames) {
  const { fields, rest } = RECORDS[name];
  const key = keyOf(name.length, name.charCodeAt(0));
  if (PLANS[key] !== undefined) throw new Error(`${name} cannot be distinguished from ${PLANS[key].name}`);
  PLANS[key] = { name, types: Object.values(fields), rest };
}

const MOST_FIELDS = Math.max(...recordNames.map((name) => Object.keys(RECORDS[name].fields).length));

const FLAG_BITS = new Uint8Array(256);
for (let bit = 0; bit < FLAG_LETTERS.length; bit++) FLAG_BITS[FLAG_LETTERS.charCodeAt(bit)] = 1 << bit;

function keyOf(length: number, first: number): number {
  return (length << 8) | first;
}

/** Bytes that are not a record, although their checksum is right. The message contains none of them. */
export class RecordError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RecordError';
  }
}

/** A record being read. Valid until the next one is read. */
export interface JournalRecord {
  readonly name: RecordName;
  /** The number of arguments: the fields and what follows them. */
  readonly count: number;
  /** The number of fields, and so the index of the first argument after them. */
  readonly fields: number;
  /** The buffer that contains the arguments. */
  readonly buffer: Buffer;
  /** Returns where an argument starts in `buffer`. */
  start(index: number): number;
  /** Returns where an argument ends in `buffer`. */
  end(index: number): number;
  /** Returns a view of an argument. */
  slice(index: number): Slice;
  /** Returns the number of a field that is an integer, a decimal or flags. */
  integer(index: number): number;
  /** Returns views of the arguments after the fields, valid until the next record is read. */
  rest(): readonly Slice[];
}

/**
 * Reads records from the bytes of a batch.
 *
 * It finds the arguments without copying them, as `RequestGuard` does for requests. redis-parser reads the same bytes,
 * but makes a Buffer of every argument and took more than three times as long. Anything that is not exactly a declared
 * record, with the arguments that it must have, is refused.
 */
export class RecordDecoder implements JournalRecord {
  name: RecordName = 'END';
  count = 0;
  fields = 0;
  buffer: Buffer = Buffer.alloc(0);

  /** The start and end of each argument, alternating. */
  readonly #bounds: number[] = [];
  readonly #integers = new Float64Array(MOST_FIELDS);
  /** The views that `rest` returns. They are reused, because a million sessions have millions of keys and values. */
  #rest: Slice[] = [];
  /** The number that `#header` or `#bulk` read last. */
  #number = 0;

  start(index: number): number {
    return this.#bounds[2 * index];
  }

  end(index: number): number {
    return this.#bounds[2 * index + 1];
  }

  slice(index: number): Slice {
    return new Slice(this.buffer, this.#bounds[2 * index], this.#bounds[2 * index + 1]);
  }

  integer(index: number): number {
    return this.#integers[index];
  }

  rest(): readonly Slice[] {
    const { fields, count, buffer } = this;
    const length = count - fields;
    if (this.#rest.length !== length) this.#rest = [];
    const rest = this.#rest;
    while (rest.length < length) rest.push(new Slice(buffer, 0, 0));
    for (let i = 0, at = 2 * fields; i < length; i++, at += 2) {
      const slice = rest[i];
      slice.bytes = buffer;
      slice.start = this.#bounds[at];
      slice.end = this.#bounds[at + 1];
    }
    return rest;
  }

  /**
   * Reads the record that starts at `at`, in `bytes` up to `end`. Returns where the record ends.
   * @throws RecordError if there is no valid record.
   */
  decode(bytes: Buffer, at: number, end: number): number {
    this.buffer = bytes;
    const name = this.#header(bytes, at, end, ASTERISK);
    const count = this.#number - 1;
    if (count < 0) throw new RecordError('a record has no name');
    const first = this.#bulk(bytes, name, end);
    const plan = planOf(bytes, first - 2 - this.#number, first - 2);
    this.name = plan.name;
    this.count = count;
    this.fields = plan.types.length;
    const rest = count - plan.types.length;
    if (rest < 0 || (plan.rest === 'none' && rest > 0) || (plan.rest === 'pairs' && rest % 2 !== 0)) {
      throw new RecordError(`a ${plan.name} record has ${count} arguments`);
    }
    const bounds = this.#bounds;
    let next = first;
    for (let i = 0; i < count; i++) {
      // Nearly all arguments have fewer than 100 bytes. Reading them here takes less time than calls of `#bulk`.
      const tens = bytes[next + 1] - ZERO;
      const ones = bytes[next + 2] - ZERO;
      const isShort = ones < 0;
      const length = isShort ? tens : tens * 10 + ones;
      const body = isShort ? next + 4 : next + 5;
      const after = body + length;
      if (
        after + 2 <= end &&
        bytes[next] === DOLLAR &&
        tens >= 0 &&
        tens <= 9 &&
        ones <= 9 &&
        bytes[body - 2] === CR &&
        bytes[body - 1] === LF &&
        bytes[after] === CR &&
        bytes[after + 1] === LF
      ) {
        next = after + 2;
        bounds[2 * i] = body;
        bounds[2 * i + 1] = after;
      } else {
        next = this.#bulk(bytes, next, end);
        bounds[2 * i] = next - 2 - this.#number;
        bounds[2 * i + 1] = next - 2;
      }
    }
    for (let i = 0; i < plan.types.length; i++) {
      const type = plan.types[i];
      if (type === 'decimal') this.#integers[i] = decimalOf(bytes, bounds[2 * i], bounds[2 * i + 1], plan.name);
      else if (type === 'integer') this.#integers[i] = integerOf(bytes, bounds[2 * i], bounds[2 * i + 1], plan.name);
      else if (type === 'flags') this.#integers[i] = flagsOf(bytes, bounds[2 * i], bounds[2 * i + 1], plan.name);
    }
    return next;
  }

  /** Reads a bulk string and sets `#number` to its length. Returns where it ends, CR LF included. */
  #bulk(bytes: Buffer, at: number, end: number): number {
    const body = this.#header(bytes, at, end, DOLLAR);
    const after = body + this.#number;
    if (after + 2 > end) throw new RecordError('a record is longer than its batch');
    if (bytes[after] !== CR || bytes[after + 1] !== LF) throw new RecordError('an argument does not end in CR LF');
    return after + 2;
  }

  /** Reads a line: a marker, a number and CR LF. Sets `#number`. Returns where the line ends. */
  #header(bytes: Buffer, at: number, end: number, marker: number): number {
    if (at >= end || bytes[at] !== marker) throw new RecordError('a record does not start where it should');
    let number = 0;
    let i = at + 1;
    for (; i < end && bytes[i] !== CR; i++) {
      const digit = bytes[i] - ZERO;
      if (digit < 0 || digit > 9 || i - at > MAX_LENGTH) throw new RecordError('a length is not a number');
      number = number * 10 + digit;
    }
    if (i + 1 >= end || i === at + 1 || bytes[i + 1] !== LF) throw new RecordError('a length is not a number');
    this.#number = number;
    return i + 2;
  }
}

function planOf(bytes: Buffer, start: number, end: number): Plan {
  const plan = PLANS[keyOf(end - start, bytes[start])];
  if (plan === undefined) throw new RecordError('a record has an unknown name');
  for (let i = 0; i < plan.name.length; i++) {
    if (bytes[start + i] !== plan.name.charCodeAt(i)) throw new RecordError('a record has an unknown name');
  }
  return plan;
}

function integerOf(bytes: Buffer, start: number, end: number, name: RecordName): number {
  // Numbers of up to nine digits fit in 31 bits, with which V8 calculates faster.
  const middle = Math.max(start, end - 9);
  const high = middle - start > 9 ? -1 : digitsOf(bytes, start, middle);
  const low = digitsOf(bytes, middle, end);
  const number = high * 1e9 + low;
  if (start === end || high < 0 || low < 0 || number > Number.MAX_SAFE_INTEGER || end - start > MAX_INTEGER) {
    throw new RecordError(`a ${name} record contains an invalid number`);
  }
  return number;
}

/** Returns the number that up to nine digits stand for, or -1 if something else is among them. */
function digitsOf(bytes: Buffer, start: number, end: number): number {
  let number = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i] - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/** Reads a number that may have a point and up to three more digits. */
function decimalOf(bytes: Buffer, start: number, end: number, name: RecordName): number {
  const point = end - 4;
  if (point <= start || bytes[point] !== POINT) return integerOf(bytes, start, end, name);
  return integerOf(bytes, start, point, name) + integerOf(bytes, point + 1, end, name) / 1000;
}

function flagsOf(bytes: Buffer, start: number, end: number, name: RecordName): number {
  let flags = 0;
  for (let i = start; i < end; i++) {
    const bit = FLAG_BITS[bytes[i]];
    if (bit === 0 || (flags & bit) !== 0) throw new RecordError(`a ${name} record contains unknown flags`);
    flags |= bit;
  }
  return flags;
}
