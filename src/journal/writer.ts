import { DurationHistogram } from '../duration-histogram.js';
import type { Slice } from '../slice.js';
import { FileGoneError, type JournalFile } from './file-system.js';
import { batchPrefix } from './frames.js';
import type { Increment } from './journal-directory.js';
import { RecordEncoder } from './record-encoder.js';
import type { RecordSink } from './record-sink.js';
import type { RecordFields, RecordName, TokenRecord } from './records.js';
import { UnwrittenChanges } from './unwritten-changes.js';

/** When written data is made durable: before the reply, once a second, or when the operating system chooses. */
export type SyncPolicy = 'always' | 'everysec' | 'no';

/** The clock that the writer uses, such as the engine's. Times are in ms. */
export interface JournalClock {
  now(): number;
  after(delay: number, callback: () => void): () => void;
}

interface WriterOptions {
  readonly increment: Increment;
  readonly policy: SyncPolicy;
  readonly clock: JournalClock;
  /**
   * Called when writing or syncing fails for the first time after it has worked. Records are kept, and writing is
   * retried.
   */
  readonly onFailure: (error: Error) => void;
  /** Called after each sync with how long it took, in ms. */
  readonly onSync?: ((ms: number) => void) | undefined;
  /** Called when everything that was kept has reached the disk. */
  readonly onRecovery: () => void;
}

/** What a writer has done. Times are in ms on its clock. */
export interface WriterActivity {
  /** Bytes handed to the operating system. What was written again after a failed sync counts again. */
  readonly writtenBytes: number;
  /** How long syncs took, including those that failed. */
  readonly syncs: DurationHistogram;
  /** When the latest sync ended, and how many ms it took; undefined before the first. */
  readonly lastSync: { readonly at: number; readonly ms: number } | undefined;
  /** Writes and syncs that failed. */
  readonly errors: number;
  /** When the latest of them failed; -Infinity if none has. */
  readonly failedAt: number;
}

/** Time between two syncs with `everysec`, in ms. */
const SYNC_INTERVAL = 1000;

/** Delay of the first retry after a failure, in ms. It doubles each time, up to the longest. */
const FIRST_RETRY = 100;
const LONGEST_RETRY = 1000;

/** While the disk is busy, records of successive turns are gathered in one batch of up to this many bytes. */
const LONG_BATCH = 1024 * 1024;

/**
 * Unless a reply waits for them, records are gathered for this many ms, or until they take this many bytes. A write
 * costs some ten microseconds, and otherwise every turn would need one. If the process is killed, no more than this is
 * lost.
 */
const GATHER_MS = 10;
const ENOUGH = 512 * 1024;

/** Far more bytes than one turn usually appends, and far fewer than a batch can have. */
const LONGEST_BATCH = 2 ** 30;

interface Batch {
  /** Undefined marks the end of an increment, which must be durable before the next one begins. */
  readonly bytes: Buffer | undefined;
  /** The position of its last record. */
  readonly position: number;
  readonly file: JournalFile;
  /** Its offset in the file. */
  readonly at: number;
}

interface Closing {
  readonly promise: Promise<void>;
  /** Call this once when closing has ended, with the error if it failed. */
  readonly settle: (error?: Error) => void;
}

/**
 * Writes records to an increment, one batch at a time, while the records of the next turns are gathered (group commit).
 * Nothing here blocks: `append` writes to memory, and the rest happens when the operating system reports completion.
 *
 * A position is the number of records appended so far. Records up to `written` have been handed to the operating system
 * and survive the end of the process. Records up to `durable` survive a power failure.
 *
 * When the disk fails, nothing is given up and nothing is written twice. A batch that was written in part continues
 * where it stopped once there is room; until then the file ends as it does after a crash, in an incomplete batch. A
 * failed sync may have dropped data, and a later sync would report success. So, unless the policy is `no`, batches are
 * kept in memory until they are durable, and after a failed sync all of them are written again, to the same places,
 * before anything else. `durable` advances only after a successful sync that began after that.
 */
export class JournalWriter implements RecordSink {
  readonly #clock: JournalClock;
  readonly #onSync: ((ms: number) => void) | undefined;
  readonly #onFailure: (error: Error) => void;
  readonly #onRecovery: () => void;
  readonly #encoder = new RecordEncoder();
  #policy: SyncPolicy;
  #file: JournalFile;
  #prefix: Buffer;
  /** Size of the increment in bytes once all batches are written. */
  #size: number;

