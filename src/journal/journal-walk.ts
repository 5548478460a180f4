import { BatchScanner, type Found } from './batch-scanner.js';
import type { FileSystem } from './file-system.js';
import { BATCH_TRAILER, type FileHeader } from './frames.js';
import { JournalDamage } from './journal-error.js';
import { type JournalRecord, RecordDecoder, RecordError } from './record-decoder.js';

/** A part of a file that is not a good batch. */
export interface BadPart {
  /** Where it starts, in bytes. */
  readonly offset: number;
  /** How long it is: up to the next good batch, or to the end of the file. */
  readonly bytes: number;
  readonly reason: string;
  /** Whether it is the end of the file, as a crash leaves it: batches that were not durable yet. */
  readonly isTorn: boolean;
  /** Where the next good batch is, if there is one. */
  readonly next: number | undefined;
}

/** Walks the batches of a file of the journal, and the records of each batch. What a bad part means is up to the caller. */
export class JournalWalk {
  readonly #scanner: BatchScanner;
  readonly #path: string;
  readonly #decoder = new RecordDecoder();
  /** Where in the file the batch starts that was found last. */
  #start = 0;
  /** Where in the scanner's window the current record is, and the next one. */
  #record = 0;
  #next = 0;

  private constructor(scanner: BatchScanner, path: string) {
    this.#scanner = scanner;
    this.#path = path;
  }

  /** @throws JournalError if the format is of a later version, and what the file system throws. */
  static async open(fileSystem: FileSystem, path: string): Promise<JournalWalk> {
    return new JournalWalk(await BatchScanner.open(fileSystem, path), path);
  }

  close(): Promise<void> {
    return this.#scanner.close();
  }

  /** The file's header, undefined if it is damaged. */
  get header(): FileHeader | undefined {
    return this.#scanner.header;
  }

  /** The id of the file's batches, undefined if it cannot be found out. */
  get id(): string | undefined {
    return this.#scanner.id;
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#scanner.size;
  }

  /** Where the walk is in the file: behind the last batch or the last bad part. */
  get offset(): number {
    return this.#scanner.offset;
  }

  /** @throws JournalDamage if the file does not start with a good header. */
  checkHeader(): void {
    if (this.header === undefined) throw this.damage(0, 'it does not start like a file of the journal');
  }

  /** Goes on to the next batch without reading from the disk. Returns undefined if `fill` must be awaited first. */
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

  /** Goes on to the next batch. */
  async next(): Promise<Found> {
    for (;;) {
      const found = this.take();
      if (found !== undefined) return found;
      await this.fill();
    }
  }

  /** Where the batch or the bad part starts that was found last. */
  get start(): number {
    return this.#start;
  }

  /** All bytes of the batch that was found, valid until the next call. */
  get batch(): Buffer {
    const end = this.#scanner.end + BATCH_TRAILER;
    return this.#scanner.bytes.subarray(end - (this.offset - this.#start), end);
  }

  /**
   * The next record of the batch that was found, valid until the next call; undefined at the end of the batch.
   * @throws RecordError if there is something else.
   */
  nextRecord(): JournalRecord | undefined {
    const { bytes, end } = this.#scanner;
    if (this.#next >= end) return undefined;
    this.#record = this.#next;
    this.#next = this.#decoder.decode(bytes, this.#next, end);
    return this.#decoder;
  }

  /** The error to throw in place of one that reading the current record threw: it says where the record is. */
  errorOf(error: unknown): unknown {
    if (!(error instanceof RecordError)) return error;
    return this.damage(this.#scanner.offsetOf(this.#record), error.message);
  }

  /** What is wrong where no batch was `found`. The walk goes on behind it. */
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

  /** The error for a bad part that cannot be excused. */
  damageBy({ offset, reason, next }: BadPart): JournalDamage {
    return this.damage(offset, next === undefined ? reason : `${reason}, and good batches follow at byte ${next}`);
  }

  /** The error for damage anywhere in the file. */
  damage(offset: number, reason: string): JournalDamage {
    return new JournalDamage(this.#path, offset, reason);
  }
}
