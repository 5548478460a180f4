import type { BaseFile } from './base-file.js';
import { type FileSystem, nodeFileSystem } from './file-system.js';
import { JournalDirectory, type LoadReport } from './journal-directory.js';
import { asJournalError, JournalError } from './journal-error.js';
import type { JournalRecord } from './record-decoder.js';
import type { RecordSink } from './record-sink.js';
import { type JournalClock, JournalWriter, type SyncPolicy } from './writer.js';

export interface JournalOptions {
  readonly clock: JournalClock;
  readonly policy: SyncPolicy;
  /** Called when the disk stops taking what is appended: it is kept and tried again. From then on `failure` says why. */
  readonly onFailure: (error: Error) => void;
  /** Called when it takes everything again. */
  readonly onRecovery: () => void;
  /** Default: this machine's. */
  readonly fileSystem?: FileSystem;
}

const GIVEN_UP = 'the compaction is given up: the journal is being closed';

/**
 * The journal: a directory of files and a writer at the end of the last.
 *
 *     const journal = await Journal.open(join(dir, 'journal'), options);
 *     await journal.load((record) => …);           // replay what there is
 *     journal.records.appendSet(token, key, value);   // in the act
 *     journal.whenDurable(journal.position, reply);   // with `always`
 *     await journal.compact(async (base) => …);      // write the state as a base
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

  /** Opens the journal in a directory, or makes an empty one there. @throws JournalError if it cannot be used. */
  static async open(path: string, options: JournalOptions): Promise<Journal> {
    try {
      return new Journal(await JournalDirectory.open(options.fileSystem ?? nodeFileSystem, path), options);
    } catch (error) {
      throw asJournalError(`cannot use the journal in ${path}`, error);
    }
  }

  /**
   * Replays the journal, then opens it for appending. To be called once, first of all.
   * @param onProgress Called now and then with how many bytes were read of all.
   * @throws JournalDamage if it is not what was written.
   */
  async load(
    visit: (record: JournalRecord) => void,
    onProgress?: (bytes: number, of: number) => void,
  ): Promise<LoadReport> {
    try {
      const report = await this.#directory.load(visit, onProgress);
      const increment = await this.#directory.openIncrement();
      this.#bytesBefore = report.bytes - increment.size;
      this.#writer = new JournalWriter({ ...this.#options, increment });
      return report;
    } catch (error) {
      throw asJournalError(`cannot read the journal in ${this.#directory.path}`, error);
    }
  }

  /** Where records go: what is appended in one turn of the event loop counts as a whole or not at all. */
  get records(): RecordSink {
    return this.#open();
  }

  /** Of the record appended last: how many were by then. */
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

  /** Calls back when everything up to a position is durable, at once if it is. It must not throw. */
  whenDurable(position: number, callback: () => void): void {
    this.#open().whenDurable(position, callback);
  }

  /** Makes everything durable that is appended by now, soon and whatever the policy is. Rejects if the disk fails. */
  makeDurable(): Promise<void> {
    return this.#open().makeDurable();
  }

  /** Bytes that are still to be written. */
  get unwrittenBytes(): number {
    return this.#open().unwrittenBytes;
  }

  /** Calls back once when fewer than so many bytes are still to be written, or the disk fails. It must not throw. */
  whenWritten(bytes: number, callback: () => void): void {
    this.#open().whenWritten(bytes, callback);
  }

  /** Why the disk takes nothing at the moment, undefined if it does: the time to refuse writes (MISCONF). */
  get failure(): Error | undefined {
    return this.#open().failure;
  }

  set policy(policy: SyncPolicy) {
    this.#open().policy = policy;
  }

  /** Bytes of all files, with what is still to be written. */
  get size(): number {
    return this.#bytesBefore + this.#open().size;
  }

  /** Bytes of the base, 0 if there is none: auto-aof-rewrite-percentage is about how much `size` exceeds it. */
  get baseSize(): number {
    return this.#directory.baseBytes;
  }

  /** Bytes that wait in memory for the disk. */
  get pendingBytes(): number {
    return this.#open().pendingBytes;
  }

  /** Whether the disk is at making durable what was written. */
  get isSyncing(): boolean {
    return this.#open().isSyncing;
  }

  /** To be called now and then: notices, also where nothing is ever synced, that the file is gone. */
  check(): void {
    this.#open().check();
  }

  /** By how many ms the wall clock is ahead of the time in which the journal's instants are, as was written down last. */
  get clockAhead(): number {
    return this.#directory.clockAhead;
  }

  /** Writes down, durably, by how many ms, whole, the wall clock is ahead of the journal's time. Rejects if the disk fails. */
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
   * Lets one base stand for everything so far. What is appended meanwhile goes to a new increment.
   * @param writeState Writes every session that there is now, as it is now or later, to a base: `append`, and `await base.write()`
   *   whenever `base.isFull`.
   * @throws JournalError if it is being done already or the disk fails at the moment; what `writeState` or the file system throws. The
   *   journal is then as good as before.
   */
  async compact(writeState: (base: BaseFile) => Promise<void>): Promise<void> {
    if (this.#compaction !== undefined) throw new JournalError('the journal is being compacted already');
    if (this.failure !== undefined) throw new JournalError('the journal cannot be compacted while the disk fails');
    this.#compaction = this.#compact(writeState);
    try {
      await this.#compaction;
    } finally {
      this.#compaction = undefined;
    }
  }

  /**
   * Gives a compaction up, makes everything durable and closes the files. A disk that fails is tried again until `giveUp`; rejects
   * then with UnwrittenChanges, closed all the same. To be called once.
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.#base?.abandon(GIVEN_UP);
    // Its error is told to who asked for it.
    await this.#compaction?.catch(() => {});
    await this.#writer?.close();
  }

  /** Has `close`, called already or later, try nothing again. */
  giveUp(): void {
    this.#writer?.giveUp();
  }

  async #compact(writeState: (base: BaseFile) => Promise<void>): Promise<void> {
    const increment = await this.#directory.beginCompaction();
    this.#bytesBefore = this.size;
    this.#open().switchTo(increment);
    const base = await this.#directory.createBase();
    this.#base = base;
    if (this.#closing) base.abandon(GIVEN_UP);
    try {
      await writeState(base);
      // The base has sessions as they were at different instants: it counts only with everything that was appended by now.
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

  /** Not a getter: V8 calls its runtime for one that is private. */
  #open(): JournalWriter {
    if (this.#writer === undefined) throw new Error('the journal has not been loaded');
    return this.#writer;
  }
}