  /** Batches that are not durable yet, oldest first; with `no`, those that are not written. */
  readonly #batches: Batch[] = [];
  /** The index of the batch that is being written or will be written next, and how many of its bytes are written. */
  #next = 0;
  #done = 0;
  #writing = false;
  #syncing = false;
  /** Whether something was written that no sync covers. */
  #dirty = false;
  #syncedAt: number;
  /** Whether all batches that were kept must be written again. */
  #rewind = false;
  #written = 0;
  #durable = 0;
  /** The position of the last record that was written and not kept (with `no`). */
  #forgotten = 0;

  /** Whether `#onTurnEnd` is scheduled. */
  #turnEnds = false;
  /** Whether appended records will be written in a few ms. */
  #gathers = false;
  /** The length and the position at the latest `mark`, as far as they have not become a batch. */
  #markLength = 0;
  #markPosition = 0;
  /** Whether the records from the mark on are kept together. */
  #held = false;
  #onRelease: (() => void)[] = [];
  #cancelSync: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #retryAfter = FIRST_RETRY;
  #failure: Error | undefined;

  /** The positions that callbacks wait for, in ascending order. Those from `#firstWaiter` on have not been called. */
  #waitingFor: number[] = [];
  #waiters: (() => void)[] = [];
  #firstWaiter = 0;
  /** The position up to which everything must soon be durable, whatever the policy. */
  #promised = 0;
  /** Callbacks of `makeDurable`, called if the disk fails. */
  readonly #urgent = new Set<(error: Error) => void>();
  /** Bytes of batches that are not written yet. */
  #unwritten = 0;
  #writtenBytes = 0;
  readonly #syncs = new DurationHistogram();
  /** How long the latest sync took, in ms; undefined before the first. */
  #syncMs: number | undefined;
  #errors = 0;
  #failedAt = -Infinity;
  #catchingUp: { readonly bytes: number; readonly callback: () => void }[] = [];

  #closing: Closing | undefined;
  /** Whether failures during `close` are final. */
  #givenUp = false;
  #closed = false;

  constructor({ increment, policy, clock, onFailure, onRecovery, onSync }: WriterOptions) {
    this.#onSync = onSync;
    this.#clock = clock;
    this.#policy = policy;
    this.#onFailure = onFailure;
    this.#onRecovery = onRecovery;
    this.#file = increment.file;
    this.#prefix = batchPrefix(increment.id);
    this.#size = increment.size;
    this.#syncedAt = clock.now();
  }

