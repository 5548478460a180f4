import type { BaseFile } from './base-file.js';
import { type FileSystem, nodeFileSystem } from './file-system.js';
import { JournalDirectory, type LoadReport } from './journal-directory.js';
import { asJournalError, JournalError } from './journal-error.js';
import type { Foresight } from './reader.js';
import type { JournalRecord } from './record-decoder.js';
import type { RecordSink } from './record-sink.js';
import { type JournalClock, JournalWriter, type SyncPolicy, type WriterActivity } from './writer.js';

export interface JournalOptions {
  readonly clock: JournalClock;
  readonly policy: SyncPolicy;
  /**
   * Called when writing to the disk fails. Records are kept and writing is retried. From then on `failure` gives the
   * reason.
   */
  readonly onFailure: (error: Error) => void;
  /** Called when writing works again and nothing is left to be retried. */
  readonly onRecovery: () => void;
  /** Called after each sync with how long it took, in ms. */
  readonly onSync?: ((ms: number) => void) | undefined;
  /** Default: the file system of this machine. */
  readonly fileSystem?: FileSystem;
}

const GIVEN_UP = 'the compaction was aborted because the journal is being closed';

/**
 * The journal: a directory of files, and a writer that appends to the last one.
 *
 *     const journal = await Journal.open(join(dir, 'journal'), options);
 *     await journal.load((record) => …);            // replay what is there
 *     journal.records.appendSet(token, key, value); // record a change
 *     journal.whenDurable(journal.position, reply); // with `always`
 *     await journal.compact(async (base) => …);     // write the current state as a base
 *     await journal.close();
 *
 * The caller has exclusive use of the directory (`DirectoryLock`).
 */
export class Journal {
  readonly #directory: JournalDirectory;
  readonly #options: JournalOptions;
  #writer: JournalWriter | undefined;
  #bytesBefore = 0;
  #compaction: Promise<void> | undefined;
  #base: BaseFile | undefined;
  #closing = false;

