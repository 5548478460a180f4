import { NO_BYTES, NO_WORDS, type Slab, SlabSpace } from '../engine/memory/slab-space.js';
import { Slice } from '../slice.js';
import { compareIds, type EntryId, FIRST_ID } from './entry-id.js';

/** Bytes of a segment. A longer entry gets a segment of its own. */
const SEGMENT = 64 * 1024;
/** 32-bit words before the content of an entry: its length, the id's `n`, and the lower and upper half of its `ms`. */
const HEADER_WORDS = 4;
const HEADER = HEADER_WORDS * 4;
const NO_PLACE = -1;

/** @param content Valid until the stream changes, and while no other entry is visited. */
export type EntryVisitor = (ms: number, n: number, content: Slice) => void;

/**
 * The entries of a stream, in the order of their ids, as bytes in segments outside V8's heap. Entries are appended at
 * the tail and removed at the head only, so an entry never moves within its segment. A binary search finds a segment;
 * within it, entries are passed one by one, which takes a few µs.
 */
export class EntryLog {
  readonly #space = new SlabSpace<Segment>(SEGMENT);
  /** The segments in use are those from `#head` on. None of them is empty. */
  #segments: Segment[] = [];
  #head = 0;
  /** Segments without entries, to be used again. */
  readonly #spare: Segment[] = [];
  readonly #content = new Slice(NO_BYTES, 0, 0);
  /** The offsets of the entries of one segment, for reading backwards. */
  #offsets = new Uint32Array(1024);
  #length = 0;
  #bytes = 0;
  /** How many entries were ever appended to this log. */
  #appended = 0;

  /** The number of entries. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of the entries, and of segments that are not given back yet. */
  get bytes(): number {
    return this.#bytes + this.#spare.length * SEGMENT;
  }

  /** Bytes of the entries. */
  get entryBytes(): number {
    return this.#bytes;
  }

  /** The id of the first entry; 0-0 if there is none. */
  get firstId(): EntryId {
    const segment = this.#segments[this.#head];
    return segment === undefined ? FIRST_ID : { ms: msAt(segment, segment.start), n: nAt(segment, segment.start) };
  }

  /**
   * Appends an entry.
   * @param ms An integer from 0 to 2^53 - 1, and `n` one from 0 to 2^32 - 1: an id after all others.
   * @throws RangeError if the system has no memory. Nothing has changed then.
   */
  append(ms: number, n: number, content: Slice): void {
    const { length } = content;
    const bytes = sizeOf(length);
    let segment = this.#segments.at(-1);
    if (segment === undefined || segment.end + bytes > segment.bytes.length) {
      segment = this.#newSegment(bytes);
      segment.firstMs = ms;
      segment.firstN = n;
      segment.before = this.#appended;
      this.#segments.push(segment);
    }
    const { words, end } = segment;
    const word = end >>> 2;
    words[word] = length;
    words[word + 1] = n;
    words[word + 2] = ms;
    words[word + 3] = ms / 2 ** 32;
    content.writeTo(segment.bytes, end + HEADER);
    segment.end = end + bytes;
    segment.length++;
    this.#length++;
    this.#appended++;
    this.#bytes += bytes;
  }

  /** Returns how many entries are after an id. */
  countAfter(id: EntryId): number {
    const index = this.#segmentOf(id);
    if (index < 0) return 0;
    const segment = this.#segments[index];
    let upTo = segment.before;
    for (let at = segment.start; at < segment.end && !comesAfter(segment, at, id); upTo++) {
      at += sizeOf(segment.words[at >>> 2]);
    }
    return this.#appended - upTo;
  }

