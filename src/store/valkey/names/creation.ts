import { checkName, checkTime } from '../../../engine/checks.js';
import { type Extend, MAX_DURATION, MAX_SECONDS } from '../../../engine/index.js';
import { MALFORMED_TOKEN } from '../../../engine/session-error.js';
import { Slice } from '../../../slice.js';
import type { Settings } from '../../session-store.js';
import type { Partitions } from '../addressing/partitions.js';
import type { SharedTokens } from '../addressing/shared-tokens.js';
import { Flag } from '../library/constants.js';
import { bufferOf, integerOf } from '../library/replies.js';
import { inPart } from '../nodes/in-part.js';
import { type Argument, type Calls, StoreError } from '../nodes/nodes.js';
import type { Entry, NameIndexes } from './name-indexes.js';
import type { Unindexing } from './unindexing.js';

/**
 * Once a name has this many sessions, its next ones are created in other partitions, because one name may have a
 * million sessions. Most users have fewer.
 */
const MOST_AT_HOME = 16;

const EXTEND: Record<Extend, number> = {
  none: 0,
  get: Flag.EXTEND_GET,
  set: Flag.EXTEND_SET,
  both: Flag.EXTEND_GET | Flag.EXTEND_SET,
};

/** A session that is to be created. It holds copies of what the client has sent. */
export interface Plan {
  readonly name: Buffer;
  /** Undefined if any token will do. */
  readonly token: string | undefined;
  readonly flags: number;
  readonly duration: number;
  readonly maxAgeMs: number;
  /** Whether the number of the name's sessions is limited. */
  readonly isLimited: boolean;
  readonly data: readonly Slice[];
}

/** A session that is in the index of its name, but has not been created yet. */
export interface IndexedSession {
  readonly token: string;
  readonly partition: number;
  readonly entry: Entry;
  /** The arguments of the function `create`. */
  readonly args: readonly Argument[];
}

/** A session that has been created. */
export interface CreatedSession {
  readonly token: string;
  /** How many entries the index of its name has. 0 if the plan has no limit and it would take a call to find out. */
  readonly entries: number;
}

/**
 * Creates sessions. This takes one call if the session is at home, that is, in the partition of its name. A session
 * with a new token is at home unless its name has many sessions.
 *
 * Otherwise there are three steps. First, the session is entered in the index of its name, so that the index never
 * lacks a session. Second, it is created. Third, the entry is confirmed. If the process dies in between, index repair
 * (`index-repair.ts`) finds the unconfirmed entry. A transaction takes these steps itself.
 */
export class Creation {
  readonly #nodes: Calls;
  readonly #partitions: Partitions;
  readonly #tokens: SharedTokens;
  readonly #names: NameIndexes;
  readonly #unindexing: Unindexing;
  readonly #mostAtHome: number;

  /** @param mostAtHome How many sessions of a name are created at home if they may have any token. */
  constructor(
    nodes: Calls,
    partitions: Partitions,
    tokens: SharedTokens,
    names: NameIndexes,
    unindexing: Unindexing,
    mostAtHome = MOST_AT_HOME,
  ) {
    this.#mostAtHome = mostAtHome;
    this.#nodes = nodes;
    this.#partitions = partitions;
    this.#tokens = tokens;
    this.#names = names;
    this.#unindexing = unindexing;
  }

