import type { EngineStats } from '../../engine/index.js';
import type { ErrorCode } from '../../errors.js';

/** What the server has counted since it started. The counts never go back. */
export interface Counters {
  /** Connections that were accepted, including those that were then rejected. */
  connections: number;
  /** Connections rejected for `maxclients`. */
  rejectedByMaxclients: number;
  /** Connections rejected by protected mode. */
  rejectedByProtectedMode: number;
  /** Connections rejected because `tls-ca` did not sign their certificate. */
  rejectedByCertificate: number;
  /** Commands that have run, including those in transactions, but not refused ones. */
  commands: number;
  errors: number;
  /** Errors by code. */
  readonly errorCodes: Record<ErrorCode, number>;
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

/** What INFO shows: what was counted since the start or the latest CONFIG RESETSTAT. */
export type CountersSinceReset = Readonly<Counters> & Pick<EngineStats, 'expired' | 'evicted' | 'found' | 'missed'>;

/** What was counted in the latest second. */
export interface Rates {
  readonly commands: number;
  /** Bytes. */
  readonly input: number;
  /** Bytes. */
  readonly output: number;
}
