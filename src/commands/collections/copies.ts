import { Slice } from '../../slice.js';

const FIRST_BYTES = 1024;
/** The bytes of the length before each copy. */
const LENGTH_BYTES = 4;

/**
 * Copies of slices, of which there may be millions, one after the other in one buffer. A Buffer for each would take ten
 * times the memory, in V8's heap.
 */
export class Copies implements Iterable<Slice> {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #end = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(slice: Slice): void {
    const end = this.#end + LENGTH_BYTES + slice.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#end);
      this.#bytes = larger;
    }
    this.#bytes.writeUInt32LE(slice.length, this.#end);
    this.#end = slice.writeTo(this.#bytes, this.#end + LENGTH_BYTES);
    this.#count++;
  }

  /** The copies in the order in which they were added. */
  *[Symbol.iterator](): Generator<Slice> {
    for (let at = 0; at < this.#end; ) {
      const start = at + LENGTH_BYTES;
      at = start + this.#bytes.readUInt32LE(at);
      yield new Slice(this.#bytes, start, at);
    }
  }
}
