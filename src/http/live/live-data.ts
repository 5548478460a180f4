import type { ErrorCode } from '../../errors.js';
import type { JsonBytes } from '../json-bytes.js';

/**
 * What `GET /live` sends: a stream of server-sent events. The page imports these types, so this file imports only
 * types.
 *
 * | event | data | sent |
 * |---|---|---|
 * | `hello` | {@link LiveHello} | once, first |
 * | `snapshot` | {@link LiveSnapshot} | at once, then once a second |
 * | `sessions` | {@link LiveEvents} | up to four times a second, if anything happened to sessions |
 *
 * No message contains a token. All times are unix ms, all durations ms, all sizes bytes, unless a name says otherwise.
 * Totals count from the start of the server; the page makes rates of them.
 */
export interface LiveMessages {
  readonly hello: LiveHello;
  readonly snapshot: LiveSnapshot;
  readonly sessions: LiveEvents;
}

/** What does not change while the stream is open. */
export interface LiveHello {
  /** respite's version. */
  readonly version: string;
  /** Differs after a restart: totals start again from 0. */
  readonly runId: string;
  readonly started: number;
  /** The name of the user: `default` if the server has no users. */
  readonly user: string;
  /** What the user may do: `read` lists sessions and their values, `write` ends them. */
  readonly permissions: readonly ('read' | 'write' | 'events' | 'admin' | 'monitor')[];
  /** The size of the wheel, and how {@link LiveWheel} divides it. */
  readonly wheel: {
    /** The length of a tick in ms. */
    readonly tickMs: number;
    /** The number of wheel slots. A revolution takes `slots * tickMs`. */
    readonly slots: number;
    /** The number of segments that the wheel slots are counted in, each of `slots / segments` wheel slots. */
    readonly segments: number;
    /** How many ms each part of `LiveWheel.minute` takes. */
    readonly minutePartMs: number;
  };
}

/** The state of the server, once a second. */
export interface LiveSnapshot {
  /** The server's time. */
  readonly at: number;
  readonly uptimeMs: number;
  readonly ready: boolean;
  /** Why it is not ready, in words; empty if it is. */
  readonly notReady: readonly string[];
  readonly sessions: number;
  /** Names that have sessions. */
  readonly names: number;
  readonly totals: LiveTotals;
  /** Commands per second, measured over the last second. */
  readonly commandsPerSecond: number;
  /** How late expiries were, over the last minutes. */
  readonly lateness: LiveLateness;
  /** Expiries and stalls of the event loop of this many ms or more are trouble. */
  readonly lateMs: number;
  readonly memory: LiveMemory;
  readonly connections: LiveConnections;
  /** Bytes since the start, and per second over the last second. */
  readonly network: {
    readonly input: number;
    readonly output: number;
    readonly inputPerSecond: number;
    readonly outputPerSecond: number;
  };
  readonly persistence: LivePersistence;
  /** The store that has the sessions; undefined if they are in memory. The wheel is empty then. */
  readonly store?: LiveStore;
  /** In the order of the configuration. */
  readonly webhooks: readonly LiveWebhook[];
  readonly slowlog: LiveSlowLog;
  /** How long the event loop kept timers waiting in the last 5 s, in whole ms, rounded up. */
  readonly eventLoopDelay: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly wheel: LiveWheel;
}

/** Counts since the start. */
export interface LiveTotals {
  readonly commands: number;
  readonly errors: number;
  /** The same errors by code. */
  readonly errorCodes: Readonly<Record<ErrorCode, number>>;
  readonly created: number;
  /** How often a read or a write restarted a duration. */
  readonly extended: number;
  /** Sessions removed at their deadline. */
  readonly expired: number;
  /** Sessions that lost their data at their deadline. */
  readonly cleared: number;
  /** Sessions ended by a command, by LIMIT or by MAXAGE, or replaced. */
  readonly ended: number;
  /** Sessions ended to free memory. */
  readonly evicted: number;
  /** Sessions that got a new token. */
  readonly rotated: number;
}