  /** Visits up to `count` entries from one id to another, both included, in their order. Returns how many. */
  range(from: EntryId, to: EntryId, count: number, visit: EntryVisitor): number {
    let visited = 0;
    let index = this.#segmentOf(from);
    if (index < 0 || count <= 0) return 0;
    let segment = this.#segments[index];
    let at = offsetOf(segment, from);
    while (visited < count) {
      if (at >= segment.end) {
        if (++index === this.#segments.length) break;
        segment = this.#segments[index];
        at = segment.start;
      }
      if (comesAfter(segment, at, to)) break;
      visited++;
      const next = at + sizeOf(segment.words[at >>> 2]);
      visit(msAt(segment, at), nAt(segment, at), this.#contentAt(segment, at));
      at = next;
    }
    return visited;
  }

  /** Visits up to `count` entries from one id back to another, both included. Returns how many. */
  rangeBack(from: EntryId, to: EntryId, count: number, visit: EntryVisitor): number {
    let visited = 0;
    for (let index = this.#segmentOf(from); index >= this.#head; index--) {
      const segment = this.#segments[index];
      for (let entry = this.#offsetsIn(segment) - 1; entry >= 0; entry--) {
        const at = this.#offsets[entry];
        if (comesAfter(segment, at, from)) continue;
        if (visited >= count || comesBefore(segment, at, to)) return visited;
        visited++;
        visit(msAt(segment, at), nAt(segment, at), this.#contentAt(segment, at));
      }
    }
    return visited;
  }

  /** Returns the content of an entry, valid until the stream changes, or undefined if there is no such entry. */
  find(id: EntryId): Slice | undefined {
    const index = this.#segmentOf(id);
    if (index < 0) return undefined;
    const segment = this.#segments[index];
    const at = offsetOf(segment, id);
    if (at >= segment.end || comesAfter(segment, at, id)) return undefined;
    return this.#contentAt(segment, at);
  }

  /** Removes the first entry, which must exist. Returns whether that emptied a segment. */
  removeFirst(): boolean {
    const segment = this.#segments[this.#head];
    const bytes = sizeOf(segment.words[segment.start >>> 2]);
    segment.length--;
    segment.before++;
    this.#length--;
    this.#bytes -= bytes;
    if (segment.length === 0) {
      this.#removeSegment(segment);
      return true;
    }
    segment.start += bytes;
    segment.firstMs = msAt(segment, segment.start);
    segment.firstN = nAt(segment, segment.start);
    return false;
  }

  /** Removes entries until `length` are left. Returns how many. Passes whole segments at once. */
  removeUntil(length: number): number {
    const before = this.#length;
    while (this.#length > length) {
      const segment = this.#segments[this.#head];
      if (this.#length - segment.length < length) this.removeFirst();
      else this.#removeWhole(segment);
    }
    return before - this.#length;
  }

  /** Removes the entries before an id. Returns how many. Passes whole segments at once. */
  removeBefore(id: EntryId): number {
    const before = this.#length;
    const last = this.#segments[this.#segmentOf(id)];
    while (this.#segments[this.#head] !== last) this.#removeWhole(this.#segments[this.#head]);
    while (this.#length > 0 && compareIds(this.firstId, id) < 0) this.removeFirst();
    return before - this.#length;
  }

  /** Gives the memory of an unused segment back, which may take 10 µs. Returns whether there are more of them. */
  reclaim(): boolean {
    // One is kept, for the next segment to be needed.
    if (this.#spare.length > 1) this.#space.remove(this.#spare.pop() as Segment);
    return this.#spare.length > 1;
  }

  #removeWhole(segment: Segment): void {
    this.#length -= segment.length;
    this.#bytes -= segment.end - segment.start;
    this.#removeSegment(segment);
  }

  #removeSegment(segment: Segment): void {
    this.#head++;
    // Moves what is left of the array once half of it is unused.
    if (this.#head * 2 >= this.#segments.length) {
      this.#segments = this.#segments.slice(this.#head);
      this.#head = 0;
    }
    if (segment.place !== NO_PLACE) this.#spare.push(segment);
  }

  #newSegment(bytes: number): Segment {
    const spare = bytes <= SEGMENT ? this.#spare.pop() : undefined;
    if (spare !== undefined) {
      spare.start = 0;
      spare.end = 0;
      spare.length = 0;
      return spare;
    }
    const segment = new Segment();
    if (bytes <= SEGMENT) {
      this.#space.add(segment);
    } else {
      const buffer = new ArrayBuffer(bytes);
      segment.bytes = Buffer.from(buffer);
      segment.words = new Uint32Array(buffer);
    }
    return segment;
  }

  /** Returns the index of the segment that an id is or would be in; -1 if there is no segment. */
  #segmentOf(id: EntryId): number {
    let low = this.#head;
    let high = this.#segments.length;
    if (low === high) return -1;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const { firstMs, firstN } = this.#segments[middle];
      if (firstMs < id.ms || (firstMs === id.ms && firstN <= id.n)) low = middle;
      else high = middle;
    }
    return low;
  }

  #offsetsIn(segment: Segment): number {
    if (this.#offsets.length < segment.length) this.#offsets = new Uint32Array(segment.length * 2);
    let entry = 0;
    for (let at = segment.start; at < segment.end; at += sizeOf(segment.words[at >>> 2])) this.#offsets[entry++] = at;
    return entry;
  }

  #contentAt(segment: Segment, at: number): Slice {
    const start = at + HEADER;
    return this.#content.point(segment.bytes, start, start + segment.words[at >>> 2]);
  }
}

class Segment implements Slab {
  place = NO_PLACE;
  bytes: Buffer = NO_BYTES;
  words = NO_WORDS;
  /** Where its first entry is, and where the next one would be. */
  start = 0;
  end = 0;
  /** The number of its entries, and the id of the first one. */
  length = 0;
  firstMs = 0;
  firstN = 0;
  /** How many entries were appended to the log before the first one. */
  before = 0;

  get extent(): number {
    return this.end;
  }
}

/** Returns the bytes of an entry whose content has `length` bytes. */
function sizeOf(length: number): number {
  return HEADER + ((length + 3) & ~3);
}

function msAt(segment: Segment, at: number): number {
  const { words } = segment;
  return words[(at >>> 2) + 3] * 2 ** 32 + words[(at >>> 2) + 2];
}

function nAt(segment: Segment, at: number): number {
  return segment.words[(at >>> 2) + 1];
}

function comesAfter(segment: Segment, at: number, { ms, n }: EntryId): boolean {
  const own = msAt(segment, at);
  return own > ms || (own === ms && nAt(segment, at) > n);
}

function comesBefore(segment: Segment, at: number, { ms, n }: EntryId): boolean {
  const own = msAt(segment, at);
  return own < ms || (own === ms && nAt(segment, at) < n);
}

/** Returns the offset of the first entry in a segment that is not before an id; `segment.end` if there is none. */
function offsetOf(segment: Segment, id: EntryId): number {
  const { words, end } = segment;
  let at = segment.start;
  while (at < end && comesBefore(segment, at, id)) at += sizeOf(words[at >>> 2]);
  return at;
}
