import type { EngineStats } from '../../engine/index.js';

/** What the server has counted since it started, or since CONFIG RESETSTAT. */
export interface Counters {
  connections: number;
  /** Refused for `maxclients` or by protected mode. */
  rejectedConnections: number;
  /** Commands that have run, including those in transactions, but not refused ones. */
  commands: number;
  errors: number;
  /** Errors by code. */
  errorCodes: Map<string, number>;
  /** Bytes. */
  input: number;
  /** Bytes. */
  output: number;
  /** Clients disconnected for not reading their output. */
  outputLimitDisconnections: number;
  /** Clients disconnected for too large a request. */
  queryLimitDisconnections: number;
  /** Clients disconnected for being idle. */
  timedOut: number;
  /** Clients disconnected for `maxmemory-clients`. */
  evictedClients: number;
  /** Clients disconnected before they authenticated, because they took too long or to make room. */
  unauthenticatedDisconnections: number;
  deniedAuthentications: number;
  deniedCommands: number;
}

/** The statistics of the engine that CONFIG RESETSTAT resets. */
export type SessionCounters = Pick<EngineStats, 'expired' | 'evicted' | 'found' | 'missed'>;

/** What was counted in the latest second. */
export interface Rates {
  readonly commands: number;
  /** Bytes. */
  readonly input: number;
  /** Bytes. */
  readonly output: number;
}
