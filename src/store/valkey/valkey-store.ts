import type { Slice } from '../../slice.js';
import type { Answer } from '../answer.js';
import { MANY_SESSIONS, type SessionStore } from '../session-store.js';
import type { Store, Transaction, Watched } from '../store.js';
import type { OriginIds } from './addressing/origin-ids.js';
import type { Partitions } from './addressing/partitions.js';
import { bufferOf } from './library/replies.js';
import { Ending } from './names/ending.js';
import type { Calls } from './nodes/nodes.js';
import { fields } from './sessions/fields.js';
import { lifeOfMany, lifeOfOne } from './sessions/life.js';
import { LookUpCounts } from './sessions/look-up-counts.js';
import { looksAtMany, looksAtOne } from './sessions/looks.js';
import { Recorder } from './sessions/recorder.js';
import { SessionCalls } from './sessions/session-calls.js';
import { statsOf, type TimerStats } from './sessions/stats.js';
import { type StoreParts, storeParts } from './sessions/store-parts.js';
import { creationIn, REFUSED, StoreTransaction, type WatchedSession } from './sessions/transaction.js';
import { Updates } from './sessions/updates.js';
import type { StoreSettings } from './store-settings.js';

export interface ValkeyStoreOptions {
  /** The maximum length, in bytes, that appending may give a value. */
  readonly maxValueBytes: number;
  /** Returns the statistics of the timers of this process. */
  readonly timers: () => TimerStats;
  /** See `Creation`. */
  readonly mostAtHome?: number;
}

/**
 * Sessions in a Valkey or Redis cluster. This process itself keeps none of their data. Every operation on one session
 * is one call of a function, on the node that has the session's partition.
 */
export class ValkeyStore implements Store {
  readonly sessions: SessionStore;
  readonly #parts: StoreParts;
  readonly #lookUps = new LookUpCounts();
  readonly #maxValueBytes: number;

  constructor(nodes: Calls, settings: StoreSettings, { maxValueBytes, timers, mostAtHome }: ValkeyStoreOptions) {
    const parts = storeParts(nodes, settings, mostAtHome);
    this.#parts = parts;
    this.#maxValueBytes = maxValueBytes;
    const updates = new Updates(new SessionCalls(nodes, parts.addresses, this.#lookUps, MANY_SESSIONS));
    this.sessions = {
      ...this.#ofOne(nodes, MANY_SESSIONS),
      ...lifeOfMany(parts),
      ...looksAtMany(parts),
      update: (...args) => updates.update(...args),
      stats: () => {
        // It counts the names.
        this.flush();
        return statsOf(nodes, settings.partitions, this.#lookUps, timers());
      },
    };
  }

  get partitions(): Partitions {
    return this.#parts.partitions;
  }

  get ids(): OriginIds {
    return this.#parts.ids;
  }

  /** Sends now what would be sent a little later. */
  flush(): void {
    this.#parts.unindexing.flush();
  }

  watch(token: Slice): Answer<Watched> {
    const { nodes, addresses } = this.#parts;
    const address = addresses.find(token);
    if (address === undefined) return undefined;
    return nodes
      .call(address.partition, 'version', [address.text])
      .then((version): WatchedSession => ({ address, version: bufferOf(version) }));
  }

  begin(watched: readonly Watched[]): Transaction {
    const recorder = new Recorder();
    const sessions = {
      // Everything is recorded before anything is answered.
      ...this.#ofOne(recorder, Infinity),
      ...creationIn(recorder, this.#parts),
      ...REFUSED,
    };
    // What cannot be a session cannot change.
    const those = (watched as readonly (WatchedSession | undefined)[]).filter((one) => one !== undefined);
    return new StoreTransaction(this.#parts, recorder, sessions, those);
  }

  /** Returns the operations on single sessions. @param calls What runs them. @param atOnce See `SessionCalls`. */
  #ofOne(calls: Calls, atOnce: number): Omit<SessionStore, keyof typeof REFUSED | 'create'> {
    const { addresses, unindexing } = this.#parts;
    const one = new SessionCalls(calls, addresses, this.#lookUps, atOnce);
    return {
      ...lifeOfOne(one, new Ending(calls, addresses, unindexing), this.#parts),
      ...looksAtOne(one, this.#parts),
      ...fields(one, this.#maxValueBytes),
    };
  }
}
