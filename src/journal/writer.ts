import type { Slice } from '../slice.js';
import { FileGoneError, type JournalFile } from './file-system.js';
import { batchPrefix } from './frames.js';
import type { Increment } from './journal-directory.js';
import { RecordEncoder } from './record-encoder.js';
import type { RecordSink } from './record-sink.js';
import type { RecordFields, RecordName, TokenRecord } from './records.js';
import { UnwrittenChanges } from './unwritten-changes.js';

/** When what was written is made durable: before the reply, once a second, or when the system likes to. */
export type SyncPolicy = 'always' | 'everysec' | 'no';

/** Where the writer's time comes from; the engine's clock is one. Times are ms. */
export interface JournalClock {
  now(): number;
  after(delay: number, callback: () => void): () => void;
}

export interface WriterOptions {
  readonly increment: Increment;
  readonly policy: SyncPolicy;
  readonly clock: JournalClock;
  /** Called when writing or syncing failed after it had worked: what is appended is kept, and tried again. */
  readonly onFailure: (error: Error) => void;
  /** Called when everything that was kept has got to the disk. */
  readonly onRecovery: () => void;
}

/** Of `everysec`, in ms. */
const SYNC_INTERVAL = 1000;

/** How long after a failure it is tried again, in ms: doubled each time up to the longest. */
const FIRST_RETRY = 100;
const LONGEST_RETRY = 1000;

/** While the disk is busy, what one turn appended waits in one batch with what the next does, up to so many bytes. */
const LONG_BATCH = 1024 * 1024;

/**
 * Unless a reply waits for it, what is appended is gathered for so many ms, or until it is so many bytes: a write costs some ten
 * microseconds, and every turn would have one. A kill takes that much at most.
 */
const GATHER_MS = 10;
const ENOUGH = 512 * 1024;

/** Far beyond what one turn appends, and far from what a batch can be. */
const LONGEST_BATCH = 2 ** 30;

interface Batch {
  /** Undefined for the end of an increment: what was written to it must be durable before the next one is begun. */
  readonly bytes: Buffer | undefined;
  /** Of its last record. */
  readonly position: number;
  readonly file: JournalFile;
  /** Where in the file it stands. */
  readonly at: number;
}

interface Closing {
  readonly promise: Promise<void>;
  /** Called at the end, with what went wrong. */
  readonly settle: (error?: Error) => void;
}

/**
 * Writes records to an increment, one batch of them at a time, while those of the next turns gather: group commit. Nothing
 * here blocks: `append` writes to memory, the rest happens when the system has done what it was asked.
 *
 * A position is the number of records that were appended by then. `written` is what the system has taken, which survives
 * the end of the process; `durable` is what a power failure spares.
 *
 * When the disk fails, nothing is given up and nothing is written twice: a batch that was written in part goes on where it
 * stopped, once there is room; until then the file ends as after a crash, in a batch that is cut. A sync that failed
 * may have dropped what it should have written, and a later one would report success: therefore, unless the policy
 * is `no`, batches are kept in memory until they are durable, and after a failed sync all of them are written again, to
 * the same places, before the next. `durable` only moves when a sync succeeded that began after that.
 */
export class JournalWriter implements RecordSink {
  readonly #clock: JournalClock;
  readonly #onFailure: (error: Error) => void;
  readonly #onRecovery: () => void;
  readonly #encoder = new RecordEncoder();
  #policy: SyncPolicy;
  #file: JournalFile;
  #prefix: Buffer;
  /** Bytes that the increment will have when all batches are written. */
  #size: number;

  /** What is not durable yet, oldest first; under `no`, what is not written. */
  readonly #batches: Batch[] = [];
  /** The batch that is written or comes next, and how many bytes of it are written. */
  #next = 0;
  #done = 0;
  #writing = false;
  #syncing = false;
  /** Something was written that no sync covers. */
  #dirty = false;
  #syncedAt: number;
  #rewind = false;
  #written = 0;
  #durable = 0;
  /** Of the last record that was written and is not kept: under `no`. */
  #forgotten = 0;

  #turnEnds = false;
  /** What is appended is written in a few ms. */
  #gathers = false;
  #cancelSync: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #retryAfter = FIRST_RETRY;
  #failure: Error | undefined;

  /** Callbacks in order of their positions; from `#firstWaiter` on they still wait. */
  #waitingFor: number[] = [];
  #waiters: (() => void)[] = [];
  #firstWaiter = 0;
  /** The position that must be durable soon whatever the policy is. */
  #promised = 0;
  /** Those who were promised that, told if the disk fails. */
  readonly #urgent = new Set<(error: Error) => void>();
  /** Bytes of batches that are not written. */
  #unwritten = 0;
  #catchingUp: { readonly bytes: number; readonly callback: () => void }[] = [];

  #closing: Closing | undefined;
  /** While it is closed, what fails is not tried again. */
  #givenUp = false;
  #closed = false;

