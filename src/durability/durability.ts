import { join } from 'node:path';
import type { Clock, SessionEngine } from '../engine/index.js';
import {
  DirectoryLock,
  type GrowthLimits,
  isCompactionDue,
  Journal,
  JournalError,
  type LoadReport,
  prepareDataDirectory,
  type RecordFields,
  type RecordName,
  readOrMakeSecret,
  type SyncPolicy,
  type TokenRecord,
} from '../journal/index.js';
import type { Slice } from '../slice.js';
import { Recorder } from './recorder.js';
import { Replay } from './replay.js';
import type { RecordSink } from './session-records.js';
import { writeSessions } from './write-sessions.js';

export interface DurabilityOptions {
  /** The directory of all that is kept. */
  readonly directory: string;
  readonly policy: SyncPolicy;
  readonly clock: Clock;
  /** When the journal is compacted by itself. Looked at each time. */
  readonly growth: () => GrowthLimits;
  /** Told what an operator should know, in one line each. */
  readonly log: { notice(message: string): void; warning(message: string): void };
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

/** Milliseconds before a compaction that failed is tried again. */
const RETRY_MS = 60_000;

/**
 * Keeps sessions over a restart: everything that happens to them goes to a journal, from which they are put back at the next
 * start.
 */
export class Durability implements RecordSink {
  /** What the tokens of shared sessions are derived from: it outlives a restart as they do. */
  readonly secret: Buffer;
  /** What the engine is to tell of its changes. */
  readonly recorder: Recorder;

  readonly #options: DurabilityOptions;
  readonly #engine: () => SessionEngine;
  readonly #lock: DirectoryLock;
  #journal: Journal | undefined;
  #loading: Promise<unknown> = Promise.resolve();
  #progress: LoadProgress | undefined = { loaded: 0, total: 0, since: 0 };
  /** Those who are called when the disk fails as well. */
  readonly #impatient = new Set<() => void>();
  #compactionFailedAt = -Infinity;
  #lastCompactionOk = true;
  #closed = false;

  /**
   * Takes exclusive use of the directory, which is made if there is none.
   * @param engine Whose sessions are kept; asked for when it is needed.
   * @throws JournalError if the directory cannot be used.
   */
  constructor(options: DurabilityOptions, engine: () => SessionEngine) {
    this.#options = options;
    this.#engine = engine;
    prepareDataDirectory(options.directory);
    this.#lock = DirectoryLock.take(options.directory);
    try {
      this.secret = readOrMakeSecret(options.directory);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.recorder = new Recorder(engine, this, options.clock);
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
    const { clock, directory, policy, log } = this.#options;
    const began = clock.now();
    const since = clock.wall();
    this.#progress = { loaded: 0, total: 0, since };
    const restoration = this.#engine().restore();
    const journal = await Journal.open(join(directory, 'journal'), {
      clock,
      policy,
      onFailure: (error) => {
        log.warning(`the journal cannot be written, and changes are refused: ${error.message}`);
        for (const callback of this.#impatient) callback();
      },
      onRecovery: () => log.notice('the journal can be written again'),
    });
    const replay = new Replay(restoration, clock);
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
    const expired = restoration.finish();
    this.#journal = journal;
    this.#progress = undefined;
    if (report.dropped !== undefined) {
      const { path, offset, bytes } = report.dropped;
      log.warning(`${path}: dropped the last ${bytes} bytes, from ${offset} on: a crash cut them short`);
    }
    return { ...report, sessions, expired, ms: clock.now() - began };
  }

  /** How far the load has come; undefined when it is over. */
  get progress(): LoadProgress | undefined {
    return this.#progress;
  }

  begin<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest: number): void {
    this.#loaded.begin(name, fields, rest);
  }

  beginAbout(name: TokenRecord, token: Slice, rest: number): void {
    this.#loaded.beginAbout(name, token, rest);
  }

  item(bytes: Slice): void {
    this.#loaded.item(bytes);
  }

  append<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest?: readonly Slice[]): void {
    this.#loaded.append(name, fields, rest);
  }

  /** Of the record appended last. */
  get position(): number {
    return this.#journal?.position ?? 0;
  }

  /** Whether what is acknowledged must be durable first. */
  get isStrict(): boolean {
    return this.#journal?.policy === 'always';
  }

  /** Whether everything that was recorded is durable. */
  get isDurable(): boolean {
    const journal = this.#journal;
    return journal === undefined || journal.durable >= journal.position;
  }

  /** Calls back when everything up to a position is durable, at once if it is. */
  whenDurable(position: number, callback: () => void): void {
    this.#loaded.whenDurable(position, callback);
  }

  /** As `whenDurable`, or when the disk fails: for who has changed nothing and is not to wait for its repair. */
  whenDurableOrFailing(position: number, callback: () => void): void {
    const once = () => {
      if (this.#impatient.delete(once)) callback();
    };
    this.#impatient.add(once);
    this.#loaded.whenDurable(position, once);
  }

  /** Why nothing can be written at the moment, undefined if it can. */
  get failure(): Error | undefined {
    return this.#journal?.failure;
  }

  set policy(policy: SyncPolicy) {
    if (this.#journal !== undefined) this.#journal.policy = policy;
  }

  /** What there is to say of the journal; undefined until it is loaded. */
  get status() {
    const journal = this.#journal;
    if (journal === undefined) return undefined;
    const { size, baseSize, pendingBytes, isCompacting } = journal;
    return { size, baseSize, pendingBytes, isCompacting, lastCompactionOk: this.#lastCompactionOk };
  }

  /** To be called about once a second: compacts the journal when it has grown enough. */
  compactIfDue(): void {
    const journal = this.#journal;
    const { clock, growth } = this.#options;
    if (journal === undefined || journal.isCompacting || journal.failure !== undefined || this.#closed) return;
    if (clock.now() - this.#compactionFailedAt < RETRY_MS) return;
    if (isCompactionDue(journal, growth())) void this.compact().catch(() => {});
  }

  /**
   * Lets a base stand for all that the journal says of what was, in slices between which others are served.
   * @throws JournalError if it is being done already, or the disk fails.
   */
  async compact(): Promise<void> {
    const { clock, log } = this.#options;
    const journal = this.#loaded;
    if (journal.isCompacting) throw new JournalError('the journal is being compacted already');
    const [began, size] = [clock.now(), journal.size];
    const engine = this.#engine();
    try {
      await journal.compact((base) => {
        const { sessions, names } = engine.stats();
        base.append('EXPECT', { sessions, names });
        return writeSessions(engine, clock, base, (session) => this.recorder.writeTo(base, session));
      });
      this.#lastCompactionOk = true;
      const ms = Math.round(clock.now() - began);
      log.notice(`compacted the journal from ${size} to ${journal.size} bytes in ${ms} ms`);
    } catch (error) {
      this.#lastCompactionOk = false;
      this.#compactionFailedAt = clock.now();
      if (!this.#closed) log.warning(`could not compact the journal: ${(error as Error).message}`);
      throw error;
    }
  }

  /**
   * Makes everything durable and lets another process have the directory. A load is given up. Rejects, closed all the same, if the
   * disk fails.
   */
  async close(): Promise<void> {
    this.#closed = true;
    // Until it is over, files are open, and may be cut. Its error is told to who asked for it.
    await this.#loading.catch(() => {});
    try {
      await this.#journal?.close();
    } finally {
      this.#lock.release();
    }
  }

  get #loaded(): Journal {
    if (this.#journal === undefined) throw new Error('the journal has not been loaded');
    return this.#journal;
  }
}
