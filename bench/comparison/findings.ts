import type { LatencySummary } from '../load/latency-histogram.js';
import type { RuntimeFindings } from './runtime-findings.js';

/** For each server, by name, one figure per round. */
export type ByServer<Round> = Readonly<Record<string, Round[]>>;

/** One operation at one depth, in one round. */
export interface ActRound {
  /** The server's processor time per operation in µs; null if its process is not known. */
  readonly cpu: number | null;
  readonly perSecond: number;
  /** From sending a request to reading its reply, under full load. */
  readonly latency: LatencySummary;
  /** The load generator's share of one core, from 0 to 1. */
  readonly generatorBusy: number;
}

export interface ActFindings {
  readonly act: string;
  readonly depth: number;
  readonly servers: ByServer<ActRound>;
}

/** Memory in RAM (RSS), in bytes. */
export interface MemoryFindings {
  /** One name for all sessions, or a different one for each. Redis has no names, and is measured once. */
  readonly names: 'one' | 'each';
  readonly sessions: number;
  /** How much memory the sessions added. */
  readonly servers: ByServer<number>;
}

export interface ExpiredRound {
  /** RSS of the empty server, with all sessions, and 5 s after the last one expired, in bytes. */
  readonly empty: number;
  readonly full: number;
  readonly after: number;
  /** From the end of filling until the server reports no sessions, in s. */
  readonly seconds: number;
}

export interface TailRound {
  readonly latency: LatencySummary;
  readonly sendDelay: LatencySummary;
  /** The server's processor time per operation in µs, including the expiry of sessions; null if not known. */
  readonly cpu: number | null;
  /** The number of sessions at the end. It should be as high as at the beginning. */
  readonly live: number;
  /** What `runtime-probe.mjs` recorded in respite. */
  readonly runtime: RuntimeFindings | null;
}

/** CPU per operation as something grows. */
export interface GrowthFindings {
  readonly of: 'sessions' | 'keys';
  readonly verb: 'read' | 'write';
  readonly size: number;
  /** In µs. */
  readonly servers: ByServer<number>;
}

/** The server's processor time per sliding write in µs, by journal policy. */
export interface JournalWrites {
  readonly policy: string;
  readonly depth: number;
  readonly servers: ByServer<number>;
}

export interface RestartRound {
  /** From the start of the process until it is ready, in s. */
  readonly seconds: number;
  /** How long the rewrite of the journal before it took, in s. */
  readonly compaction: number;
  /** What `runtime-probe.mjs` recorded in respite during the rewrite. */
  readonly runtime: RuntimeFindings | null;
}

export interface JournalFindings {
  readonly writes: readonly JournalWrites[];
  readonly restarts: ByServer<RestartRound>;
}

/** The findings of a run. */
export interface Findings {
  readonly acts: readonly ActFindings[];
  readonly memory: readonly MemoryFindings[];
  readonly expired: ByServer<ExpiredRound>;
  readonly tail: ByServer<TailRound>;
  readonly growth: readonly GrowthFindings[];
  readonly journal: JournalFindings;
}
