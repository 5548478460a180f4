import { counted } from '../counted.js';
import type { Clock, SessionEngine } from '../engine/index.js';
import { type BaseFile, type GrowthLimits, isCompactionDue, type Journal, JournalError } from '../journal/index.js';
import type { EventLog } from '../log/log-events.js';
import type { EventStream } from '../stream/event-stream.js';
import type { Recorder } from './recorder.js';
import { SessionsWriter } from './sessions-writer.js';
import type { StreamReplay } from './stream-replay.js';
import { StreamWriter } from './stream-writer.js';

/** How long after a failed compaction the next automatic one may start, in ms. */
const RETRY_MS = 60_000;

export interface CompactionOptions {
  /** The event stream, which is kept as well; undefined if there is none. It must be new. */
  readonly stream?: EventStream | undefined;
  readonly clock: Clock;
  /** How much the journal may grow before it is compacted automatically. Called at each check. */
  readonly growth: () => GrowthLimits;
  /** Takes messages for the operator, one line each. */
  readonly log: Pick<EventLog, 'notice' | 'warning'>;
}

/** The state of compactions. */
export interface CompactionStatus {
  /** Ms since the current compaction began; undefined if there is none. */
  readonly running: number | undefined;
  /** How long the last successful compaction took, in ms; undefined before the first. */
  readonly lastMs: number | undefined;
  readonly lastSucceeded: boolean;
  /** How many succeeded, and how many failed or were aborted, since the start. */
  readonly succeeded: number;
  readonly failed: number;
}

/** Compactions that have failed one after the other. */
interface Failures {
  /** When the first one failed, in ms. */
  readonly began: number;
  readonly count: number;
  /** Why the latest one failed. */
  readonly reason: string;
}

/** Compacts the journal when it has grown enough and on request. */
export class Compactions {
  readonly #options: CompactionOptions;
  /** The data directory, for log lines. */
  readonly #directory: string;
  readonly #engine: SessionEngine;
  readonly #recorder: Recorder;
  readonly #streamReplay: StreamReplay;
  #beganAt = 0;
  #failedAt = -Infinity;
  #lastMs: number | undefined;
  #lastSucceeded = true;
  #succeeded = 0;
  #failed = 0;
  /** Undefined if the latest compaction succeeded. */
  #failures: Failures | undefined;
  #stopped = false;
  /** Whether a compaction is under way or waits until nobody holds compactions back. */
  #isPending = false;
  /** The compaction that is under way. */
  #running: Promise<void> | undefined;
  /** How many callers hold compactions back, and the callbacks of compactions that wait for them. */
  #holds = 0;
  #waiting: (() => void)[] = [];

  constructor(
    options: CompactionOptions,
    directory: string,
    engine: SessionEngine,
    recorder: Recorder,
    streamReplay: StreamReplay,
  ) {
    this.#streamReplay = streamReplay;
    this.#options = options;
    this.#directory = directory;
    this.#engine = engine;
    this.#recorder = recorder;
  }

  /** Starts no more automatic compactions, and logs nothing about one that is aborted. */
  stop(): void {
    this.#stopped = true;
    this.#startWaiting();
  }