/** How late expiries were, in ms. */
export interface LiveLateness {
  /** The length of the time that the figures are about. */
  readonly overMs: number;
  /** Expiries in that time. If it is 0, so are the others. */
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LiveMemory {
  /** What `maxmemory` limits: the sum of `parts`. */
  readonly used: number;
  readonly peak: number;
  /** `maxmemory`; 0 for no limit. */
  readonly limit: number;
  /** What happens at the limit: `maxmemory-policy`. */
  readonly policy: string;
  /** Memory of the process. */
  readonly rss: number;
  /** Keys and values of the sessions, part of `parts.sessions`. */
  readonly data: number;
  readonly parts: {
    /** The process before it had sessions. */
    readonly startup: number;
    /** Sessions, including overhead. */
    readonly sessions: number;
    /** The buffers of connections. */
    readonly clients: number;
  };
}

export interface LiveConnections {
  readonly clients: number;
  /** `maxclients`. */
  readonly limit: number;
  /** Clients that subscribe to something. */
  readonly subscribers: number;
  /** Accepted since the start. */
  readonly accepted: number;
  /** Rejected since the start: for `maxclients`, by protected mode, or for their certificate. */
  readonly rejected: number;
  /** Open streams of this kind. */
  readonly watchers: number;
}

export type LivePersistence =
  | { readonly on: false }
  | {
      readonly on: true;
      /** `appendfsync`. */
      readonly policy: string;
      /** Why the last write failed; empty if it did not. */
      readonly error: string;
      /** Size of the journal. */
      readonly size: number;
      /** Size of the part that the last compaction wrote. */
      readonly baseSize: number;
      /** Bytes that are not written yet. */
      readonly pending: number;
      /** When the last fsync ended, and how long it took; undefined before the first. */
      readonly fsync?: { readonly at: number; readonly ms: number };
      readonly compaction: {
        /** How long the running compaction has taken; undefined if none is running. */
        readonly runningMs?: number;
        /** How long the last one took; undefined before the first. */
        readonly lastMs?: number;
        readonly lastSucceeded: boolean;
      };
      /** How much of the journal is loaded; undefined once it all is. */
      readonly loading?: { readonly loaded: number; readonly total: number };
    };

export interface LiveStore {
  readonly kind: 'cluster' | 'single' | 'sentinel';
  /** The product and its version. */
  readonly version: string;
  /** The number of primaries. */
  readonly nodes: number;
  readonly partitions: number;
  /** Partitions whose sessions this server expires. */
  readonly owned: number;
  /** Servers that use the store. */
  readonly processes: number;
  /** Whether it can serve all sessions. */
  readonly reachable: boolean;
  /** Calls since the server started, and those of them that the store did not serve. */
  readonly calls: number;
  readonly failures: number;
  /** The mean time from a call to its answer. */
  readonly meanMs: number;
}

export interface LiveWebhook {
  readonly name: string;
  /** `failing` if the last request has failed; `disabled` if the receiver has answered 410. */
  readonly state: 'ok' | 'failing' | 'disabled';
  /** Events that the receiver has accepted since the start. */
  readonly delivered: number;
  /** Events that are not delivered yet, those included that the webhook may not want. */
  readonly waiting: number;
  /** The age of the oldest event that is not delivered; 0 if there is none. */
  readonly lagMs: number;
  /** Requests that have failed since the start, and why the last of them did; empty if none has. */
  readonly failures: number;
  readonly lastError: string;
  /** Events that were given up or lost since the start. */
  readonly deadLetters: number;
  /** When the receiver last accepted a message; undefined if it has not since the start. */
  readonly lastSuccess?: number;
}

export interface LiveSlowLog {
  /** A command is slow if it takes this long: `slowlog-log-slower-than`. Undefined if the slow log is off. */
  readonly fromMs?: number;
  /** The latest slow commands, newest first. */
  readonly entries: readonly LiveSlowCommand[];
}

export interface LiveSlowCommand {
  /** Increases with each entry. */
  readonly id: number;
  /** Unix ms, whole seconds. */
  readonly at: number;
  readonly ms: number;
  /** The words of the command, without anything that could be a token. */
  readonly words: readonly string[];
  readonly client: string;
}

/**
 * The timing wheel: timers by when they are due. A timer is counted where it will fire, even if the wheel still has it
 * in the wheel slot from before it was extended. Counting a million timers takes milliseconds, so with very many timers
 * a count is repeated less than once a second; `at` says when it was made.
 */
export interface LiveWheel {
  readonly at: number;
  /** Timers in all: sessions that have a deadline, and old tokens in their grace period. */
  readonly timers: number;
  /** The position of the hand at `at`: a wheel slot. */
  readonly hand: number;
  /** Timers by segment of the wheel, those that fire before the hand comes by a second time. */
  readonly thisRound: readonly number[];
  /** Timers by segment of the wheel, those of later rounds. */
  readonly laterRounds: readonly number[];
  /** Timers due in the 60 s from `at`, in equal parts. The first part includes those that are overdue. */
  readonly minute: readonly number[];
  /** Timers due within 1, 10 and 60 s from `at`. */
  readonly dueIn1s: number;
  readonly dueIn10s: number;
  readonly dueIn60s: number;
}

/** What happened to a session: an event as in `__session__:<event>:<name>`. */
export type LiveEventKind =
  | 'new'
  | 'expired'
  | 'cleared'
  | 'keyexpired'
  | 'ended'
  | 'limit'
  | 'maxage'
  | 'evicted'
  | 'replaced'
  | 'rotated'
  | 'renamed';

/** Events since the previous message, oldest first. */
export interface LiveEvents {
  readonly entries: readonly LiveEvent[];
  /** Events that are left out of this message, because there were too many or the reader was too slow. */
  readonly omitted: number;
}

export interface LiveEvent {
  readonly at: number;
  readonly event: LiveEventKind;
  /** The session's name. Users without `read` get it without anything that could be a token. */
  readonly name: JsonBytes;
}
