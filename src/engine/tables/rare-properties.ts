import { column, resized } from '../memory/column.js';

/** 32-bit words in a public id. */
const ID_WORDS = 2;

/**
 * Properties that few sessions have, in columns indexed by slot. A column takes memory only where it was written to, in
 * pages of 4 KB. So what no session has costs nothing. What a slot does not have is undefined.
 */
export class RareProperties {
  static readonly ID_BYTES = ID_WORDS * 4;
  static readonly CHAIN_BYTES = 4;
  static readonly MAX_AGE_BYTES = 16;
  static readonly DURATION_BYTES = 8;
  static readonly KEY_ROW_BYTES = 4;

  /** See `SlotTable.chain`. */
  chain: Int32Array<ArrayBuffer>;
  /** MAXAGE in ms. */
  maxAge: Float64Array<ArrayBuffer>;
  /** When MAXAGE is reached, in ms on the monotonic clock. */
  maxAgeEnd: Float64Array<ArrayBuffer>;
  /** A duration in ms that is too long for a row, or has a fraction. */
  duration: Float64Array<ArrayBuffer>;
  /** See `SlotTable.keyRow`. */
  keyRow: Int32Array<ArrayBuffer>;
  /** Two words per slot: a public id that does not follow from the token. */
  #id: Uint32Array<ArrayBuffer>;

  /** @param reserved See `column`. */
  constructor(slots: number, reserved: number) {
    this.chain = column(Int32Array, slots, reserved);
    this.maxAge = column(Float64Array, slots, reserved);
    this.maxAgeEnd = column(Float64Array, slots, reserved);
    this.duration = column(Float64Array, slots, reserved);
    this.keyRow = column(Int32Array, slots, reserved);
    this.#id = column(Uint32Array, slots * ID_WORDS, reserved * ID_WORDS);
  }

  /** Makes the columns `slots` long. */
  resize(slots: number): void {
    this.chain = resized(this.chain, slots);
    this.maxAge = resized(this.maxAge, slots);
    this.maxAgeEnd = resized(this.maxAgeEnd, slots);
    this.duration = resized(this.duration, slots);
    this.keyRow = resized(this.keyRow, slots);
    this.#id = resized(this.#id, slots * ID_WORDS);
  }

  /** Returns the first 32 bits of a public id. */
  idHigh(slot: number): number {
    return this.#id[slot * ID_WORDS];
  }

  /** Returns the last 32 bits of a public id. */
  idLow(slot: number): number {
    return this.#id[slot * ID_WORDS + 1];
  }

  setId(slot: number, high: number, low: number): void {
    this.#id[slot * ID_WORDS] = high;
    this.#id[slot * ID_WORDS + 1] = low;
  }
}