  /** Resolves when no compaction is under way, with a function that allows compactions again. */
  async hold(): Promise<() => void> {
    this.#holds++;
    while (this.#running !== undefined) await this.#running.catch(() => {});
    return () => {
      if (--this.#holds === 0) this.#startWaiting();
    };
  }

  #startWaiting(): void {
    for (const start of this.#waiting.splice(0)) start();
  }

  statusOf(journal: Journal): CompactionStatus {
    return {
      running: journal.isCompacting ? this.#options.clock.now() - this.#beganAt : undefined,
      lastMs: this.#lastMs,
      lastSucceeded: this.#lastSucceeded,
      succeeded: this.#succeeded,
      failed: this.#failed,
    };
  }

  /** Compacts the journal if it has grown enough. Call this about once a second. */
  runIfDue(journal: Journal): void {
    const { clock, growth } = this.#options;
    if (this.#isPending || journal.failure !== undefined || this.#stopped || this.#holds > 0) return;
    if (clock.now() - this.#failedAt < RETRY_MS) return;
    if (isCompactionDue(journal, growth())) void this.run(journal).catch(() => {});
  }

  /**
   * Replaces the journal's files with a base. Works in slices, so that clients are served meanwhile.
   * @throws JournalError if a compaction is under way, or the disk fails.
   */
  async run(journal: Journal): Promise<void> {
    if (this.#isPending) throw new JournalError('the journal is already being compacted');
    this.#isPending = true;
    try {
      while (this.#holds > 0 && !this.#stopped) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.#running = this.#run(journal);
      await this.#running;
    } finally {
      this.#isPending = false;
      this.#running = undefined;
    }
  }

  async #run(journal: Journal): Promise<void> {
    const { clock, log } = this.#options;
    const [began, size] = [clock.now(), journal.size];
    this.#beganAt = began;
    const engine = this.#engine;
    const recorder = this.#recorder;
    try {
      await journal.compact(async (base) => {
        const { sessions, names } = engine.stats();
        base.records.append('EXPECT', { sessions, names });
        recorder.beginBase();
        const writer = new SessionsWriter(engine, clock, base, {
          whole: (session) => recorder.writeTo(base.records, session),
          head: (session) => recorder.writeHeadTo(base.records, session),
          takes: (session) => !recorder.isNew(session),
          withRecorded: true,
          wall: recorder.wall,
          isForwarding: false,
        });
        await writer.writeAll();
        await this.#writeStream(base);
      });
      this.#lastSucceeded = true;
      this.#succeeded++;
      this.#lastMs = clock.now() - began;
      const ms = Math.round(this.#lastMs);
      log.notice(`compacted the journal from ${size} to ${journal.size} bytes in ${ms} ms`, {
        event: 'compaction',
        before: size,
        bytes: journal.size,
        ms,
      });
      this.#logRecovery();
    } catch (error) {
      this.#lastSucceeded = false;
      this.#failed++;
      this.#failedAt = clock.now();
      if (!this.#stopped) this.#logFailure((error as Error).message);
      throw error;
    } finally {
      this.#recorder.endBase();
    }
  }

  async #writeStream(base: BaseFile): Promise<void> {
    const { clock, stream } = this.#options;
    if (stream !== undefined) {
      await new StreamWriter(stream, clock, base).writeAll();
      return;
    }
    // Without a stream its entries are dropped. But if there is one again, its ids must not go back.
    const { lastId, entriesAdded } = this.#streamReplay.last;
    if (entriesAdded > 0) base.records.append('STREAM', { ...lastId, added: entriesAdded });
  }

  /** Logs the first failure, and later ones only if they have another reason: on a full disk there is one a minute. */
  #logFailure(reason: string): void {
    const { clock, log } = this.#options;
    const before = this.#failures;
    this.#failures = { began: before?.began ?? clock.now(), count: (before?.count ?? 0) + 1, reason };
    if (before?.reason === reason) return;
    const path = this.#directory;
    log.warning(`could not compact the journal in ${path}: ${reason}`, {
      event: 'compaction-failure',
      state: before === undefined ? 'begins' : 'continues',
      path,
      reason,
    });
  }

  #logRecovery(): void {
    if (this.#failures === undefined) return;
    const { clock, log } = this.#options;
    const { began, count } = this.#failures;
    this.#failures = undefined;
    const seconds = Math.round((clock.now() - began) / 1000);
    log.notice(`the journal can be compacted again: ${counted(count, 'compaction')} had failed in ${seconds} s`, {
      event: 'compaction-failure',
      state: 'over',
      path: this.#directory,
      count,
      seconds,
    });
  }
}