  private constructor(directory: JournalDirectory, options: JournalOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  /**
   * Opens the journal in a directory, or creates an empty one there.
   * @throws JournalError if the directory cannot be used.
   */
  static async open(path: string, options: JournalOptions): Promise<Journal> {
    try {
      return new Journal(await JournalDirectory.open(options.fileSystem ?? nodeFileSystem, path), options);
    } catch (error) {
      throw asJournalError(`cannot use the journal in ${path}`, error);
    }
  }

  /**
   * Replays the journal, then opens it for appending. Call this once, before anything else.
   * @param onProgress Called from time to time with the number of bytes read so far and the number of all bytes.
   * @param foresee See `Foresight`.
   * @throws JournalDamage if the content is not what was written.
   */
  async load(
    visit: (record: JournalRecord) => void,
    onProgress?: (bytes: number, of: number) => void,
    foresee?: Foresight,
  ): Promise<LoadReport> {
    try {
      const report = await this.#directory.load(visit, onProgress, foresee);
      const increment = await this.#directory.openIncrement();
      this.#bytesBefore = report.bytes - increment.size;
      this.#writer = new JournalWriter({ ...this.#options, increment });
      return report;
    } catch (error) {
      throw asJournalError(`cannot read the journal in ${this.#directory.path}`, error);
    }
  }

  /** What records are appended to. All records of one turn of the event loop are replayed together or not at all. */
  get records(): RecordSink {
    return this.#open();
  }

  /** The position of the record appended last: the number of records so far. */
  get position(): number {
    return this.#open().position;
  }

  /** The position up to which everything survives the end of the process. */
  get written(): number {
    return this.#open().written;
  }

  /** The position up to which everything survives a power failure. */
  get durable(): number {
    return this.#open().durable;
  }

  /**
   * Calls back when everything up to a position is durable; immediately if it already is. The callback must not throw.
   */
  whenDurable(position: number, callback: () => void): void {
    this.#open().whenDurable(position, callback);
  }

  /** Makes everything appended so far durable soon, whatever the policy. Rejects if the disk fails. */
  makeDurable(): Promise<void> {
    return this.#open().makeDurable();
  }

  /** See `JournalWriter`. */
  mark(): void {
    this.#open().mark();
  }

  hold(): void {
    this.#open().hold();
  }

  release(): void {
    this.#open().release();
  }

  /** Bytes still to be written. */
  get unwrittenBytes(): number {
    return this.#open().unwrittenBytes;
  }

  /**
   * Calls back once, when fewer than `bytes` bytes are still to be written or the disk fails. The callback must not
   * throw.
   */
  whenWritten(bytes: number, callback: () => void): void {
    this.#open().whenWritten(bytes, callback);
  }

  /**
   * Why writing to the disk fails at the moment, so that clients' writes are refused (MISCONF); undefined if it works.
   */
  get failure(): Error | undefined {
    return this.#open().failure;
  }

  set policy(policy: SyncPolicy) {
    this.#open().policy = policy;
  }

  /** Size of all files in bytes, with what is still to be written. */
  get size(): number {
    return this.#bytesBefore + this.#open().size;
  }

  /** Size of the base in bytes, 0 if there is none. `auto-aof-rewrite-percentage` compares `size` with it. */
  get baseSize(): number {
    return this.#directory.baseBytes;
  }

  /** Bytes kept in memory until the disk has them. */
  get pendingBytes(): number {
    return this.#open().pendingBytes;
  }

  /** What was done since the journal was loaded, compactions excepted. */
  get activity(): WriterActivity {
    return this.#open().activity;
  }

  /** Whether a sync is under way. */
  get isSyncing(): boolean {
    return this.#open().isSyncing;
  }

  /**
   * Checks that the file still exists. Call this from time to time: with a policy that never syncs, nothing else
   * notices that the file is gone.
   */
  check(): void {
    this.#open().check();
  }

  /** By how many ms the wall clock is ahead of the journal's clock, as last recorded. */
  get clockAhead(): number {
    return this.#directory.clockAhead;
  }

  /**
   * Records durably by how many ms (an integer) the wall clock is ahead of the journal's clock. Rejects if the disk
   * fails.
   */
  async setClockAhead(ms: number): Promise<void> {
    try {
      await this.#directory.setClockAhead(ms);
    } catch (error) {
      throw asJournalError(`cannot write to ${this.#directory.path}`, error);
    }
  }

  get isCompacting(): boolean {
    return this.#compaction !== undefined;
  }

  /**
   * Replaces everything so far with one base. Records that are appended meanwhile go to a new increment.
   * @param writeState Writes every session that exists now to the base, in its current or a later state: it appends to
   *   `base.records`, and awaits `base.write()` whenever `base.isFull`.
   * @throws JournalError if a compaction is under way or the disk fails at the moment; also what `writeState` or the
   *   file system throws. The journal is then as it was.
   */
  async compact(writeState: (base: BaseFile) => Promise<void>): Promise<void> {
    if (this.#compaction !== undefined) throw new JournalError('the journal is already being compacted');
    if (this.failure !== undefined) throw new JournalError('the journal cannot be compacted while the disk fails');
    this.#compaction = this.#compact(writeState);
    try {
      await this.#compaction;
    } finally {
      this.#compaction = undefined;
    }
  }

  /**
   * Aborts a compaction, makes everything durable and closes the files. If the disk fails, this retries until `giveUp`
   * is called; then it closes the files and rejects with UnwrittenChanges. Call this once.
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.#base?.abandon(GIVEN_UP);
    // The caller of `compact` gets any error.
    await this.#compaction?.catch(() => {});
    await this.#writer?.close();
  }

  /** Makes `close`, whenever it is called, stop retrying. */
  giveUp(): void {
    this.#writer?.giveUp();
  }

  async #compact(writeState: (base: BaseFile) => Promise<void>): Promise<void> {
    const increment = await this.#directory.beginCompaction();
    // Records that are kept together belong to one increment.
    await this.#open().whenReleased();
    this.#bytesBefore = this.size;
    this.#open().switchTo(increment);
    const base = await this.#directory.createBase();
    this.#base = base;
    if (this.#closing) base.abandon(GIVEN_UP);
    try {
      await writeState(base);
      // The base has sessions as they were at different times, so it is valid only together with everything appended
      // so far.
      await this.#open().makeDurable();
      await this.#directory.finishCompaction(base, increment);
      this.#bytesBefore = base.size;
    } catch (error) {
      await this.#directory.dropBase(base).catch(() => {});
      throw error;
    } finally {
      this.#base = undefined;
    }
  }

  /**
   * Returns the writer, once the journal is loaded. Not a getter, because private getters are slow: V8 calls its
   * runtime for them.
   */
  #open(): JournalWriter {
    if (this.#writer === undefined) throw new Error('the journal has not been loaded');
    return this.#writer;
  }
}
