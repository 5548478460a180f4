import { checkName, checkTime } from '../../engine/checks.js';
import { type Extend, MAX_DURATION, MAX_SECONDS } from '../../engine/index.js';
import { MALFORMED_TOKEN } from '../../engine/session-error.js';
import { Slice } from '../../slice.js';
import type { Settings } from '../session-store.js';
import { DELETE_SESSION, EXTEND_GET, EXTEND_SET, SHARED } from './flags.js';
import type { Entry, NameIndexes } from './name-indexes.js';
import { type Argument, StoreError } from './nodes.js';
import type { Partitions } from './partitions.js';
import type { SharedTokens } from './shared-tokens.js';
import type { Unindexing } from './unindexing.js';

const EXTEND: Record<Extend, number> = { none: 0, get: EXTEND_GET, set: EXTEND_SET, both: EXTEND_GET | EXTEND_SET };

/** A session that is to be created. It has copies of what the client sent. */
export interface Plan {
  readonly name: Buffer;
  /** The token, unless any will do. */
  readonly token: string | undefined;
  readonly flags: number;
  readonly duration: number;
  readonly maxAgeMs: number;
  readonly data: readonly Buffer[];
}

/** A session that is in the index of its name, but has not been created yet. */
export interface IndexedSession {
  readonly name: Buffer;
  readonly token: string;
  readonly partition: number;
  readonly entry: Entry;
  /** The arguments of the function `create`. */
  readonly args: readonly Argument[];
}

/**
 * Creates sessions in three steps. First the session is entered in the index of its name, so that no session is ever
 * missing there. Then it is created: this is one call, for the caller to make. Last the entry is confirmed. If the
 * process dies in between, index repair (`index-repair.ts`) finds the unconfirmed entry.
 */
export class Creation {
  readonly #partitions: Partitions;
  readonly #tokens: SharedTokens;
  readonly #names: NameIndexes;
  readonly #unindexing: Unindexing;

  constructor(partitions: Partitions, tokens: SharedTokens, names: NameIndexes, unindexing: Unindexing) {
    this.#partitions = partitions;
    this.#tokens = tokens;
    this.#names = names;
    this.#unindexing = unindexing;
  }

  /** Checks and copies what a client has sent. @throws SessionError, RangeError as `SessionEngine.create`. */
  plan(name: Slice, settings: Settings): Plan {
    const { duration = 0, deleteSession = true, shared = false, extend = 'none', maxAgeMs = 0, limit = 1 } = settings;
    const { token, data = [] } = settings;
    checkName(name);
    checkTime('duration', duration, MAX_DURATION);
    checkTime('maxAgeMs', maxAgeMs, MAX_SECONDS * 1000);
    if (!(limit >= 1)) throw new RangeError('limit must be at least 1');
    if (token !== undefined && this.#partitions.ofToken(token) < 0) throw MALFORMED_TOKEN;
    const copies = copied([name, ...data]);
    return {
      name: copies[0],
      token: shared ? this.#tokens.of(copies[0]) : token?.latin1(),
      flags: (deleteSession ? DELETE_SESSION : 0) | EXTEND[extend] | (shared ? SHARED : 0),
      duration,
      maxAgeMs,
      data: copies.slice(1),
    };
  }

  /**
   * Enters a session in the index of its name.
   * @param partition Where a session is to be that may have any token. Default: anywhere.
   */
  async begin(plan: Plan, partition?: number): Promise<IndexedSession> {
    const { name, flags, duration, maxAgeMs, data } = plan;
    const token = plan.token ?? this.#newToken(partition);
    const entry = await this.#names.add(name, token);
    return {
      name,
      token,
      partition: this.#partitions.ofToken(Slice.of(token)),
      entry,
      args: [token, name, flags, duration, maxAgeMs, entry.created, ...data],
    };
  }

  /** Confirms the entry of a session that has been created. Returns how many entries its name has. */
  confirm({ entry }: IndexedSession): Promise<number> {
    return this.#names.confirm(entry);
  }

  /**
   * Removes the entry of a session that was not created, if this is certain.
   * @param error Why it was not.
   */
  async abandon({ entry }: IndexedSession, error?: unknown): Promise<void> {
    if (error instanceof StoreError && error.mayHaveRun) return;
    await this.#unindexing.remove([entry.member]);
  }

  #newToken(partition: number | undefined): string {
    return partition === undefined ? this.#partitions.newToken() : this.#partitions.newTokenIn(partition);
  }
}

/** An entry that is not confirmed is confirmed by index repair. */
export function leaveToRepair(): void {}

/** Copies slices, all into one piece of memory. */
function copied(slices: readonly Slice[]): Buffer[] {
  let length = 0;
  for (const slice of slices) length += slice.length;
  const bytes = Buffer.allocUnsafe(length);
  let end = 0;
  return slices.map((slice) => {
    const start = end;
    end = slice.writeTo(bytes, start);
    return bytes.subarray(start, end);
  });
}
