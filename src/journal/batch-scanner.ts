import type { FileSystem, JournalFile } from './file-system.js';
import {
  BATCH_TRAILER,
  batchPrefix,
  CRC_LENGTH,
  checksum,
  FILE_HEADER_LENGTH,
  type FileHeader,
  idInBatch,
  MAX_BATCH,
  MAX_BATCH_HEADER,
  MAX_LENGTH_DIGITS,
  readFileHeader,
} from './frames.js';
import { JournalError } from './journal-error.js';

/** Bytes read at a time. A longer batch is read in one piece. */
const WINDOW = 1024 * 1024;
/** Room before the bytes that are read ahead, for a batch that begins before them. */
const MARGIN = WINDOW;

/** Bytes that a disk writes atomically. */
const SECTOR = 512;
/** A shorter run of zeros proves nothing: it may come from a single damaged byte. */
const MIN_ZEROS = 8;

const ZERO = 0x30;
const NINE = 0x39;
const CR = 0x0d;
const LF = 0x0a;

/**
 * What the scanner finds where a batch should start: a batch, the end of the file, an incomplete batch at the end of
 * the file (`cut`), or anything else (`damage`).
 */
export type Found = 'batch' | 'end' | 'cut' | 'damage';

/** Bytes of the file that are being read while the bytes before them are scanned. */
interface Ahead {
  /** The bytes start at `MARGIN`. */
  readonly bytes: Buffer;
  /**
   * How many were read. It never rejects: after an error it is 0. They are then read again, which reports the error.
   */
  readonly read: Promise<number>;
}

/**
 * Walks the batches of a file and verifies their checksums, with a window of the file in memory, while the next part of
 * the file is read. A length stated in the file never makes the scanner allocate more bytes than the file has.
 */
export class BatchScanner {
  /** The id in the file's batches; undefined if neither the header nor the first batch contains it. */
  readonly id: string | undefined;
  /** The file's header; undefined if it is damaged. */
  readonly header: FileHeader | undefined;
  /** Size of the file in bytes when it was opened. */
  readonly size: number;

  /** The records of the batch found last are `bytes[start, end)`, valid until the next call. */
  bytes: Buffer;
  start = 0;
  end = 0;
  /** What is wrong where no batch was found. */
  reason = '';

  readonly #file: JournalFile;
  readonly #prefix: Buffer;
  #ahead: Ahead | undefined;
  /** A buffer for reading ahead that is not in use. */
  #spare: Buffer | undefined;
  /** The window is `bytes[0, #filled)`. Byte 0 of the window would be byte `#origin` of the file. */
  #origin = 0;
  #filled = 0;
  /** The current offset in the window. */
  #at = 0;
  /** For a cut batch: the file offset of its records, -1 if the file ends before them, and their expected checksum. */
  #cutAt = -1;
  #cutSum = 0;
  /** Bytes from `#at` on that must be in the window before the walk can continue. */
  #needed = 0;

  private constructor(file: JournalFile, size: number, header: Buffer, filled: number, path: string) {
    this.#file = file;
    this.size = size;
    this.bytes = header;
    this.#filled = filled;
    const head = header.subarray(0, filled);
    this.header = readFileHeader(head, path);
    this.id = this.header?.id ?? idInBatch(head.subarray(FILE_HEADER_LENGTH));
    this.#prefix = batchPrefix(this.id ?? '');
    this.#at = Math.min(FILE_HEADER_LENGTH, size);
  }

