import { Slice } from '../slice.js';
import { BATCH_TRAILER, frameBatch, MAX_BATCH, MAX_BATCH_HEADER } from './frames.js';
import type { RecordSink } from './record-sink.js';
import { FLAG_LETTERS, RECORDS, type RecordFields, type RecordName, recordNames, type TokenRecord } from './records.js';

/**
 * Bytes allocated at a time. Many small batches share a slab, so batches that wait for the disk take no more memory
 * than they need.
 */
const SLAB = 1024 * 1024;

/** The most slabs kept for reuse. At a million writes a second, one second takes about a hundred batches. */
const MAX_SPARE = 64;

/** If less room than this is left in a slab, in bytes, the next batch starts a new one. */
const LEAST_ROOM = 1024;

/** Bytes of a bulk string besides its content: `$`, ten digits, CR LF, and CR LF at the end. */
const BULK_OVERHEAD = 15;

/** The longest number as an argument, in bytes: its header, 16 digits, a point, 3 digits, CR LF. */
const MAX_NUMBER = 27;

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const POINT = 0x2e;
const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;

const LETTERS = Array.from(FLAG_LETTERS, (letter) => letter.charCodeAt(0));

/** How to write a record, made from its declaration. */
interface Plan {
  /** The record's name, encoded as an argument. */
  readonly name: Slice;
  readonly fields: readonly string[];
  readonly types: readonly string[];
  /** Arguments per item of the rest: 2 for pairs. */
  readonly perRest: number;
}

const PLANS = Object.fromEntries(
  recordNames.map((name): [RecordName, Plan] => {
    const { fields, rest } = RECORDS[name];
    return [
      name,
      {
        name: Slice.of(`$${name.length}\r\n${name}\r\n`),
        fields: Object.keys(fields),
        types: Object.values(fields),
        perRest: { none: 0, keys: 1, pairs: 2 }[rest],
      },
    ];
  }),
) as Record<RecordName, Plan>;

/**
 * Writes records one after the other into a buffer, and makes batches of them.
 *
 * Every write of a client is encoded here, so encoding allocates only one slab for hundreds of batches, and writes the
 * bytes where the disk write reads them.
 */
export class RecordEncoder implements RecordSink {
  /** The number of records written so far. */
  records = 0;

  #bytes: Buffer = Buffer.allocUnsafeSlow(0);
  /** Where the records of the current batch start in `#bytes`. There is room for the batch's header before them. */
  #start = 0;
  #end = 0;
  /** By slab, the number of batches that were taken and not recycled yet. */
  readonly #needed = new Map<ArrayBufferLike, number>();
  /**
   * Slabs for reuse. Allocating new ones by the hundred would make the garbage collector run dozens of times a second.
   */
  #spare: Buffer[] = [];
  /** The number of arguments that the current record still lacks. */
  #missing = 0;

  /** Bytes of the current batch. */
  get length(): number {
    return this.#end - this.#start;
  }

