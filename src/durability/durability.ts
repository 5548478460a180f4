import { join } from 'node:path';
import { counted } from '../counted.js';
import type { Restoration, SessionEngine } from '../engine/index.js';
import { BackgroundWork, DONE } from '../engine/time/background-work.js';
import { inSlices } from '../engine/time/in-slices.js';
import { type CodedError, cannotPersist } from '../errors.js';
import {
  JOURNAL,
  Journal,
  JournalError,
  type LoadReport,
  leaveStopNote,
  type SyncPolicy,
  takeStopNote,
  UnwrittenChanges,
} from '../journal/index.js';
import { type CompactionOptions, Compactions } from './compactions.js';
import { endsWithin } from './ends-within.js';
import type { LockedDirectory } from './locked-directory.js';
import { Recorder } from './recorder.js';
import { Replay } from './replay.js';
import { StreamJournal } from './stream-journal.js';
import { StreamReplay } from './stream-replay.js';
import { WallTime } from './wall-time.js';

interface DurabilityOptions extends CompactionOptions {
  /** Called after each sync of the journal with how long it took, in ms. */
  readonly onSync?: ((ms: number) => void) | undefined;
  readonly policy: SyncPolicy;
}

/** The result of loading. */
interface LoadSummary extends LoadReport {
  readonly sessions: number;
  /** How many of them had expired while the server was down. */
  readonly expired: number;
  readonly ms: number;
}

/** How many bytes of the journal have been read, and how many there are. */
export interface LoadProgress {
  readonly loaded: number;
  readonly total: number;
  /** When loading began, in unix ms. */
  readonly since: number;
}

/** If the system clock moves by more ms than this against the engine's clock, somebody set it. */
const CLOCK_SET_MS = 20;
/** The number of slots to visit per slice, which takes less than a millisecond. */
const MISSED_SLOTS = 4096;
/**
 * Clients wait while more bytes than this are unwritten. Unwritten bytes take memory, and are lost if the process ends.
 */
const MOST_UNWRITTEN = 64 * 1024 * 1024;
/** How many ms a system call that is under way may take once nothing is retried. */
export const LAST_CALL = 1000;

/**
 * Keeps sessions across restarts. Every change is recorded in a journal, which is replayed at the next start.
 */
export class Durability {
  /** Records the engine's changes. */
  readonly recorder: Recorder;

  readonly #options: DurabilityOptions;
  readonly #engine: SessionEngine;
  readonly #directory: LockedDirectory;
  readonly #compactions: Compactions;
  readonly #wall: WallTime;
  readonly #streamReplay: StreamReplay;
  readonly #missed: BackgroundWork;
  /** The first slot whose extensions, missed while the disk failed, are still to be recorded. */
  #missedCursor = 0;
  /** Whether the log says that a change of the system clock cannot be recorded. */
  #saidClockFails = false;
  /** Pending while the journal records that the clock was set. */
  #notingClock: Promise<void> | undefined;
  #journal: Journal | undefined;
  #loading: Promise<unknown> = Promise.resolve();
  #progress: LoadProgress | undefined;
  #policy: SyncPolicy;
  /** Callbacks that are also called when the disk fails. */
  readonly #calledOnFailure = new Set<() => void>();
  /** How many sessions had expired before they were loaded. */
  #expired = 0;
  #closed = false;

