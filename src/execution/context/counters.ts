import type { EngineStats } from '../../engine/index.js';

/** What the server counts, since it started or since CONFIG RESETSTAT. */
export interface Counters {
  connections: number;
  /** Refused for `maxclients` or by protected mode. */
  rejectedConnections: number;
  /** Those that have run, in a transaction as well; not those refused. */
  commands: number;
  errors: number;
  /** Errors by their first word. */
  errorCodes: Map<string, number>;
  /** Bytes. */
  input: number;
  /** Bytes. */
  output: number;
  /** Clients disconnected for output that they did not read. */
  outputLimitDisconnections: number;
  /** Clients disconnected for a request that was too large as a whole. */
  queryLimitDisconnections: number;
  /** Clients disconnected for silence. */
  timedOut: number;
  /** Clients disconnected for `maxmemory-clients`. */
  evictedClients: number;
  /** Clients disconnected before they had authenticated: too late, or to make room. */
  unauthenticatedDisconnections: number;
  deniedAuthentications: number;
  deniedCommands: number;
}

/** As in the engine's statistics. */
export type SessionCounters = Pick<EngineStats, 'expired' | 'evicted' | 'found' | 'missed'>;

/** Per second, over the latest one. */
export interface Rates {
  readonly commands: number;
  /** Bytes. */
  readonly input: number;
  /** Bytes. */
  readonly output: number;
}