  append<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest: readonly Slice[] = []): void {
    this.begin(name, fields, rest.length);
    for (let i = 0; i < rest.length; i++) this.item(rest[i]);
  }

  begin<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest: number): void {
    const plan = PLANS[name];
    const values = fields as Record<string, Slice | number>;
    if (this.#missing > 0) throw new Error('the previous record is not complete');
    if (plan.perRest === 0 ? rest !== 0 : rest % plan.perRest !== 0) {
      throw new RangeError(`a ${name} record cannot have ${rest} arguments after its fields`);
    }
    const { length } = plan.fields;
    let room = MAX_NUMBER + plan.name.length;
    for (let i = 0; i < length; i++) {
      const value = values[plan.fields[i]];
      if (typeof value === 'object') room += value.length + BULK_OVERHEAD;
      else if (isNumber(value, plan.types[i])) room += MAX_NUMBER;
      else throw new RangeError(`${plan.fields[i]} of a ${name} record must be an integer from 0 to 2^53 - 1`);
    }
    this.#reserve(room);
    this.#header(ASTERISK, 1 + length + rest);
    this.#end = plan.name.writeTo(this.#bytes, this.#end);
    for (let i = 0; i < length; i++) {
      const value = values[plan.fields[i]];
      if (typeof value === 'object') this.#bulk(value);
      else if (plan.types[i] === 'flags') this.#flags(value);
      else if (plan.types[i] === 'decimal') this.#decimal(value);
      else this.#integer(value);
    }
    this.#missing = rest;
    this.records++;
  }

  beginAbout(name: TokenRecord, token: Slice, rest: number): void {
    const plan = PLANS[name];
    if (this.#missing > 0) throw new Error('the previous record is not complete');
    this.#reserve(MAX_NUMBER + plan.name.length + token.length + BULK_OVERHEAD);
    this.#header(ASTERISK, 2 + rest);
    this.#end = plan.name.writeTo(this.#bytes, this.#end);
    this.#bulk(token);
    this.#missing = rest;
    this.records++;
  }

  appendSet(token: Slice, key: Slice, value: Slice): void {
    if (this.#missing > 0) throw new Error('the previous record is not complete');
    this.#reserve(SET_ONE.length + token.length + key.length + value.length + 3 * BULK_OVERHEAD);
    this.#end = SET_ONE.writeTo(this.#bytes, this.#end);
    this.#bulk(token);
    this.#bulk(key);
    this.#bulk(value);
    this.records++;
  }

  item(bytes: Slice): void {
    if (this.#missing === 0) throw new Error('the record already has all its arguments');
    this.#missing--;
    this.#reserve(bytes.length + BULK_OVERHEAD);
    this.#bulk(bytes);
  }

  /**
   * Returns the current batch, ready to be written. It belongs to the caller until `recycle`.
   * @param prefix The bytes that each batch of the file starts with.
   */
  takeBatch(prefix: Buffer): Buffer {
    if (this.#missing > 0) throw new Error('the record is not complete');
    const at = frameBatch(this.#bytes, this.#start, this.#end, prefix);
    const end = this.#end + BATCH_TRAILER;
    const batch = this.#bytes.subarray(at, end);
    this.#needed.set(batch.buffer, (this.#needed.get(batch.buffer) ?? 0) + 1);
    this.#start = end + MAX_BATCH_HEADER;
    this.#end = this.#start;
    if (this.#bytes.length - this.#end < LEAST_ROOM) {
      this.#bytes = Buffer.allocUnsafeSlow(0);
      this.#start = 0;
      this.#end = 0;
    }
    return batch;
  }

  /** Like `takeBatch`, but takes only the first `length` bytes, which are complete records. The rest stays. */
  takeFirst(length: number, prefix: Buffer): Buffer {
    const rest = Buffer.from(this.#bytes.subarray(this.#start + length, this.#end));
    this.#end = this.#start + length;
    const batch = this.takeBatch(prefix);
    this.#reserve(rest.length);
    this.#bytes.set(rest, this.#end);
    this.#end += rest.length;
    return batch;
  }

  /** Makes the memory of a batch available for reuse. */
  recycle(batch: Buffer): void {
    const slab = batch.buffer;
    const needed = (this.#needed.get(slab) ?? 0) - 1;
    if (needed > 0) {
      this.#needed.set(slab, needed);
      return;
    }
    this.#needed.delete(slab);
    if (slab !== this.#bytes.buffer && slab.byteLength === SLAB && this.#spare.length < MAX_SPARE) {
      this.#spare.push(Buffer.from(slab));
    }
  }

  /** Frees memory that is kept for reuse. */
  relax(): void {
    this.#spare = [];
  }

  /** Makes room for `bytes` bytes and the end of the batch. */
  #reserve(bytes: number): void {
    if (this.#end + bytes + BATCH_TRAILER > this.#bytes.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const { length } = this;
    if (length + bytes > MAX_BATCH) throw new RangeError('a batch of the journal would become longer than 2 GB');
    const needed = MAX_BATCH_HEADER + length + bytes + BATCH_TRAILER;
    const room = Math.max(SLAB, needed, Math.min(2 * length, MAX_BATCH));
    const larger = (room === SLAB ? this.#spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(room);
    this.#bytes.copy(larger, MAX_BATCH_HEADER, this.#start, this.#end);
    this.#bytes = larger;
    this.#start = MAX_BATCH_HEADER;
    this.#end = MAX_BATCH_HEADER + length;
  }

  #header(marker: number, number: number): void {
    const bytes = this.#bytes;
    let end = this.#end;
    bytes[end++] = marker;
    if (number < 100) {
      const tens = (number / 10) | 0;
      if (tens > 0) bytes[end++] = ZERO + tens;
      bytes[end++] = ZERO + number - tens * 10;
    } else {
      this.#end = end;
      this.#digits(number, digitsOf(number));
      end = this.#end;
    }
    bytes[end] = CR;
    bytes[end + 1] = LF;
    this.#end = end + 2;
  }

  #digits(number: number, digits: number): void {
    const bytes = this.#bytes;
    const start = this.#end;
    const end = start + digits;
    let at = end;
    let rest = number;
    // Division is fast only for numbers of up to 31 bits.
    while (rest >= 2 ** 31) {
      const high = Math.floor(rest / 1e8);
      let low = rest - high * 1e8;
      for (let i = 0; i < 8; i++) {
        const next = (low / 10) | 0;
        bytes[--at] = ZERO + low - next * 10;
        low = next;
      }
      rest = high;
    }
    do {
      const next = (rest / 10) | 0;
      bytes[--at] = ZERO + rest - next * 10;
      rest = next;
    } while (at > start);
    this.#end = end;
  }

  #integer(number: number): void {
    const digits = digitsOf(number);
    this.#header(DOLLAR, digits);
    this.#digits(number, digits);
    this.#endLine();
  }

  #decimal(number: number): void {
    const whole = Math.floor(number);
    const thousandths = Math.round((number - whole) * 1000);
    if (thousandths === 0 || thousandths === 1000) {
      this.#integer(whole + thousandths / 1000);
      return;
    }
    const digits = digitsOf(whole);
    this.#header(DOLLAR, digits + 4);
    this.#digits(whole, digits);
    this.#bytes[this.#end++] = POINT;
    this.#bytes[this.#end++] = ZERO + Math.floor(thousandths / 100);
    this.#bytes[this.#end++] = ZERO + (Math.floor(thousandths / 10) % 10);
    this.#bytes[this.#end++] = ZERO + (thousandths % 10);
    this.#endLine();
  }

  #flags(flags: number): void {
    let count = 0;
    for (let bit = 0; bit < LETTERS.length; bit++) count += (flags >>> bit) & 1;
    this.#header(DOLLAR, count);
    for (let bit = 0; bit < LETTERS.length; bit++) {
      if ((flags >>> bit) & 1) this.#bytes[this.#end++] = LETTERS[bit];
    }
    this.#endLine();
  }

  #bulk(bytes: Slice): void {
    this.#header(DOLLAR, bytes.length);
    this.#end = bytes.writeTo(this.#bytes, this.#end);
    this.#endLine();
  }

  #endLine(): void {
    this.#bytes[this.#end++] = CR;
    this.#bytes[this.#end++] = LF;
  }
}

/** The bytes that a SET record of one key starts with. */
const SET_ONE = Slice.of('*4\r\n$3\r\nSET\r\n');

function isNumber(value: number, type: string): boolean {
  if (type === 'decimal') return value >= 0 && value < Number.MAX_SAFE_INTEGER;
  return Number.isSafeInteger(value) && value >= 0;
}

function digitsOf(number: number): number {
  if (number < 10) return 1;
  if (number < 100) return 2;
  let digits = 3;
  for (let limit = 1000; number >= limit; limit *= 10) digits++;
  return digits;
}