  /**
   * Appends a record. All records of one turn of the event loop form one batch, which is replayed completely or not at
   * all.
   */
  append<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest: readonly Slice[] = []): void {
    this.begin(name, fields, rest.length);
    for (const bytes of rest) this.item(bytes);
  }

  appendSet(token: Slice, key: Slice, value: Slice): void {
    this.#prepare();
    this.#encoder.appendSet(token, key, value);
    this.#writeSoon();
  }

  beginAbout(name: TokenRecord, token: Slice, rest: number): void {
    this.#prepare();
    this.#encoder.beginAbout(name, token, rest);
    this.#writeSoon();
  }

  begin<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest: number): void {
    this.#prepare();
    this.#encoder.begin(name, fields, rest);
    this.#writeSoon();
  }

  item(bytes: Slice): void {
    this.#encoder.item(bytes);
  }

  /** Call this where records begin that may have to be kept together over several turns. */
  mark(): void {
    this.#markLength = this.#encoder.length;
    this.#markPosition = this.#encoder.records;
  }

  /**
   * From now on until `release`, all records since `mark` are gathered in one batch. It becomes more than one only if
   * they take more than a gigabyte. Meanwhile `position` is that of the mark, so nobody waits for these records.
   */
  hold(): void {
    this.#held = true;
    if (this.#markLength > 0) {
      this.#add(this.#encoder.takeFirst(this.#markLength, this.#prefix), this.#markPosition);
      this.#markLength = 0;
    }
    this.#pumpAtTurnEnd();
  }

  /** Ends `hold`. What is appended in the same turn is still in the same batch. */
  release(): void {
    this.#held = false;
    this.#pumpAtTurnEnd();
    for (const callback of this.#onRelease.splice(0)) callback();
  }

  /** Resolves when no records are held back. */
  async whenReleased(): Promise<void> {
    while (this.#held) await new Promise<void>((resolve) => this.#onRelease.push(resolve));
  }

  /** The position of the record appended last, or of the last one before those that are held. */
  get position(): number {
    return this.#held ? this.#markPosition : this.#encoder.records;
  }

  get written(): number {
    // Nobody can find a removed file after the process has ended.
    return this.#failure instanceof FileGoneError ? this.#durable : this.#written;
  }

  get durable(): number {
    return this.#durable;
  }

  /** Why writing fails at the moment; undefined if it works. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Size of the increment in bytes, with what is still to be written. */
  get size(): number {
    return this.#size + this.#encoder.length;
  }

  /** Bytes of batches kept in memory. */
  get pendingBytes(): number {
    return this.#batches.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), this.#encoder.length);
  }

  /** What was done since this was made. */
  get activity(): WriterActivity {
    return {
      writtenBytes: this.#writtenBytes,
      syncs: this.#syncs,
      lastSync: this.#syncMs === undefined ? undefined : { at: this.#syncedAt, ms: this.#syncMs },
      errors: this.#errors,
      failedAt: this.#failedAt,
    };
  }

  /** Whether a sync is under way. */
  get isSyncing(): boolean {
    return this.#syncing;
  }

  get policy(): SyncPolicy {
    return this.#policy;
  }

  set policy(policy: SyncPolicy) {
    // The waiting callbacks were promised a sync, and the new policy may not make one.
    const isAwaited = this.#policy === 'always' && this.#firstWaiter < this.#waiters.length;
    if (isAwaited) this.#promised = this.#waitingFor[this.#waiters.length - 1];
    this.#policy = policy;
    // Not immediately: this turn may be in the middle of a transaction, which must be one batch.
    this.#pumpAtTurnEnd();
  }

  /** Bytes still to be written. */
  get unwrittenBytes(): number {
    return this.#held ? this.#unwritten : this.#unwritten + this.#encoder.length;
  }

  /**
   * Calls back once, when fewer than `bytes` bytes are still to be written or the disk fails. The callback must not
   * throw.
   */
  whenWritten(bytes: number, callback: () => void): void {
    this.#catchingUp.push({ bytes, callback });
  }

  /** Makes everything appended so far durable soon, whatever the policy. Rejects if the disk fails. */
  makeDurable(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#urgent.add(reject);
      this.#promised = this.#encoder.records;
      this.whenDurable(this.#promised, () => {
        this.#urgent.delete(reject);
        resolve();
      });
      this.#pumpAtTurnEnd();
    });
  }

  /**
   * Calls back when everything up to a position is durable; immediately if it already is. Callbacks are called in the
   * order in which they were passed, and must not throw. With `no` this may take until the increment ends.
   */
  whenDurable(position: number, callback: () => void): void {
    if (position <= this.#durable && this.#firstWaiter === this.#waiters.length) {
      callback();
      return;
    }
    this.#waitingFor.push(position);
    this.#waiters.push(callback);
  }

  /** Checks that the file still exists. Only this notices its removal if the policy never syncs. */
  check(): void {
    if (this.#policy !== 'no' || this.#failure !== undefined) return;
    const file = this.#file;
    file.look((error) => {
      if (error === null || file !== this.#file || this.#closing !== undefined || this.#closed) return;
      // The retry is a sync, which fails as long as the file is gone.
      this.#dirty = true;
      this.#failed(error);
    });
  }

  /**
   * Continues in another increment. Records appended so far go to the current one, which is closed when all of them are
   * durable. Records appended from now on are written to the new one after that.
   */
  switchTo(increment: Increment): void {
    this.#seal();
    this.#batches.push({ bytes: undefined, position: this.#encoder.records, file: this.#file, at: this.#size });
    this.#file = increment.file;
    this.#prefix = batchPrefix(increment.id);
    this.#size = increment.size;
    this.#pump();
  }

  /**
   * Makes everything durable and closes the file. Nothing may be appended any more. If the disk fails, this retries
   * until `giveUp` is called; then it closes the file and rejects with UnwrittenChanges.
   */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise;
    let settle: Closing['settle'] = () => {};
    const promise = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.#closing = { promise, settle };
    this.#cancelSync?.();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#held = false;
    this.#seal();
    this.#pump();
    return promise;
  }

  /** Makes `close`, whenever it is called, end with the next failure, or immediately if the disk is failing now. */
  giveUp(): void {
    this.#givenUp = true;
    const isResting = this.#cancelRetry !== undefined && !this.#writing && !this.#syncing;
    if (this.#closing !== undefined && this.#failure !== undefined && isResting)
      void this.#closeWithLoss(this.#failure);
  }

  /**
   * Schedules a write: for the end of the turn with `always` or if much has been gathered, otherwise for a few ms
   * later.
   */
  #writeSoon(): void {
    if (this.#policy === 'always' || this.#encoder.length > ENOUGH) {
      this.#pumpAtTurnEnd();
    } else if (!this.#gathers) {
      this.#gathers = true;
      this.#clock.after(GATHER_MS, this.#onGathered);
    }
  }

  #pumpAtTurnEnd(): void {
    if (this.#turnEnds) return;
    this.#turnEnds = true;
    this.#clock.after(0, this.#onTurnEnd);
  }

  /** Call this before each record. */
  #prepare(): void {
    if (this.#closed || this.#closing !== undefined) throw new Error('the journal is closed');
    // The length of a batch is limited. If one turn appends this much, it becomes several batches.
    if (this.#encoder.length > LONGEST_BATCH) this.#seal();
  }

  readonly #onGathered = (): void => {
    this.#gathers = false;
    this.#pump();
  };

  readonly #onTurnEnd = (): void => {
    this.#turnEnds = false;
    if (this.#encoder.length > LONG_BATCH && !this.#held) this.#seal();
    this.#pump();
  };

  /**
   * Makes a batch of the records gathered so far. Call this between turns, because the records of one turn belong
   * together.
   */
  #seal(): void {
    this.#markLength = 0;
    this.#markPosition = this.#encoder.records;
    if (this.#encoder.length > 0) this.#add(this.#encoder.takeBatch(this.#prefix), this.#encoder.records);
  }

  #add(bytes: Buffer, position: number): void {
    this.#batches.push({ bytes, position, file: this.#file, at: this.#size });
    this.#size += bytes.length;
    this.#unwritten += bytes.length;
  }

  /** Starts the next write or sync, unless one is under way or a retry is pending. */
  #pump(): void {
    if (this.#writing || this.#cancelRetry !== undefined || this.#closed) return;
    if (this.#rewind) {
      this.#rewind = false;
      // Everything written will be written again, so no sync is needed before that, unless nothing was kept.
      if (this.#next > 0) this.#dirty = false;
      this.#next = 0;
      this.#done = 0;
    }
    // Group commit: records appended during a sync form one batch for the next sync.
    const isAwaited = this.#policy === 'always' || this.#durable < this.#promised;
    if (isAwaited && this.#done === 0 && (this.#dirty || this.#syncing)) {
      this.#sync();
      return;
    }
    if (this.#next === this.#batches.length && !this.#held) this.#seal();
    const batch = this.#batches[this.#next];
    if (batch === undefined) this.#rest();
    else if (batch.bytes === undefined) this.#endIncrement(batch.file);
    else this.#write(batch, batch.bytes);
  }

  /** Call this when everything is written. */
  #rest(): void {
    if (this.#failure !== undefined && !this.#dirty) this.#recovered();
    if (!this.#dirty) {
      if (!this.#syncing) this.#encoder.relax();
      if (this.#closing !== undefined && !this.#syncing) this.#finishClosing();
      return;
    }
    if (this.#closing !== undefined || this.#failure !== undefined) this.#sync();
    else if (this.#policy === 'everysec') this.#syncLater();
  }

  #write(batch: Batch, bytes: Buffer): void {
    this.#writing = true;
    batch.file.write(bytes, this.#done, bytes.length - this.#done, batch.at + this.#done, (error, count) => {
      this.#writing = false;
      if (error !== null || count === 0) {
        this.#failed(error ?? new Error('nothing could be written'));
        return;
      }
      this.#done += count;
      this.#writtenBytes += count;
      this.#dirty = true;
      if (this.#done === bytes.length) this.#wrote(batch);
      this.#pump();
    });
  }

  #wrote({ position, bytes }: Batch): void {
    this.#done = 0;
    // After a failed sync some batches are written twice.
    this.#unwritten = Math.max(0, this.#unwritten - (bytes?.length ?? 0));
    this.#notifyCaughtUp(this.unwrittenBytes);
    this.#next++;
    this.#written = Math.max(this.#written, position);
    if (this.#policy === 'everysec') this.#syncLater();
    if (this.#policy === 'no' && !this.#syncing && !this.#rewind) {
      this.#forget(this.#next);
      this.#next = 0;
      this.#forgotten = position;
    }
  }

  /** Drops the first batches. */
  #forget(count: number): void {
    for (const { bytes } of this.#batches.splice(0, count)) if (bytes !== undefined) this.#encoder.recycle(bytes);
  }

  /** Schedules a sync for a second after the last one, unless one is under way. */
  #syncLater(): void {
    if (this.#cancelSync !== undefined || this.#syncing) return;
    const due = Math.max(0, this.#syncedAt + SYNC_INTERVAL - this.#clock.now());
    this.#cancelSync = this.#clock.after(due, () => {
      this.#cancelSync = undefined;
      if (this.#cancelRetry === undefined && !this.#rewind && this.#dirty) this.#sync();
    });
  }

  /** Syncs the oldest increment that is not durable. */
  #sync(): void {
    if (this.#syncing) return;
    // These batches all belong to one increment, because no increment begins before the previous one is durable.
    const count = this.#next;
    const file = this.#batches[0]?.file ?? this.#file;
    const position = count > 0 ? this.#batches[count - 1].position : this.#forgotten;
    const began = this.#clock.now();
    this.#syncing = true;
    this.#dirty = false;
    file.sync((error) => {
      this.#syncing = false;
      this.#syncedAt = this.#clock.now();
      this.#syncMs = this.#syncedAt - began;
      this.#syncs.record(this.#syncMs);
      this.#onSync?.(this.#syncMs);
      if (error !== null) {
        this.#dirty = true;
        this.#rewind = true;
        this.#failed(error);
        return;
      }
      this.#forget(count);
      this.#next -= count;
      this.#durable = Math.max(this.#durable, position);
      this.#wake();
      if (this.#dirty && this.#policy === 'everysec') this.#syncLater();
      this.#pump();
    });
  }

  /** Closes an increment that is complete and durable, and begins the next one. */
  #endIncrement(file: JournalFile): void {
    if (this.#dirty) this.#sync();
    if (this.#dirty || this.#syncing) return;
    this.#batches.splice(this.#next, 1);
    // The file is durable, so an error when closing it does not matter.
    file.close().catch(() => {});
    this.#pump();
  }

  /** Calls the callbacks that wait until fewer than `bytes` bytes are to be written. */
  #notifyCaughtUp(bytes: number): void {
    const waiting = this.#catchingUp;
    if (waiting.length === 0) return;
    this.#catchingUp = waiting.filter((one) => one.bytes <= bytes);
    for (const one of waiting) if (one.bytes > bytes) one.callback();
  }

  #wake(): void {
    // Callbacks may add more callbacks.
    while (this.#firstWaiter < this.#waiters.length && this.#waitingFor[this.#firstWaiter] <= this.#durable) {
      this.#waiters[this.#firstWaiter++]();
    }
    if (this.#firstWaiter === this.#waiters.length) {
      this.#waiters = [];
      this.#waitingFor = [];
      this.#firstWaiter = 0;
    } else if (this.#firstWaiter > 1000) {
      this.#waiters.splice(0, this.#firstWaiter);
      this.#waitingFor.splice(0, this.#firstWaiter);
      this.#firstWaiter = 0;
    }
  }

  #failed(error: Error): void {
    this.#errors++;
    this.#failedAt = this.#clock.now();
    for (const reject of this.#urgent) reject(error);
    this.#urgent.clear();
    if (this.#closing !== undefined && this.#givenUp) {
      this.#failure ??= error;
      if (!this.#writing && !this.#syncing) void this.#closeWithLoss(error);
      return;
    }
    const isFirst = this.#failure === undefined;
    this.#failure = error;
    if (this.#cancelRetry === undefined) {
      this.#cancelRetry = this.#clock.after(this.#retryAfter, () => {
        this.#cancelRetry = undefined;
        this.#pump();
      });
      this.#retryAfter = Math.min(2 * this.#retryAfter, LONGEST_RETRY);
    }
    if (isFirst) this.#onFailure(error);
    this.#notifyCaughtUp(0);
  }

  #recovered(): void {
    this.#failure = undefined;
    this.#retryAfter = FIRST_RETRY;
    this.#onRecovery();
  }

  /** Closes the file so that it ends in a complete batch, and is durable if the disk permits. */
  async #closeWithLoss(error: Error): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    const batch = this.#batches[this.#next];
    // An incomplete batch would look like the result of a crash. A batch that was once written completely can stay.
    if (batch !== undefined && this.#done > 0 && batch.position > this.#written) {
      await batch.file.truncate(batch.at).catch(() => {});
    }
    // After a failed sync, the success of another sync would mean nothing.
    if (this.#written > this.#durable && !this.#rewind) {
      const last = this.#next > 0 ? this.#batches[this.#next - 1] : undefined;
      const file = this.#batches[0]?.file ?? this.#file;
      await new Promise<void>((resolve) => {
        file.sync((failure) => {
          if (failure === null) this.#durable = Math.max(this.#durable, last?.position ?? this.#forgotten);
          resolve();
        });
      });
    }
    const { position } = this;
    const lost = position - Math.max(this.written, this.#durable);
    this.#finishClosing(new UnwrittenChanges(lost, position - lost - this.#durable, error.message));
  }

  #finishClosing(error?: Error): void {
    this.#closed = true;
    const files = new Set([...this.#batches.map(({ file }) => file), this.#file]);
    void Promise.allSettled([...files].map((file) => file.close())).then(() => this.#closing?.settle(error));
  }
}
