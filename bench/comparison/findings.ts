import type { LatencySummary } from '../load/latency-histogram.js';
import type { RuntimeFindings } from './runtime-findings.js';

/** Of each server, by its name, a figure from each round. */
export type ByServer<Round> = Readonly<Record<string, Round[]>>;

/** One act at one depth, in one round. */
export interface ActRound {
  /** The server's processor time per act in µs; null if its process is not known. */
  readonly cpu: number | null;
  readonly perSecond: number;
  /** From when a request was sent to when its reply was read, with as many in flight as the load keeps. */
  readonly latency: LatencySummary;
  /** Of a processor, what the load generator took. */
  readonly generatorBusy: number;
}

export interface ActFindings {
  readonly act: string;
  readonly depth: number;
  readonly servers: ByServer<ActRound>;
}

/** Memory in RAM (RSS), in bytes. */
export interface MemoryFindings {
  /** One name for all sessions, or a different one for each; Redis has none, and is measured once. */
  readonly names: 'one' | 'each';
  readonly sessions: number;
  /** What the sessions have added. */
  readonly servers: ByServer<number>;
}

export interface ExpiredRound {
  /** RSS of the empty server, with all sessions, and 5 s after the last had expired; in bytes. */
  readonly empty: number;
  readonly full: number;
  readonly after: number;
  /** From the end of filling to when the server said that none was left, in s. */
  readonly seconds: number;
}

export interface TailRound {
  readonly latency: LatencySummary;
  readonly sendDelay: LatencySummary;
  /** The server's processor time per act in µs, with what it takes to expire sessions; null if not known. */
  readonly cpu: number | null;
  /** Sessions at the end, of which there should be as many as at the beginning. */
  readonly live: number;
  /** What a preload saw, in respite. */
  readonly runtime: RuntimeFindings | null;
}

/** CPU per act while something grows. */
export interface GrowthFindings {
  readonly of: 'sessions' | 'keys';
  readonly verb: 'read' | 'write';
  readonly size: number;
  /** In µs. */
  readonly servers: ByServer<number>;
}

/** The server's processor time per sliding write in µs, by how it keeps a journal. */
export interface JournalWrites {
  readonly policy: string;
  readonly depth: number;
  readonly servers: ByServer<number>;
}

export interface RestartRound {
  /** From the start of the process to when it is ready, in s. */
  readonly seconds: number;
  /** How long it took before that to write the journal anew, in s. */
  readonly compaction: number;
  /** What a preload saw meanwhile, in respite. */
  readonly runtime: RuntimeFindings | null;
}

export interface JournalFindings {
  readonly writes: readonly JournalWrites[];
  readonly restarts: ByServer<RestartRound>;
}

/** All that a run has found. */
export interface Findings {
  readonly acts: readonly ActFindings[];
  readonly memory: readonly MemoryFindings[];
  readonly expired: ByServer<ExpiredRound>;
  readonly tail: ByServer<TailRound>;
  readonly growth: readonly GrowthFindings[];
  readonly journal: JournalFindings;
}