  /** @throws JournalError if the file's format is of a later version; also what the file system throws. */
  static async open(fileSystem: FileSystem, path: string): Promise<BatchScanner> {
    const file = await fileSystem.open(path, 'read');
    try {
      const size = await file.size();
      const window = Buffer.allocUnsafeSlow(Math.min(WINDOW, Math.max(size, 2 * MAX_BATCH_HEADER)));
      let filled = 0;
      while (filled < Math.min(size, 2 * MAX_BATCH_HEADER)) {
        const read = await file.read(window, filled, window.length - filled, filled);
        if (read === 0) break;
        filled += read;
      }
      return new BatchScanner(file, size, window, filled, path);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#ahead?.read;
    await this.#file.close();
  }

  /** The current offset in the file: after the last batch, or where no batch was found. */
  get offset(): number {
    return this.#origin + this.#at;
  }

  /**
   * Finds the next batch without reading from the disk.
   * @returns undefined if the window has too few bytes: call `fill`, then call this again.
   */
  take(): Found | undefined {
    const found = this.#parse(this.#at);
    if (found === 'batch') this.#at = this.end + BATCH_TRAILER;
    return found;
  }

  /** Reads more of the file into the window. */
  async fill(): Promise<void> {
    const held = this.#filled - this.#at;
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const read = ahead === undefined ? 0 : await ahead.read;
    if (ahead !== undefined && read > 0 && held <= MARGIN) this.#continueIn(ahead, read);
    if (this.bytes.length - this.#at < Math.max(this.#needed, held + 1)) this.#makeRoom();
    while (this.#filled - this.#at < this.#needed || this.#filled - this.#at === held) {
      const position = this.#origin + this.#filled;
      const more = await this.#file.read(this.bytes, this.#filled, this.bytes.length - this.#filled, position);
      if (more === 0) throw new JournalError('the file became shorter while it was read');
      this.#filled += more;
    }
    this.#readAhead();
  }

  /** Begins to read what follows the window, unless its batches are so long that they would not fit before that. */
  #readAhead(): void {
    const position = this.#origin + this.#filled;
    const length = Math.min(WINDOW, this.size - position);
    if (length <= 0 || this.#needed > MARGIN) return;
    const bytes = this.#spare ?? Buffer.allocUnsafeSlow(MARGIN + WINDOW);
    this.#spare = undefined;
    this.#ahead = { bytes, read: this.#file.read(bytes, MARGIN, length, position).catch(() => 0) };
  }

  /** Makes the bytes that were read ahead the window, with what is left of the former window before them. */
  #continueIn({ bytes }: Ahead, read: number): void {
    const former = this.bytes;
    const end = this.#origin + this.#filled;
    const start = MARGIN - (this.#filled - this.#at);
    former.copy(bytes, start, this.#at, this.#filled);
    this.bytes = bytes;
    this.#origin = end - MARGIN;
    this.#at = start;
    this.#filled = MARGIN + read;
    if (former.length === bytes.length) this.#spare = former;
  }

  /** Finds the next batch, and reads from the disk as needed. */
  async next(): Promise<Found> {
    for (;;) {
      const found = this.take();
      if (found !== undefined) return found;
      await this.fill();
    }
  }

  /**
   * Skips to the next batch after a place where none was found, and stops before it.
   * @returns false, at the end of the file, if there is none.
   */
  async resynchronize(): Promise<boolean> {
    if (this.id === undefined) {
      // Without the id, the content of a value could be mistaken for a batch.
      this.#at = this.size - this.#origin;
      return false;
    }
    const [cutAt, cutSum] = [this.#cutAt, this.#cutSum];
    const isThere = await this.#findBatch();
    // `isTorn` needs these for the place where the search began, not for the candidates that it tried.
    this.#cutAt = cutAt;
    this.#cutSum = cutSum;
    return isThere;
  }

  async #findBatch(): Promise<boolean> {
    this.#at++;
    for (;;) {
      const held = this.bytes.subarray(0, this.#filled);
      const candidate = held.indexOf(this.#prefix, this.#at);
      if (candidate < 0) {
        // The window may end in the middle of a prefix.
        this.#at = Math.max(this.#at, this.#filled - this.#prefix.length + 1);
        if (this.size - this.offset < this.#prefix.length) break;
        this.#needed = this.#prefix.length;
        await this.fill();
        continue;
      }
      this.#at = candidate;
      if (await this.#isBatchHere()) return true;
      this.#at++;
    }
    this.#at = this.size - this.#origin;
    return false;
  }

  /**
   * Returns whether everything from `offset`, where `next` found no batch, is what a crash leaves of batches that were
   * not durable yet: a cut batch, or one whose end or some of whose sectors were never written and read as zeros. Other
   * damage does not come from a crash, and may have hit durable batches.
   */
  async isTorn(offset: number, found: Found): Promise<boolean> {
    if (found === 'cut') return !(await this.#hasWrongLength());
    const sector = Buffer.alloc(SECTOR);
    let zeros = 0;
    for (let at = offset; at < this.size; ) {
      const end = Math.min(this.size, (Math.floor(at / SECTOR) + 1) * SECTOR);
      const length = await this.#file.read(sector, 0, end - at, at);
      if (length === 0) break;
      const last = sector.subarray(0, length).findLastIndex((byte) => byte !== 0);
      if (last < 0 && length >= MIN_ZEROS) return true;
      zeros = last < 0 ? zeros + length : length - 1 - last;
      at += length;
    }
    // No batch ends in zeros.
    return zeros >= Math.min(MIN_ZEROS, this.size - offset);
  }

  /**
   * Returns whether the batch that seems cut is complete: the rest of the file has the checksum of its records, so only
   * its length is wrong.
   */
  async #hasWrongLength(): Promise<boolean> {
    if (this.#cutAt < 0) return false;
    const part = Buffer.alloc(WINDOW);
    let crc = 0;
    for (let at = this.#cutAt; at < this.size - BATCH_TRAILER; ) {
      const length = Math.min(WINDOW, this.size - BATCH_TRAILER - at);
      const read = await this.#file.read(part, 0, length, at);
      if (read === 0) return false;
      crc = checksum(part, 0, read, crc);
      at += read;
    }
    return this.#cutAt < this.size - BATCH_TRAILER && crc === this.#cutSum;
  }

  async #isBatchHere(): Promise<boolean> {
    for (;;) {
      const found = this.#parse(this.#at);
      if (found !== undefined) return found === 'batch';
      await this.fill();
    }
  }

  /** Moves the bytes from `#at` on to the start of a window that has room for what is needed. */
  #makeRoom(): void {
    const held = this.#filled - this.#at;
    const bytes = Math.max(this.#needed, held + 1);
    if (bytes <= this.bytes.length) {
      this.bytes.copyWithin(0, this.#at, this.#filled);
    } else {
      const longer = Math.min(Math.max(bytes, 2 * this.bytes.length), this.size - this.offset);
      const larger = Buffer.allocUnsafeSlow(longer);
      this.bytes.copy(larger, 0, this.#at, this.#filled);
      this.bytes = larger;
    }
    this.#origin += this.#at;
    this.#at = 0;
    this.#filled = held;
  }

  /**
   * Returns what is at `at` in the window, and sets `start` and `end` for a batch. If the window has too few bytes,
   * returns undefined and sets `#needed`.
   */
  #parse(at: number): Found | undefined {
    const { bytes } = this;
    const prefix = this.#prefix;
    this.#cutAt = -1;
    const available = this.#filled - at;
    const isAll = this.#origin + this.#filled >= this.size;
    if (available === 0 && isAll) return 'end';
    const compared = Math.min(available, prefix.length);
    if (bytes.compare(prefix, 0, compared, at, at + compared) !== 0)
      return this.#damage('a batch does not start where it should');
    const header = Math.min(MAX_BATCH_HEADER, this.size - this.#origin - at);
    if (available < header) return this.#more(header);

    let i = at + prefix.length;
    let crc = 0;
    const end = this.#filled;
    for (let digits = 0; digits < CRC_LENGTH; digits++, i++) {
      if (i >= end) return 'cut';
      const value = hexValue(bytes[i]);
      if (value < 0) return this.#damage('a batch has no checksum');
      crc = ((crc << 4) | value) >>> 0;
    }
    for (const expected of '\r\n$') {
      if (i >= end) return 'cut';
      if (bytes[i++] !== expected.charCodeAt(0)) return this.#damage('a batch has no length');
    }
    let length = 0;
    const first = i;
    for (; i < end && bytes[i] >= ZERO && bytes[i] <= NINE; i++) {
      if (i - first >= MAX_LENGTH_DIGITS) return this.#damage('a batch has no length');
      length = length * 10 + bytes[i] - ZERO;
    }
    if (i >= end) return 'cut';
    if (i === first || length > MAX_BATCH || (bytes[first] === ZERO && i - first > 1) || bytes[i] !== CR) {
      return this.#damage('a batch has no length');
    }
    if (++i >= end) return 'cut';
    if (bytes[i] !== LF) return this.#damage('a batch has no length');
    const start = i + 1;
    const whole = start + length + BATCH_TRAILER - at;
    if (this.offsetOf(at) + whole > this.size) {
      this.#cutAt = this.offsetOf(start);
      this.#cutSum = crc;
      return 'cut';
    }
    if (available < whole) return this.#more(whole);
    const after = start + length;
    if (bytes[after] !== CR || bytes[after + 1] !== LF || checksum(bytes, start, after) !== crc) {
      return this.#damage('the checksum of a batch is wrong');
    }
    this.start = start;
    this.end = after;
    return 'batch';
  }

  /** Converts an offset in the window to an offset in the file. */
  offsetOf(at: number): number {
    return this.#origin + at;
  }

  #more(needed: number): undefined {
    this.#needed = needed;
    return undefined;
  }

  #damage(reason: string): 'damage' {
    this.reason = reason;
    return 'damage';
  }
}

function hexValue(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}