  constructor({ increment, policy, clock, onFailure, onRecovery }: WriterOptions) {
    this.#clock = clock;
    this.#policy = policy;
    this.#onFailure = onFailure;
    this.#onRecovery = onRecovery;
    this.#file = increment.file;
    this.#prefix = batchPrefix(increment.id);
    this.#size = increment.size;
    this.#syncedAt = clock.now();
  }

  /** What is appended in one turn of the event loop gets into one batch, and so counts as a whole or not at all. */
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

  /** Of the record appended last. */
  get position(): number {
    return this.#encoder.records;
  }

  get written(): number {
    // A file that is gone is found by nobody after the end of the process.
    return this.#failure instanceof FileGoneError ? this.#durable : this.#written;
  }

  get durable(): number {
    return this.#durable;
  }

  /** Why the disk takes nothing at the moment, undefined if it does. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Bytes of the increment, with what is still to be written. */
  get size(): number {
    return this.#size + this.#encoder.length;
  }

  /** Bytes of batches that are kept in memory. */
  get pendingBytes(): number {
    return this.#batches.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), this.#encoder.length);
  }

  /** Whether a sync is under way. */
  get isSyncing(): boolean {
    return this.#syncing;
  }

  get policy(): SyncPolicy {
    return this.#policy;
  }

  set policy(policy: SyncPolicy) {
    // Who waits by now was promised a sync: another policy may bring none.
    const isAwaited = this.#policy === 'always' && this.#firstWaiter < this.#waiters.length;
    if (isAwaited) this.#promised = this.#waitingFor[this.#waiters.length - 1];
    this.#policy = policy;
    // Not at once: the turn may be in the middle of a transaction, which is to be one batch.
    this.#pumpAtTurnEnd();
  }

  /** Bytes that are still to be written. */
  get unwrittenBytes(): number {
    return this.#unwritten + this.#encoder.length;
  }

  /** Calls back once when fewer than so many bytes are still to be written, or the disk fails. It must not throw. */
  whenWritten(bytes: number, callback: () => void): void {
    this.#catchingUp.push({ bytes, callback });
  }

