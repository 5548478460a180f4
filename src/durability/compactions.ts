import type { Clock, SessionEngine } from '../engine/index.js';
import { type GrowthLimits, isCompactionDue, type Journal, JournalError } from '../journal/index.js';
import type { Recorder } from './recorder.js';
import { SessionsWriter } from './sessions-writer.js';

/** Milliseconds before a compaction that failed is tried again by itself. */
const RETRY_MS = 60_000;

export interface CompactionOptions {
  readonly clock: Clock;
  /** When the journal is compacted by itself. Looked at each time. */
  readonly growth: () => GrowthLimits;
  /** Told what an operator should know, in one line each. */
  readonly log: { notice(message: string): void; warning(message: string): void };
}

/** How the latest compaction came out, and how long the one under way has taken. */
export interface CompactionStatus {
  /** Ms since the one under way began; undefined if none is. */
  readonly running: number | undefined;
  /** Ms that the latest took that succeeded; undefined before the first. */
  readonly lastMs: number | undefined;
  readonly lastSucceeded: boolean;
}

/** Has the journal compacted: when it has grown enough, and when somebody asks for it. */
export class Compactions {
  readonly #options: CompactionOptions;
  readonly #engine: () => SessionEngine;
  readonly #recorder: Recorder;
  #beganAt = 0;
  #failedAt = -Infinity;
  #lastMs: number | undefined;
  #lastSucceeded = true;
  #stopped = false;
  /** One was asked for, and is under way or waits for those that hold it. */
  #isAskedFor = false;
  /** The one that is under way. */
  #running: Promise<void> | undefined;
  /** How many callers hold compactions, and the callbacks of compactions that wait for them. */
  #holds = 0;
  #waiting: (() => void)[] = [];

  constructor(options: CompactionOptions, engine: () => SessionEngine, recorder: Recorder) {
    this.#options = options;
    this.#engine = engine;
    this.#recorder = recorder;
  }

  /** Begins no more by itself, and says nothing of one that is given up. */
  stop(): void {
    this.#stopped = true;
    this.#letGo();
  }

  /** Resolves when no compaction is under way, with a function that allows compactions again. */
  async hold(): Promise<() => void> {
    this.#holds++;
    while (this.#running !== undefined) await this.#running.catch(() => {});
    return () => {
      if (--this.#holds === 0) this.#letGo();
    };
  }

  #letGo(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  statusOf(journal: Journal): CompactionStatus {
    return {
      running: journal.isCompacting ? this.#options.clock.now() - this.#beganAt : undefined,
      lastMs: this.#lastMs,
      lastSucceeded: this.#lastSucceeded,
    };
  }

  /** To be called about once a second. */
  runIfDue(journal: Journal): void {
    const { clock, growth } = this.#options;
    if (this.#isAskedFor || journal.failure !== undefined || this.#stopped || this.#holds > 0) return;
    if (clock.now() - this.#failedAt < RETRY_MS) return;
    if (isCompactionDue(journal, growth())) void this.run(journal).catch(() => {});
  }

  /**
   * Lets a base stand for all that the journal says of what was, in slices between which others are served.
   * @throws JournalError if it is being done already, or the disk fails.
   */
  async run(journal: Journal): Promise<void> {
    if (this.#isAskedFor) throw new JournalError('the journal is being compacted already');
    this.#isAskedFor = true;
    try {
      while (this.#holds > 0 && !this.#stopped) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.#running = this.#run(journal);
      await this.#running;
    } finally {
      this.#isAskedFor = false;
      this.#running = undefined;
    }
  }

  async #run(journal: Journal): Promise<void> {
    const { clock, log } = this.#options;
    const [began, size] = [clock.now(), journal.size];
    this.#beganAt = began;
    const engine = this.#engine();
    const recorder = this.#recorder;
    try {
      await journal.compact((base) => {
        const { sessions, names } = engine.stats();
        base.records.append('EXPECT', { sessions, names });
        recorder.beginBase();
        const writer = new SessionsWriter(engine, clock, base, {
          whole: (session) => recorder.writeTo(base.records, session),
          head: (session) => recorder.writeHeadTo(base.records, session),
          takes: (session) => !recorder.isNew(session),
        });
        return writer.writeAll();
      });
      this.#lastSucceeded = true;
      this.#lastMs = clock.now() - began;
      log.notice(`compacted the journal from ${size} to ${journal.size} bytes in ${Math.round(this.#lastMs)} ms`);
    } catch (error) {
      this.#lastSucceeded = false;
      this.#failedAt = clock.now();
      if (!this.#stopped) log.warning(`could not compact the journal: ${(error as Error).message}`);
      throw error;
    } finally {
      this.#recorder.endBase();
    }
  }
}
