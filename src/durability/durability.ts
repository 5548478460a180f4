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
  #policy: SyncPolicy;
  /** Those who are called when the disk fails as well. */
  readonly #impatient = new Set<() => void>();
  /** Called when the disk fails. */
  readonly #flushes = new Set<(error: Error) => void>();
  /** How many sessions had expired before they were loaded. */
  #expired = 0;
  #compactionBegan = 0;
  #compactionFailedAt = -Infinity;
  #lastCompactionOk = true;
  #lastCompactionMs: number | undefined;
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
    const { clock, directory, log } = this.#options;
    const began = clock.now();
    const since = clock.wall();
    this.#progress = { loaded: 0, total: 0, since };
    const restoration = this.#engine().restore();
    const journal = await Journal.open(join(directory, 'journal'), {
      clock,
      policy: this.#policy,
      onFailure: (error) => {
        log.warning(`the journal cannot be written, and changes are refused: ${error.message}`);
        for (const fail of this.#flushes) fail(error);
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
    this.#expired = expired;
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
    this.#loaded().begin(name, fields, rest);
  }

  /** Appends a SET record of one key. */
  appendSet(token: Slice, key: Slice, value: Slice): void {
    this.#loaded().appendSet(token, key, value);
  }

  beginAbout(name: TokenRecord, token: Slice, rest: number): void {
    this.#loaded().beginAbout(name, token, rest);
  }

  item(bytes: Slice): void {
    this.#loaded().item(bytes);
  }

  append<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest?: readonly Slice[]): void {
    this.#loaded().append(name, fields, rest);
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

  set policy(policy: SyncPolicy) {
    this.#policy = policy;
    if (this.#journal !== undefined) this.#journal.policy = policy;
  }

  /** Makes everything durable that is appended by now, at once and whatever the policy. Rejects if the disk fails. */
  async flush(): Promise<void> {
    const journal = this.#loaded();
    if (journal.failure !== undefined) throw journal.failure;
    let fail: (error: Error) => void = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        fail = reject;
        this.#flushes.add(fail);
        journal.policy = 'always';
        journal.whenDurable(journal.position, resolve);
      });
    } finally {
      this.#flushes.delete(fail);
      if (this.#flushes.size === 0) journal.policy = this.#policy;
    }
  }

  /** What there is to say of the journal; undefined until it is loaded. */
  get status() {
    const journal = this.#journal;
    if (journal === undefined) return undefined;
    const { size, baseSize, pendingBytes, isCompacting, isSyncing } = journal;
    return {
      size,
      baseSize,
      pendingBytes,
      isSyncing,
      /** How many of the sessions that were loaded had expired by then. */
      expired: this.#expired,
      /** Ms since the compaction began that is under way; undefined if none is. */
      compacting: isCompacting ? this.#options.clock.now() - this.#compactionBegan : undefined,
      lastCompactionOk: this.#lastCompactionOk,
      /** Ms that the latest compaction took; undefined before the first. */
      lastCompactionMs: this.#lastCompactionMs,
    };
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
    const journal = this.#loaded();
    if (journal.isCompacting) throw new JournalError('the journal is being compacted already');
    const [began, size] = [clock.now(), journal.size];
    this.#compactionBegan = began;
    const engine = this.#engine();
    try {
      await journal.compact((base) => {
        const { sessions, names } = engine.stats();
        base.append('EXPECT', { sessions, names });
        return writeSessions(engine, clock, base, (session) => this.recorder.writeTo(base, session));
      });
      this.#lastCompactionOk = true;
      const ms = clock.now() - began;
      this.#lastCompactionMs = ms;
      log.notice(`compacted the journal from ${size} to ${journal.size} bytes in ${Math.round(ms)} ms`);
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

  /** Not a getter: V8 calls its runtime for one that is private. */
  #loaded(): Journal {
    if (this.#journal === undefined) throw new Error('the journal has not been loaded');
    return this.#journal;
  }
}
