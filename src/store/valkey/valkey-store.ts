import type { Slice } from '../../slice.js';
import type { Answer } from '../answer.js';
import { MANY_SESSIONS, type SessionStore } from '../session-store.js';
import type { Store, Transaction, Watched } from '../store.js';
import { Addresses } from './addressing/addresses.js';
import { OriginIds } from './addressing/origin-ids.js';
import { Partitions } from './addressing/partitions.js';
import { SharedTokens } from './addressing/shared-tokens.js';
import { bufferOf } from './library/replies.js';
import { Creation } from './names/creation.js';
import { Ending } from './names/ending.js';
import { NameIndexes } from './names/name-indexes.js';
import { NameSessions } from './names/name-sessions.js';
import { Unindexing } from './names/unindexing.js';
import type { Calls } from './nodes/nodes.js';
import { fields } from './sessions/fields.js';
import { lifeOfMany, lifeOfOne } from './sessions/life.js';
import { LookUpCounts } from './sessions/look-up-counts.js';
import { looksAtMany, looksAtOne } from './sessions/looks.js';
import { Recorder } from './sessions/recorder.js';
import { SessionCalls } from './sessions/session-calls.js';
import { statsOf, type TimerStats } from './sessions/stats.js';
import { creationIn, REFUSED, StoreTransaction, type WatchedSession } from './sessions/transaction.js';
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
  readonly partitions: Partitions;
  readonly sessions: SessionStore;
  readonly #nodes: Calls;
  readonly #addresses: Addresses;
  readonly #names: NameSessions;
  readonly #creation: Creation;
  readonly #ids: OriginIds;
  readonly #unindexing: Unindexing;
  readonly #lookUps = new LookUpCounts();
  readonly #maxValueBytes: number;

  constructor(nodes: Calls, settings: StoreSettings, { maxValueBytes, timers, mostAtHome }: ValkeyStoreOptions) {
    const { secret } = settings;
    const partitions = new Partitions(settings.partitions);
    const tokens = new SharedTokens(secret);
    const addresses = new Addresses(partitions, tokens);
    const unindexing = new Unindexing(nodes, partitions);
    const ending = new Ending(nodes, addresses, unindexing);
    const indexes = new NameIndexes(nodes, partitions);
    const ids = new OriginIds(secret);
    const names = new NameSessions(indexes, ending, ids);
    const creation = new Creation(nodes, partitions, tokens, indexes, unindexing, mostAtHome);
    this.partitions = partitions;
    this.#unindexing = unindexing;
    this.#nodes = nodes;
    this.#addresses = addresses;
    this.#names = names;
    this.#creation = creation;
    this.#ids = ids;
    this.#maxValueBytes = maxValueBytes;
    this.sessions = {
      ...this.#ofOne(nodes, MANY_SESSIONS),
      ...lifeOfMany(nodes, addresses, partitions, creation, names, unindexing),
      ...looksAtMany(nodes, partitions, indexes, names, ids, unindexing),
      stats: () => {
        // It counts the names.
        unindexing.flush();
        return statsOf(nodes, partitions.count, this.#lookUps, timers());
      },
    };
  }

  /** Sends now what would be sent a little later. */
  flush(): void {
    this.#unindexing.flush();
  }

  watch(token: Slice): Answer<Watched> {
    const address = this.#addresses.find(token);
    if (address === undefined) return undefined;
    return this.#nodes
      .call(address.partition, 'version', [address.text])
      .then((version): WatchedSession => ({ address, version: bufferOf(version) }));
  }

  begin(watched: readonly Watched[]): Transaction {
    const recorder = new Recorder();
    const sessions = {
      // Everything is recorded before anything is answered.
      ...this.#ofOne(recorder, Infinity),
      ...creationIn(recorder, this.#creation, this.partitions),
      ...REFUSED,
    };
    // What cannot be a session cannot change.
    const those = (watched as readonly (WatchedSession | undefined)[]).filter((one) => one !== undefined);
    return new StoreTransaction(this.#nodes, this.partitions, recorder, this.#creation, sessions, those);
  }

  /** Returns the operations on single sessions. @param calls What runs them. @param atOnce See `SessionCalls`. */
  #ofOne(calls: Calls, atOnce: number): Omit<SessionStore, keyof typeof REFUSED | 'create'> {
    const one = new SessionCalls(calls, this.#addresses, this.#lookUps, atOnce);
    const ending = new Ending(calls, this.#addresses, this.#unindexing);
    return {
      ...lifeOfOne(one, this.#addresses, this.partitions, ending, this.#names),
      ...looksAtOne(one, this.#addresses, this.#ids),
      ...fields(one, this.#maxValueBytes),
    };
  }
}