  /** Makes everything durable that is appended by now, soon and whatever the policy is. Rejects if the disk fails. */
  makeDurable(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#urgent.add(reject);
      this.#promised = this.position;
      this.whenDurable(this.position, () => {
        this.#urgent.delete(reject);
        resolve();
      });
      this.#pumpAtTurnEnd();
    });
  }

  /**
   * Calls back when everything up to a position is durable, at once if it is. Callbacks are called in the order in which they
   * were given, and must not throw. Under `no` it may take until the increment ends.
   */
  whenDurable(position: number, callback: () => void): void {
    if (position <= this.#durable && this.#firstWaiter === this.#waiters.length) {
      callback();
      return;
    }
    this.#waitingFor.push(position);
    this.#waiters.push(callback);
  }

  /** Looks whether what is written gets where it should, for a policy that never syncs. */
  check(): void {
    if (this.#policy !== 'no' || this.#failure !== undefined) return;
    const file = this.#file;
    file.look((error) => {
      if (error === null || file !== this.#file || this.#closing !== undefined || this.#closed) return;
      // What is tried again is a sync, which fails as long as the file is gone.
      this.#dirty = true;
      this.#failed(error);
    });
  }

  /**
   * Goes on in another increment. What was appended before gets into the present one, which is closed when all of it is
   * durable; what is appended from now on is written to the other after that.
   */
  switchTo(increment: Increment): void {
    this.#seal();
    this.#batches.push({ bytes: undefined, position: this.position, file: this.#file, at: this.#size });
    this.#file = increment.file;
    this.#prefix = batchPrefix(increment.id);
    this.#size = increment.size;
    this.#pump();
  }

  /**
   * Makes everything durable and closes the file; nothing may be appended any more. A disk that fails is tried again until `giveUp`.
   * Rejects then with UnwrittenChanges, with the file closed.
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
    this.#seal();
    this.#pump();
    return promise;
  }

  /** Has `close`, called already or later, end with the next failure, or at once if the disk fails now. */
  giveUp(): void {
    this.#givenUp = true;
    const isResting = this.#cancelRetry !== undefined && !this.#writing && !this.#syncing;
    if (this.#closing !== undefined && this.#failure !== undefined && isResting)
      void this.#closeWithLoss(this.#failure);
  }

  /** With `always` and when much has been gathered, what is at hand is written when the turn ends; else after a while. */
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

  /** Before each record. */
  #prepare(): void {
    if (this.#closed || this.#closing !== undefined) throw new Error('the journal is closed');
    // A batch cannot be of any length: what one turn appends is several if it is as much as this.
    if (this.#encoder.length > LONGEST_BATCH) this.#seal();
  }

  readonly #onGathered = (): void => {
    this.#gathers = false;
    this.#pump();
  };

  readonly #onTurnEnd = (): void => {
    this.#turnEnds = false;
    if (this.#encoder.length > LONG_BATCH) this.#seal();
    this.#pump();
  };

  /** Makes a batch of the records at hand. To be called between turns: what one turn appends counts as a whole. */
  #seal(): void {
    if (this.#encoder.length === 0) return;
    const bytes = this.#encoder.takeBatch(this.#prefix);
    this.#batches.push({ bytes, position: this.position, file: this.#file, at: this.#size });
    this.#size += bytes.length;
    this.#unwritten += bytes.length;
  }

  /** Starts what is to be done next, unless the disk is at it or is given a rest. */
  #pump(): void {
    if (this.#writing || this.#cancelRetry !== undefined || this.#closed) return;
    if (this.#rewind) {
      this.#rewind = false;
      // Nothing that a sync could cover is on its way any more, unless nothing was kept.
      if (this.#next > 0) this.#dirty = false;
      this.#next = 0;
      this.#done = 0;
    }
    // Group commit: what is appended while the disk syncs is one batch, for the next sync.
    const isAwaited = this.#policy === 'always' || this.#durable < this.#promised;
    if (isAwaited && this.#done === 0 && (this.#dirty || this.#syncing)) {
      this.#sync();
      return;
    }
    if (this.#next === this.#batches.length) this.#seal();
    const batch = this.#batches[this.#next];
    if (batch === undefined) this.#rest();
    else if (batch.bytes === undefined) this.#endIncrement(batch.file);
    else this.#write(batch, batch.bytes);
  }

  /** Everything is written. */
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
      this.#dirty = true;
      if (this.#done === bytes.length) this.#wrote(batch);
      this.#pump();
    });
  }

  #wrote({ position, bytes }: Batch): void {
    this.#done = 0;
    // After a failed sync some are written twice.
    this.#unwritten = Math.max(0, this.#unwritten - (bytes?.length ?? 0));
    this.#tellCaughtUp(this.unwrittenBytes);
    this.#next++;
    this.#written = Math.max(this.#written, position);
    if (this.#policy === 'everysec') this.#syncLater();
    if (this.#policy === 'no' && !this.#syncing && !this.#rewind) {
      this.#forget(this.#next);
      this.#next = 0;
      this.#forgotten = position;
    }
  }

  /** Lets go of the first batches. */
  #forget(count: number): void {
    for (const { bytes } of this.#batches.splice(0, count)) if (bytes !== undefined) this.#encoder.recycle(bytes);
  }

  /** Syncs a second after it was synced last, not while it is being synced. */
  #syncLater(): void {
    if (this.#cancelSync !== undefined || this.#syncing) return;
    const due = Math.max(0, this.#syncedAt + SYNC_INTERVAL - this.#clock.now());
    this.#cancelSync = this.#clock.after(due, () => {
      this.#cancelSync = undefined;
      if (this.#cancelRetry === undefined && !this.#rewind && this.#dirty) this.#sync();
    });
  }

  /** Makes durable what is written of the oldest increment that is not. */
  #sync(): void {
    if (this.#syncing) return;
    // They are all of one increment: none is begun before the one before is durable.
    const count = this.#next;
    const file = this.#batches[0]?.file ?? this.#file;
    const position = count > 0 ? this.#batches[count - 1].position : this.#forgotten;
    this.#syncing = true;
    this.#dirty = false;
    file.sync((error) => {
      this.#syncing = false;
      this.#syncedAt = this.#clock.now();
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

  /** An increment is complete: when it is durable it is closed, and the next one is begun. */
  #endIncrement(file: JournalFile): void {
    if (this.#dirty) this.#sync();
    if (this.#dirty || this.#syncing) return;
    this.#batches.splice(this.#next, 1);
    // It is durable; what closing it may say helps nobody.
    file.close().catch(() => {});
    this.#pump();
  }

  /** Calls those back who wait for there to be less to write than so many bytes. */
  #tellCaughtUp(bytes: number): void {
    const waiting = this.#catchingUp;
    if (waiting.length === 0) return;
    this.#catchingUp = waiting.filter((one) => one.bytes <= bytes);
    for (const one of waiting) if (one.bytes > bytes) one.callback();
  }

  #wake(): void {
    // Callbacks may add some.
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
    this.#tellCaughtUp(0);
  }

  #recovered(): void {
    this.#failure = undefined;
    this.#retryAfter = FIRST_RETRY;
    this.#onRecovery();
  }

  /** Leaves behind what can be used: whole batches, all of them durable if the disk lets them be. */
  async #closeWithLoss(error: Error): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    const batch = this.#batches[this.#next];
    // Left there, it would look like what a crash leaves. If it was written in whole before, it is good as it is.
    if (batch !== undefined && this.#done > 0 && batch.position > this.#written) {
      await batch.file.truncate(batch.at).catch(() => {});
    }
    // After a sync that failed, another one would say nothing.
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
    const lost = this.position - Math.max(this.written, this.#durable);
    this.#finishClosing(new UnwrittenChanges(lost, this.position - lost - this.#durable, error.message));
  }

  #finishClosing(error?: Error): void {
    this.#closed = true;
    const files = new Set([...this.#batches.map(({ file }) => file), this.#file]);
    void Promise.allSettled([...files].map((file) => file.close())).then(() => this.#closing?.settle(error));
  }
}
