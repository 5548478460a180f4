import { type FileSystem, type JournalFile, syncFile, writeAll } from './file-system.js';
import { batchPrefix, encodeFileHeader, newFileId } from './frames.js';
import { JournalError } from './journal-error.js';
import { RecordEncoder } from './record-encoder.js';
import type { RecordSink } from './record-sink.js';

/** Bytes of records in a batch of a base: some thousand sessions. */
const BATCH = 256 * 1024;

/**
 * A base while it is written: the state as records, SESSION and ALIAS mostly. Records are gathered; when `isFull` says that
 * there are enough, `write` must be awaited before more are appended. So a base of any size takes little memory.
 *
 * What a session is may be read at any time while the base is written, and a large one piece by piece, over several turns of the event
 * loop: all that happens to it meanwhile is in the increment.
 */
export class BaseFile {
  readonly #file: JournalFile;
  readonly #prefix: Buffer;
  readonly #encoder = new RecordEncoder();
  #size: number;
  /** Why it is given up. */
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

  /** Bytes written. */
  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#encoder.length >= BATCH;
  }

  /**
   * Where its records go. A session with more than some MB of data should be given as a SESSION record without any and SET
   * records with parts of it: a batch is read as a whole.
   */
  get records(): RecordSink {
    return this.#encoder;
  }

  /** Lets the next `write` or `finish` fail. @param reason For a person. */
  abandon(reason: string): void {
    this.#abandoned = reason;
  }

  /** Writes what was gathered. @throws JournalError if it is given up. */
  async write(): Promise<void> {
    if (this.#abandoned !== undefined) throw new JournalError(this.#abandoned);
    if (this.#encoder.length === 0) return;
    const batch = this.#encoder.takeBatch(this.#prefix);
    await writeAll(this.#file, batch, this.#size);
    this.#size += batch.length;
    this.#encoder.recycle(batch);
  }

  /** Writes the rest and makes all of it durable. */
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