  /**
   * @param directory Where everything is kept. `close` releases it.
   * @param engine The engine whose sessions are kept. It must be new.
   */
  constructor(directory: LockedDirectory, engine: SessionEngine, options: DurabilityOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#policy = options.policy;
    this.#progress = { loaded: 0, total: 0, since: options.clock.wall() };
    this.#engine = engine;
    this.#wall = new WallTime(options.clock);
    this.recorder = new Recorder(engine, () => this.#loaded().records, this.#wall);
    engine.listen(this.recorder);
    this.#missed = new BackgroundWork(options.clock, () => this.#recordMissed());
    this.#streamReplay = new StreamReplay(options.stream);
    this.#compactions = new Compactions(options, directory.path, engine, this.recorder, this.#streamReplay);
  }

  /**
   * Restores the sessions from the journal. Nothing else may use the engine until this has resolved.
   * @throws JournalError if the journal cannot be used as it is.
   */
  load(onProgress: (progress: LoadProgress) => void = () => {}): Promise<LoadSummary> {
    const loading = this.#load(onProgress);
    this.#loading = loading;
    return loading;
  }

  async #load(onProgress: (progress: LoadProgress) => void): Promise<LoadSummary> {
    const { clock, log } = this.#options;
    const directory = this.#directory.path;
    const began = clock.now();
    const since = clock.wall();
    this.#progress = { loaded: 0, total: 0, since };
    let failedAt = began;
    const restoration = this.#engine.restore();
    const journal = await Journal.open(join(directory, JOURNAL), {
      clock,
      policy: this.#policy,
      onSync: this.#options.onSync,
      onFailure: (error) => {
        failedAt = clock.now();
        log.warning(`the journal in ${directory} cannot be written, so changes are refused for now: ${error.message}`, {
          event: 'journal-failure',
          state: 'begins',
          path: directory,
          reason: error.message,
        });
        this.recorder.recordsExtensions = false;
        for (const callback of this.#calledOnFailure) callback();
      },
      onRecovery: () => {
        const seconds = Math.round((clock.now() - failedAt) / 1000);
        log.notice(`the journal can be written again: changes are accepted; it could not for ${seconds} s`, {
          event: 'journal-failure',
          state: 'over',
          path: directory,
          seconds,
        });
        this.recorder.recordsExtensions = true;
        this.#missedCursor = 0;
        if (this.recorder.missesExtensions) this.#missed.schedule();
      },
    });
    this.#wall.ahead = journal.clockAhead;
    const replay = new Replay(restoration, this.#wall, this.#streamReplay);
    const report = await journal.load(
      (record) => {
        if (this.#closed) throw new JournalError('stopped while loading');
        replay.visit(record);
      },
      (loaded, total) => {
        this.#progress = { loaded, total, since };
        onProgress(this.#progress);
      },
      (records, count) => replay.foresee(records, count),
    );
    const sessions = this.#engine.size;
    const expired = await this.#finish(restoration, join(directory, JOURNAL));
    this.#expired = expired;
    this.#journal = journal;
    this.#options.stream?.record(new StreamJournal(() => this.#loaded().records));
    this.#progress = undefined;
    const note = await takeStopNote(directory);
    if (note !== undefined) {
      const { at, lost, reason } = note;
      const time = new Date(at).toISOString();
      const fields = { event: 'lost-changes', count: lost, reason } as const;
      log.warning(`the last shutdown, at ${time}, lost ${counted(lost, 'change')}: ${reason}`, fields);
    }
    if (report.dropped !== undefined) {
      const { path, offset, bytes } = report.dropped;
      const why = note === undefined ? 'a crash or a kill' : 'that shutdown';
      log.warning(`${path}: dropped ${counted(bytes, 'byte')} from byte ${offset} on: ${why} left the end incomplete`, {
        event: 'journal-end',
        path,
        offset,
        bytes,
      });
    }
    if (this.#streamReplay.isDropped) {
      log.warning(
        `the journal in ${directory} has a stream of events, which the next compaction drops: "events-stream" is off`,
        { event: 'dropped-events', path: directory },
      );
    }
    return { ...report, sessions, expired, ms: clock.now() - began };
  }

  /** The progress of loading; undefined when it is over. */
  get progress(): LoadProgress | undefined {
    return this.#progress;
  }

  /** The position of the record appended last. */
  get position(): number {
    return this.#journal?.position ?? 0;
  }

  /** Whether a change must be durable before it is acknowledged. */
  get isStrict(): boolean {
    return this.#policy === 'always';
  }

  /** Whether everything recorded so far is durable. */
  get isDurable(): boolean {
    const journal = this.#journal;
    return journal === undefined || journal.durable >= journal.position;
  }

  /** Calls back when everything up to a position is durable; immediately if it already is. */
  whenDurable(position: number, callback: () => void): void {
    this.#loaded().whenDurable(position, callback);
  }

  /** Like `whenDurable`, but also calls back when the disk fails. For a client that has changed nothing. */
  whenDurableOrFailing(position: number, callback: () => void): void {
    if (this.failure !== undefined) {
      callback();
      return;
    }
    const once = () => {
      if (this.#calledOnFailure.delete(once)) callback();
    };
    this.#calledOnFailure.add(once);
    this.#loaded().whenDurable(position, once);
  }

  /** Why the journal cannot be written at the moment; undefined if it can. */
  get failure(): Error | undefined {
    return this.#journal?.failure;
  }

  /** The error for clients that want to change a session while the journal cannot be written; undefined if it can. */
  get refusal(): CodedError | undefined {
    const { failure } = this;
    return failure === undefined ? undefined : cannotPersist(failure);
  }

  /** The number of changes that are not on disk as the policy requires: durable or, with `no`, written. */
  get unsaved(): number {
    const journal = this.#journal;
    if (journal === undefined) return 0;
    return journal.position - (this.#policy === 'no' ? journal.written : journal.durable);
  }

  set policy(policy: SyncPolicy) {
    this.#policy = policy;
    if (this.#journal !== undefined) this.#journal.policy = policy;
  }

  /** Makes everything appended so far durable soon, whatever the policy. Rejects if the disk fails. */
  flush(): Promise<void> {
    return this.#loaded().makeDurable();
  }

  /** Whether so much is unwritten that nothing should be appended. */
  get isBehind(): boolean {
    const journal = this.#journal;
    return journal !== undefined && journal.unwrittenBytes > MOST_UNWRITTEN && journal.failure === undefined;
  }

  /** Calls back once when the journal is no longer behind. */
  whenCaughtUp(callback: () => void): void {
    this.#loaded().whenWritten(MOST_UNWRITTEN / 2, callback);
  }

  /**
   * Call this before changes that must be one batch of the journal although they may take several turns: see `hold`.
   */
  mark(): void {
    this.#journal?.mark();
  }

  /** Keeps all changes since `mark` and until `release` together, so that a crash loses all of them or none. */
  hold(): void {
    this.#loaded().hold();
  }

  release(): void {
    this.#loaded().release();
  }

  /** The state of the journal; undefined until it is loaded. */
  get status() {
    const journal = this.#journal;
    if (journal === undefined) return undefined;
    const { size, baseSize, pendingBytes, isSyncing, activity } = journal;
    return {
      size,
      baseSize,
      pendingBytes,
      isSyncing,
      activity,
      /** How many of the loaded sessions had already expired. */
      expired: this.#expired,
      compaction: this.#compactions.statusOf(journal),
    };
  }

  /**
   * Call this about once a second. Compacts the journal when it has grown enough, records when the system clock was
   * set, and notices when the journal's file was removed.
   */
  beat(): void {
    const journal = this.#journal;
    if (journal === undefined || this.#closed) return;
    this.#watchClock(journal);
    journal.check();
    this.#compactions.runIfDue(journal);
  }

  /**
   * Records when the system clock was set. That does not change the journal's clock, so the next process must know by
   * how much the two differ.
   */
  #watchClock(journal: Journal): void {
    const ahead = Math.round(this.#wall.ahead);
    const by = ahead - journal.clockAhead;
    if (Math.abs(by) <= CLOCK_SET_MS || this.#notingClock !== undefined) return;
    const { log } = this.#options;
    this.#notingClock = journal
      .setClockAhead(ahead)
      .then(
        () => {
          this.#saidClockFails = false;
          const fields = { event: 'clock-set', ms: by } as const;
          log.notice(`the system clock was set by ${by} ms: sessions still last as long as before`, fields);
        },
        // Each beat tries again.
        (error: Error) => {
          const reason = error.message;
          if (!this.#saidClockFails) {
            const fields = { event: 'clock-failure', reason } as const;
            log.warning(`could not record that the system clock was set: ${reason}`, fields);
          }
          this.#saidClockFails = true;
        },
      )
      .finally(() => {
        this.#notingClock = undefined;
      });
  }

  /**
   * Prevents compactions while a session is loaded piece by piece. Resolves when none is under way, with a function
   * that allows them again.
   */
  holdCompactions(): Promise<() => void> {
    return this.#compactions.hold();
  }

  /**
   * Compacts the journal while clients are served.
   * @throws JournalError if a compaction is under way, or the disk fails.
   */
  compact(): Promise<void> {
    return this.#compactions.run(this.#loaded());
  }

  /**
   * Makes everything durable and releases the directory. Aborts loading.
   * @param patience For how many ms to retry if the disk fails. With 0, there is one attempt.
   * @throws UnwrittenChanges if not everything could be written. Whatever can be closed is closed.
   */
  async close(patience = 0): Promise<void> {
    this.#closed = true;
    this.#compactions.stop();
    this.#missed.stop();
    const { clock } = this.#options;
    const cancel = clock.after(patience, () => this.#journal?.giveUp());
    const closing = this.#complete();
    // A system call may never return.
    const isOver = await endsWithin(closing, patience + LAST_CALL, clock);
    cancel();
    if (isOver) await closing;
    else if (this.#journal !== undefined) throw this.#unanswered(this.#journal);
  }

  async #complete(): Promise<void> {
    // Loading has files open, and may truncate them. The caller of `load` gets any error.
    await this.#loading.catch(() => {});
    if (this.recorder.missesExtensions && this.failure === undefined) this.recorder.recordMissed(0, Infinity);
    if (this.#journal !== undefined) this.#watchClock(this.#journal);
    await this.#notingClock;
    const { clock } = this.#options;
    const directory = this.#directory.path;
    try {
      await this.#journal?.close();
    } catch (error) {
      if (error instanceof UnwrittenChanges) {
        await leaveStopNote(directory, { at: clock.wall(), lost: error.lost, reason: error.reason });
      }
      throw error;
    } finally {
      this.#directory.release();
    }
  }

  #unanswered({ position, written, durable }: Journal): UnwrittenChanges {
    return new UnwrittenChanges(position - written, written - durable, 'the disk did not answer');
  }

  /** Records some of the extensions that were missed while the disk failed. */
  #recordMissed(): number {
    if (!this.recorder.recordsExtensions) return DONE;
    this.#missedCursor = this.recorder.recordMissed(this.#missedCursor, MISSED_SLOTS);
    return this.#missedCursor > 0 ? 0 : DONE;
  }

  /**
   * Returns the journal, once it is loaded. Not a getter, because private getters are slow: V8 calls its runtime for
   * them.
   */
  /**
   * Finishes the restoration: from now on sessions expire. Returns how many had already expired.
   * @throws JournalError if no server can have written what was restored.
   */
  async #finish(restoration: Restoration, path: string): Promise<number> {
    try {
      await inSlices(restoration.keepOrders(), this.#options.clock, {
        isStopped: () => this.#closed,
        isHeld: () => false,
      });
      return restoration.finish();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new JournalError(`the journal in ${path} is inconsistent: ${error.message}`);
    }
  }

  #loaded(): Journal {
    if (this.#journal === undefined) throw new Error('the journal has not been loaded');
    return this.#journal;
  }
}
