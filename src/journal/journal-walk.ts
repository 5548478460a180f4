import { BatchScanner, type Found } from './batch-scanner.js';
import type { FileSystem } from './file-system.js';
import { BATCH_TRAILER, type FileHeader } from './frames.js';
import { JournalDamage } from './journal-error.js';
import { type JournalRecord, RecordDecoder, RecordError } from './record-decoder.js';

/** A part of a file that is not a good batch. Offsets and lengths are in bytes. */
interface BadPart {
  /** Its offset in the file. */
  readonly offset: number;
  /** Its length, up to the next good batch or the end of the file. */
  readonly bytes: number;
  readonly reason: string;
  /** Whether it is the incomplete end that a crash leaves: batches that were not durable yet. */
  readonly isTorn: boolean;
  /** Offset of the next good batch; undefined if there is none. */
  readonly next: number | undefined;
}

/** The most records that are read ahead. */
const AHEAD = 32;
/** A record with more bytes is read only when it is the next one. */
const LONG = 16 * 1024;

/** Walks the batches of a file of the journal, and the records of each. The caller decides what a bad part means. */
export class JournalWalk {
  readonly #scanner: BatchScanner;
  readonly #path: string;
  readonly #decoder = new RecordDecoder();
  /** The records that were read ahead, and their offsets in the scanner's window. */
  readonly #ahead = Array.from({ length: AHEAD }, () => new RecordDecoder());
  readonly #offsets = new Float64Array(AHEAD);
  /** The offset in the file of the batch found last. */
  #start = 0;
  /** The offsets of the current record and the next one in the scanner's window. */
  #record = 0;
  #next = 0;

  private constructor(scanner: BatchScanner, path: string) {
    this.#scanner = scanner;
    this.#path = path;
  }

  /** @throws JournalError if the file's format is of a later version; also what the file system throws. */
  static async open(fileSystem: FileSystem, path: string): Promise<JournalWalk> {
    return new JournalWalk(await BatchScanner.open(fileSystem, path), path);
  }

  close(): Promise<void> {
    return this.#scanner.close();
  }

  /** The file's header; undefined if it is damaged. */
  get header(): FileHeader | undefined {
    return this.#scanner.header;
  }

  /** The id in the file's batches; undefined if it cannot be determined. */
  get id(): string | undefined {
    return this.#scanner.id;
  }

  /** Size of the file in bytes. */
  get size(): number {
    return this.#scanner.size;
  }

  /** The current offset in the file: after the last batch or bad part. */
  get offset(): number {
    return this.#scanner.offset;
  }

  /** @throws JournalDamage if the file does not start with a good header. */
  checkHeader(): void {
    if (this.header === undefined) throw this.damage(0, 'it does not start like a file of the journal');
  }

  /** Finds the next batch without reading from the disk. Returns undefined if `fill` must be awaited first. */
  take(): Found | undefined {
    this.#start = this.#scanner.offset;
    const found = this.#scanner.take();
    this.#next = this.#scanner.start;
    return found;
  }

  /** Reads more of the file. */
  fill(): Promise<void> {
    return this.#scanner.fill();
  }

  /** Finds the next batch, and reads from the disk as needed. */
  async next(): Promise<Found> {
    for (;;) {
      const found = this.take();
      if (found !== undefined) return found;
      await this.fill();
    }
  }

  /** The offset in the file of the batch or bad part found last. */
  get start(): number {
    return this.#start;
  }

  /** All bytes of the batch that was found, valid until the next call. */
  get batch(): Buffer {
    const end = this.#scanner.end + BATCH_TRAILER;
    return this.#scanner.bytes.subarray(end - (this.offset - this.#start), end);
  }

  /**
   * Returns the next record of the batch that was found, valid until the next call; undefined at the end of the batch.
   * @throws RecordError if it is invalid.
   */
  nextRecord(): JournalRecord | undefined {
    const { bytes, end } = this.#scanner;
    if (this.#next >= end) return undefined;
    this.#record = this.#next;
    this.#next = this.#decoder.decode(bytes, this.#next, end);
    return this.#decoder;
  }

  /**
   * Reads the next records of the batch that was found, at most `AHEAD`. They are valid until the next call. Returns
   * their number, 0 at the end of the batch.
   * @throws RecordError if the first of them is invalid. If a later one is, only those before it are read.
   */
  readAhead(): number {
    const { bytes, end } = this.#scanner;
    let count = 0;
    for (; count < AHEAD && this.#next < end; count++) {
      const at = this.#next;
      this.#record = at;
      this.#offsets[count] = at;
      try {
        this.#next = this.#ahead[count].decode(bytes, at, end);
      } catch (error) {
        // The next call throws it, after the caller has used the records before it.
        if (count > 0) break;
        throw error;
      }
      if (count > 0 && this.#next - at > LONG) {
        // It becomes the first of the next call, so that only one decoder keeps memory for long records.
        this.#ahead[count] = new RecordDecoder();
        this.#next = at;
        break;
      }
    }
    return count;
  }

  /** All records that can be read ahead. Those below the result of `readAhead` are valid. */
  get ahead(): readonly JournalRecord[] {
    return this.#ahead;
  }

  /** Makes a record that was read ahead the current one, and returns it. */
  moveTo(index: number): JournalRecord {
    this.#record = this.#offsets[index];
    return this.#ahead[index];
  }

  /** Returns the error to throw instead of one from the current record. It says where the record is. */
  errorOf(error: unknown): unknown {
    if (!(error instanceof RecordError)) return error;
    return this.damage(this.#scanner.offsetOf(this.#record), error.message);
  }

  /**
   * Describes what was found instead of a batch, and moves past it.
   * @param found The result of `take` or `next`.
   */
  async badPart(found: Found): Promise<BadPart> {
    const scanner = this.#scanner;
    const offset = this.#start;
    const broken = scanner.reason;
    const goesOn = await scanner.resynchronize();
    const isTorn = !goesOn && (await scanner.isTorn(offset, found));
    const cut = isTorn ? 'a batch is incomplete' : 'the length of a batch is wrong';
    const end = goesOn ? scanner.offset : scanner.size;
    const reason = found === 'cut' ? cut : broken;
    return { offset, bytes: end - offset, reason, isTorn, next: goesOn ? end : undefined };
  }

  /** Returns the error for a bad part that is damage. */
  damageBy({ offset, reason, next }: BadPart): JournalDamage {
    return this.damage(offset, next === undefined ? reason : `${reason}, and good batches follow at byte ${next}`);
  }

  /** Returns the error for damage at an offset of the file. */
  damage(offset: number, reason: string): JournalDamage {
    return new JournalDamage(this.#path, offset, reason);
  }
}