  /** Checks and copies what a client has sent. @throws SessionError, RangeError as `SessionEngine.create` does. */
  plan(name: Slice, settings: Settings): Plan {
    const { duration = 0, deleteSession = true, shared = false, extend = 'none', maxAgeMs = 0, limit } = settings;
    const { token, data = [] } = settings;
    checkName(name);
    checkTime('duration', duration, MAX_DURATION);
    checkTime('maxAgeMs', maxAgeMs, MAX_SECONDS * 1000);
    if (limit !== undefined && !(limit >= 1)) throw new RangeError('limit must be at least 1');
    if (token !== undefined && this.#partitions.ofToken(token) < 0) throw MALFORMED_TOKEN;
    const copy = name.copy();
    return {
      name: copy,
      token: shared ? this.#tokens.of(copy) : token?.latin1(),
      flags: (deleteSession ? Flag.DELETE : 0) | EXTEND[extend] | (shared ? Flag.SHARED : 0),
      duration,
      maxAgeMs,
      isLimited: limit !== undefined,
      data: copied(data),
    };
  }

  /** Creates a session. */
  create(plan: Plan): Promise<CreatedSession> {
    const { name, token } = plan;
    const home = this.#partitions.ofName(name);
    if (token === undefined) return this.#createAnywhere(plan, home);
    return this.#createWith(plan, home, token);
  }

  /**
   * Creates a session at home, or elsewhere if its name has many sessions. Most logins come this way, so it makes one
   * promise: an async function takes more memory, which is collected while thousands are on their way.
   */
  #createAnywhere(plan: Plan, home: number): Promise<CreatedSession> {
    const [token, other] = this.#partitions.newTokens(home);
    const args = argumentsOf(plan, token, this.#mostAtHome, other);
    return this.#nodes.call(home, 'createathome', args).then((reply) => {
      if (typeof reply === 'number') return { token, entries: reply };
      const entry = this.#names.entry(plan.name, other, bufferOf(reply));
      return this.#createIndexed(plan, this.#indexed(plan, other, entry));
    });
  }

  async #createWith(plan: Plan, home: number, token: string): Promise<CreatedSession> {
    if (this.#partitions.ofToken(Slice.of(token)) !== home) {
      return this.#createIndexed(plan, await this.begin(plan, token));
    }
    const entries = await this.#nodes.call(home, 'createathome', argumentsOf(plan, token, this.#mostAtHome, ''));
    return { token, entries: integerOf(entries) };
  }

  /** Creates a session that is in the index, and confirms its entry. */
  async #createIndexed({ isLimited }: Plan, indexed: IndexedSession): Promise<CreatedSession> {
    try {
      await this.#nodes.call(indexed.partition, 'create', indexed.args);
    } catch (error) {
      await this.abandon(indexed, error);
      throw error;
    }
    const { token, entry } = indexed;
    if (isLimited) return { token, entries: await inPart(this.#names.confirm(entry)) };
    this.confirm(indexed);
    return { token, entries: 0 };
  }

  /** Enters a session in the index of its name. */
  async begin(plan: Plan, token: string): Promise<IndexedSession> {
    return this.#indexed(plan, token, await this.#names.add(plan.name, token));
  }

  #indexed(plan: Plan, token: string, entry: Entry): IndexedSession {
    const partition = this.#partitions.ofToken(Slice.of(token));
    return { token, partition, entry, args: argumentsOf(plan, token, entry.created) };
  }

  /** Confirms the entry of a session that has been created. Does not wait: if it fails, index repair does it. */
  confirm({ entry }: IndexedSession): void {
    this.#names.confirm(entry).catch(() => {});
  }

  /**
   * Removes the entry of a session, if it is certain that the session was not created.
   * @param error Why creating it failed.
   */
  async abandon({ entry }: IndexedSession, error?: unknown): Promise<void> {
    if (error instanceof StoreError && error.mayHaveRun) return;
    await this.#unindexing.remove([entry.member]);
  }
}

/** Returns the token of a session that has been created, or is in the index of its name. */
export function tokenOf({ token }: Pick<CreatedSession, 'token'>): Slice {
  return Slice.of(token);
}

/**
 * Returns the arguments of a function that creates a session.
 * @param own What the function takes between the settings and the data.
 */
function argumentsOf(plan: Plan, token: string, ...own: readonly Argument[]): Argument[] {
  return [token, plan.name, plan.flags, plan.duration, plan.maxAgeMs, ...own, ...plan.data];
}

/** Copies slices into a single block of memory. */
function copied(slices: readonly Slice[]): Slice[] {
  let length = 0;
  for (const slice of slices) length += slice.length;
  const bytes = Buffer.allocUnsafe(length);
  let end = 0;
  return slices.map((slice) => {
    const start = end;
    end = slice.writeTo(bytes, start);
    return new Slice(bytes, start, end);
  });
}
