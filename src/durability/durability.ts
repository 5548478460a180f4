import { join } from 'node:path';
import type { Restoration, SessionEngine } from '../engine/index.js';
import { BackgroundWork, DONE } from '../engine/time/background-work.js';
import { type CodedError, cannotPersist } from '../errors.js';
import {
  DirectoryLock,
  JOURNAL,
  Journal,
  JournalError,
  type LoadReport,
  leaveStopNote,
  prepareDataDirectory,
  readOrMakeSecret,
  type SyncPolicy,
  takeStopNote,
  UnwrittenChanges,
} from '../journal/index.js';
import { type CompactionOptions, Compactions } from './compactions.js';
import { endsWithin } from './ends-within.js';
import { Recorder } from './recorder.js';
import { Replay } from './replay.js';
import { WallTime } from './wall-time.js';

export interface DurabilityOptions extends CompactionOptions {
  /** The directory of all that is kept. */
  readonly directory: string;
  readonly policy: SyncPolicy;
}

/** How a load came out. */
export interface LoadSummary extends LoadReport {
  readonly sessions: number;
  /** Of those, how many had expired while the server was down. */
  readonly expired: number;
  readonly ms: number;
}

/** Bytes of the journal that have been read, of all. */
export interface LoadProgress {
  readonly loaded: number;
  readonly total: number;
  /** Unix ms. */
  readonly since: number;
}

/** The system's clock was set if it has moved by more than this against the engine's. */
const CLOCK_SET_MS = 20;
/** So many slots are looked at in a slice: less than a millisecond's work. */
const MISSED_SLOTS = 4096;
/** Clients are kept waiting while more bytes than this wait for the disk: all of it is memory, and lost if the process ends. */
const MOST_UNWRITTEN = 64 * 1024 * 1024;
/** So many ms a call to the system that is under way may take when nothing is tried again. */
export const LAST_CALL = 1000;

/**
 * Keeps sessions over a restart: everything that happens to them goes to a journal, from which they are put back at the next
 * start.
 */
export class Durability {
  /** What the tokens of shared sessions are derived from: it outlives a restart as they do. */
  readonly secret: Buffer;
  /** What the engine is to tell of its changes. */
  readonly recorder: Recorder;

  readonly #options: DurabilityOptions;
  readonly #engine: () => SessionEngine;
  readonly #lock: DirectoryLock;
  readonly #compactions: Compactions;
  readonly #wall: WallTime;
  readonly #missed: BackgroundWork;
  /** From which slot on it is to be recorded what was extended while the disk failed. */
  #missedCursor = 0;
  /** It is being written down that the clock was set. */
  #notingClock: Promise<void> | undefined;
  #journal: Journal | undefined;
  #loading: Promise<unknown> = Promise.resolve();
  #progress: LoadProgress | undefined;
  #policy: SyncPolicy;
  /** Those who are called when the disk fails as well. */
  readonly #impatient = new Set<() => void>();
  /** How many sessions had expired before they were loaded. */
  #expired = 0;
  #closed = false;

