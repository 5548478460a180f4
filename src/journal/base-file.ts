import { type FileSystem, type JournalFile, syncFile, writeAll } from './file-system.js';
import { batchPrefix, encodeFileHeader, newFileId } from './frames.js';
import { JournalError } from './journal-error.js';
import { RecordEncoder } from './record-encoder.js';
import type { RecordSink } from './record-sink.js';

/** Bytes of records in a batch of a base: about a thousand sessions. */
const BATCH = 256 * 1024;

/**
 * A base that is being written: the state as records, mostly SESSION and ALIAS. Records are gathered. When `isFull`,
 * `write` must be awaited before more are appended, so a base of any size takes little memory.
 *
 * A session may be read at any time while the base is being written, and a large one piece by piece, over several turns
 * of the event loop, because all changes to it meanwhile are in the increment.
 */
export class BaseFile {
  readonly #file: JournalFile;
  readonly #prefix: Buffer;
  readonly #encoder = new RecordEncoder();
  #size: number;
  /** Why the base was abandoned; undefined if it was not. */
  #abandoned: string | undefined;
  #closed = false;

  private constructor(file: JournalFile, id: string, size: number) {
    this.#file = file;
    this.#prefix = batchPrefix(id);
    this.#size = size;
  }

  static async create(fileSystem: FileSystem, path: string): Promise<BaseFile> {
    const id = newFileId();
    const header = encodeFileHeader(id);
    const file = await fileSystem.open(path, 'create');
    try {
      await writeAll(file, header, 0);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new BaseFile(file, id, header.length);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#encoder.length >= BATCH;
  }

  /**
   * What the records are appended to. A session with more than a few MB of data should be written as a SESSION record
   * without data, followed by SET records with parts of it, because a batch is read into memory completely.
   */
  get records(): RecordSink {
    return this.#encoder;
  }

  /**
   * Makes the next `write` or `finish` fail.
   * @param reason The error's message.
   */
  abandon(reason: string): void {
    this.#abandoned = reason;
  }

  /**
   * Writes what was gathered.
   * @throws JournalError if the base was abandoned.
   */
  async write(): Promise<void> {
    if (this.#abandoned !== undefined) throw new JournalError(this.#abandoned);
    if (this.#encoder.length === 0) return;
    const batch = this.#encoder.takeBatch(this.#prefix);
    await writeAll(this.#file, batch, this.#size);
    this.#size += batch.length;
    this.#encoder.recycle(batch);
  }

  /** Writes the rest and makes the file durable. */
  async finish(): Promise<void> {
    await this.write();
    await syncFile(this.#file);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close();
  }
}