  /**
   * Takes exclusive use of the directory, which is made if there is none.
   * @param engine Whose sessions are kept; asked for when it is needed.
   * @throws JournalError if the directory cannot be used.
   */
  constructor(options: DurabilityOptions, engine: () => SessionEngine) {
    this.#options = options;
    this.#policy = options.policy;
    this.#progress = { loaded: 0, total: 0, since: options.clock.wall() };
    this.#engine = engine;
    prepareDataDirectory(options.directory);
    this.#lock = DirectoryLock.take(options.directory);
    try {
      this.secret = readOrMakeSecret(options.directory);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#wall = new WallTime(options.clock);
    this.recorder = new Recorder(engine, () => this.#loaded().records, this.#wall);
    this.#missed = new BackgroundWork(options.clock, () => this.#recordMissed());
    this.#compactions = new Compactions(options, engine, this.recorder);
  }

  /**
   * Puts the sessions back that the journal has. Before this nothing may be done with the engine.
   * @throws JournalError if the journal cannot be used as it is.
   */
  load(onProgress: (progress: LoadProgress) => void = () => {}): Promise<LoadSummary> {
    const loading = this.#load(onProgress);
    this.#loading = loading;
    return loading;
  }

  async #load(onProgress: (progress: LoadProgress) => void): Promise<LoadSummary> {
    const { clock, directory, log } = this.#options;
    const began = clock.now();
    const since = clock.wall();
    this.#progress = { loaded: 0, total: 0, since };
    const restoration = this.#engine().restore();
    const journal = await Journal.open(join(directory, JOURNAL), {
      clock,
      policy: this.#policy,
      onFailure: (error) => {
        log.warning(`the journal cannot be written, and changes are refused: ${error.message}`);
        this.recorder.recordsExtensions = false;
        for (const callback of this.#impatient) callback();
      },
      onRecovery: () => {
        log.notice('the journal can be written again');
        this.recorder.recordsExtensions = true;
        this.#missedCursor = 0;
        if (this.recorder.missesExtensions) this.#missed.schedule();
      },
    });
    this.#wall.ahead = journal.clockAhead;
    const replay = new Replay(restoration, this.#wall);
    const report = await journal.load(
      (record) => {
        if (this.#closed) throw new JournalError('stopped while loading');
        replay.visit(record);
      },
      (loaded, total) => {
        this.#progress = { loaded, total, since };
        onProgress(this.#progress);
      },
    );
    const sessions = this.#engine().size;
    const expired = finished(restoration, join(directory, JOURNAL));
    this.#expired = expired;
    this.#journal = journal;
    this.#progress = undefined;
    const note = await takeStopNote(directory);
    if (note !== undefined) {
      const { at, lost, reason } = note;
      log.warning(`when it was stopped at ${new Date(at).toISOString()}, ${lost} changes were lost: ${reason}`);
    }
    if (report.dropped !== undefined) {
      const { path, offset, bytes } = report.dropped;
      const why = note === undefined ? 'a crash or a kill' : 'that stop';
      log.warning(`${path}: dropped the last ${bytes} bytes, from ${offset} on: ${why} cut them short`);
    }
    return { ...report, sessions, expired, ms: clock.now() - began };
  }

  /** How far the load has come; undefined when it is over. */
  get progress(): LoadProgress | undefined {
    return this.#progress;
  }

  /** Of the record appended last. */
  get position(): number {
    return this.#journal?.position ?? 0;
  }

  /** Whether what is acknowledged must be durable first. */
  get isStrict(): boolean {
    return this.#policy === 'always';
  }

  /** Whether everything that was recorded is durable. */
  get isDurable(): boolean {
    const journal = this.#journal;
    return journal === undefined || journal.durable >= journal.position;
  }

  /** Calls back when everything up to a position is durable, at once if it is. */
  whenDurable(position: number, callback: () => void): void {
    this.#loaded().whenDurable(position, callback);
  }

  /** As `whenDurable`, or when the disk fails: for who has changed nothing and is not to wait for its repair. */
  whenDurableOrFailing(position: number, callback: () => void): void {
    if (this.failure !== undefined) {
      callback();
      return;
    }
    const once = () => {
      if (this.#impatient.delete(once)) callback();
    };
    this.#impatient.add(once);
    this.#loaded().whenDurable(position, once);
  }

  /** Why nothing can be written at the moment, undefined if it can. */
  get failure(): Error | undefined {
    return this.#journal?.failure;
  }

  /** Why no session may change at the moment, as a client is told; undefined if one may. */
  get refusal(): CodedError | undefined {
    const { failure } = this;
    return failure === undefined ? undefined : cannotPersist(failure);
  }

  /** Changes that the disk does not have as the policy wants it: durable or, with `no`, written. */
  get unsaved(): number {
    const journal = this.#journal;
    if (journal === undefined) return 0;
    return journal.position - (this.#policy === 'no' ? journal.written : journal.durable);
  }

  set policy(policy: SyncPolicy) {
    this.#policy = policy;
    if (this.#journal !== undefined) this.#journal.policy = policy;
  }

  /** Makes everything durable that is appended by now, soon and whatever the policy. Rejects if the disk fails. */
  flush(): Promise<void> {
    return this.#loaded().makeDurable();
  }

  /** Whether so much waits for the disk that nobody should add to it. */
  get isBehind(): boolean {
    const journal = this.#journal;
    return journal !== undefined && journal.unwrittenBytes > MOST_UNWRITTEN && journal.failure === undefined;
  }

  /** Calls back once when it is not behind any more. */
  whenCaughtUp(callback: () => void): void {
    this.#loaded().whenWritten(MOST_UNWRITTEN / 2, callback);
  }

  /** What there is to say of the journal; undefined until it is loaded. */
  get status() {
    const journal = this.#journal;
    if (journal === undefined) return undefined;
    const { size, baseSize, pendingBytes, isSyncing } = journal;
    return {
      size,
      baseSize,
      pendingBytes,
      isSyncing,
      /** How many of the sessions that were loaded had expired by then. */
      expired: this.#expired,
      compaction: this.#compactions.statusOf(journal),
    };
  }

  /** To be called about once a second: compacts the journal when it has grown enough, and notices when the system's clock was set. */
  beat(): void {
    const journal = this.#journal;
    if (journal === undefined || this.#closed) return;
    this.#watchClock(journal);
    journal.check();
    this.#compactions.runIfDue(journal);
  }

  /** The journal's time goes on when the system's clock is set; by how much the two differ has to be known to the next process. */
  #watchClock(journal: Journal): void {
    const ahead = Math.round(this.#wall.ahead);
    const by = ahead - journal.clockAhead;
    if (Math.abs(by) <= CLOCK_SET_MS || this.#notingClock !== undefined) return;
    const { log } = this.#options;
    this.#notingClock = journal
      .setClockAhead(ahead)
      .then(
        () => log.notice(`the clock of the system was set by ${by} ms: sessions end when they would have`),
        // It is tried again in a second.
        (error: Error) => log.warning(`could not note that the clock of the system was set: ${error.message}`),
      )
      .finally(() => {
        this.#notingClock = undefined;
      });
  }

  /**
   * For a load that puts a session together piece by piece. Resolves when no compaction is under way, with a function that allows compactions
   * again.
   */
  holdCompactions(): Promise<() => void> {
    return this.#compactions.hold();
  }

  /** Compacts the journal while others are served. @throws JournalError if it is being done already, or the disk fails. */
  compact(): Promise<void> {
    return this.#compactions.run(this.#loaded());
  }

  /**
   * Makes everything durable and lets another process have the directory. A load is given up.
   * @param patience Ms for which a disk that fails is tried again; without any, it gets one try.
   * @throws UnwrittenChanges if the disk does not take everything; what can be closed is closed.
   */
  async close(patience = 0): Promise<void> {
    this.#closed = true;
    this.#compactions.stop();
    this.#missed.stop();
    const { clock } = this.#options;
    const cancel = clock.after(patience, () => this.#journal?.giveUp());
    const closing = this.#complete();
    // A call that the system does not return from is not waited for.
    const isOver = await endsWithin(closing, patience + LAST_CALL, clock);
    cancel();
    if (isOver) await closing;
    else if (this.#journal !== undefined) throw this.#unanswered(this.#journal);
  }

  async #complete(): Promise<void> {
    // Until it is over, files are open, and may be cut. Its error is told to who asked for it.
    await this.#loading.catch(() => {});
    if (this.recorder.missesExtensions && this.failure === undefined) this.recorder.recordMissed(0, Infinity);
    if (this.#journal !== undefined) this.#watchClock(this.#journal);
    await this.#notingClock;
    const { clock, directory } = this.#options;
    try {
      await this.#journal?.close();
    } catch (error) {
      if (error instanceof UnwrittenChanges) {
        await leaveStopNote(directory, { at: clock.wall(), lost: error.lost, reason: error.reason });
      }
      throw error;
    } finally {
      this.#lock.release();
    }
  }

  #unanswered({ position, written, durable }: Journal): UnwrittenChanges {
    return new UnwrittenChanges(position - written, written - durable, 'the disk did not answer');
  }

  /** Records some of what was extended while the disk failed. */
  #recordMissed(): number {
    if (!this.recorder.recordsExtensions) return DONE;
    this.#missedCursor = this.recorder.recordMissed(this.#missedCursor, MISSED_SLOTS);
    return this.#missedCursor > 0 ? 0 : DONE;
  }

  /** Not a getter: V8 calls its runtime for one that is private. */
  #loaded(): Journal {
    if (this.#journal === undefined) throw new Error('the journal has not been loaded');
    return this.#journal;
  }
}

/** Lets time go on for sessions that were put back. @throws JournalError if they are what no server has written. */
function finished(restoration: Restoration, path: string): number {
  try {
    return restoration.finish();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new JournalError(`the journal in ${path} holds what no server writes: ${error.message}`);
  }
}
