import { CodedError } from '../../../errors.js';
import { Slice } from '../../../slice.js';
import type { SessionLife, SessionStore, Settings } from '../../session-store.js';
import type { Transaction } from '../../store.js';
import type { Address } from '../addressing/addresses.js';
import type { Partitions } from '../addressing/partitions.js';
import { listOf } from '../library/replies.js';
import { type Creation, type IndexedSession, tokenOf } from '../names/creation.js';
import type { Argument, Calls, Reply } from '../nodes/nodes.js';
import type { Recorder, Step } from './recorder.js';
import type { StoreParts } from './store-parts.js';

const CROSSSLOT = new CodedError(
  'CROSSSLOT',
  'the sessions of a transaction must all be in one partition of the store. A session stays in the partition in which it was created: use a single session, or separate transactions',
);
const OF_MANY = new CodedError(
  'ERR',
  'operations on many sessions cannot be part of a transaction, because the sessions are in several partitions of the store',
);

/** How a session was when its watch began. */
export interface WatchedSession {
  readonly address: Address;
  /** Empty if there was none. */
  readonly version: Buffer;
}

const READS_FIRST = new CodedError(
  'ERR',
  'this command reads the value and then writes it, so it cannot be part of a transaction in the store. Outside of one it is atomic',
);

type Refused = Pick<
  SessionStore,
  'endName' | 'endByIds' | 'endAll' | 'tokens' | 'list' | 'scan' | 'scanNames' | 'stats' | 'update'
>;

const refuse = (): never => {
  throw OF_MANY;
};

/** The operations that cannot be part of a transaction. Each throws an error. */
export const REFUSED: Refused = {
  endName: refuse,
  endByIds: refuse,
  endAll: refuse,
  tokens: refuse,
  list: refuse,
  scan: refuse,
  scanNames: refuse,
  stats: refuse,
  update: () => {
    throw READS_FIRST;
  },
};

/** A transaction: its operations are recorded, and then sent as one call to the partition that has its sessions. */
export class StoreTransaction implements Transaction {
  readonly sessions: SessionStore;
  readonly #nodes: Calls;
  readonly #partitions: Partitions;
  readonly #recorder: Recorder;
  readonly #creation: Creation;
  readonly #watched: readonly WatchedSession[];

  /** @param sessions Records its operations in the recorder. */
  constructor(
    { nodes, partitions, creation }: StoreParts,
    recorder: Recorder,
    sessions: SessionStore,
    watched: readonly WatchedSession[],
  ) {
    this.#nodes = nodes;
    this.#partitions = partitions;
    this.#recorder = recorder;
    this.#creation = creation;
    this.sessions = sessions;
    this.#watched = watched;
  }

  async commit(): Promise<boolean> {
    const { steps } = this.#recorder;
    if (steps.length === 0) return await this.#areUnchanged();
    const partition = this.#partition(steps);
    const indexed = await this.#begin(steps, partition);
    let replies: Reply;
    try {
      replies = await this.#nodes.call(
        partition,
        steps.some(adds) ? 'exec' : 'execless',
        this.#arguments(steps, indexed),
      );
    } catch (error) {
      await this.#abandon(indexed, error);
      throw error;
    }
    if (replies === null) {
      await this.#abandon(indexed);
      return false;
    }
    for (const [i, reply] of listOf(replies).entries()) this.#settle(steps[i], indexed[i], reply);
    return true;
  }

  /** Returns whether no watched session has changed. For an empty transaction, so they may be in any partitions. */
  async #areUnchanged(): Promise<boolean> {
    const unchanged = this.#watched.map(async ({ address: { partition, text }, version }) =>
      version.equals((await this.#nodes.call(partition, 'version', [text])) as Buffer),
    );
    return (await Promise.all(unchanged)).every(Boolean);
  }

  /** Returns the partition of all steps and watched sessions. @throws CodedError CROSSSLOT if there are several. */
  #partition(steps: readonly Step[]): number {
    const partitions = new Set(steps.map(({ partition }) => partition));
    for (const { address } of this.#watched) partitions.add(address.partition);
    partitions.delete(undefined);
    if (partitions.size > 1) throw CROSSSLOT;
    const [partition] = partitions;
    return partition ?? this.#partitions.any();
  }

  /** Enters new sessions in the indexes of names. Returns one for each step; undefined for one that creates nothing. */
  async #begin(steps: readonly Step[], partition: number): Promise<(IndexedSession | undefined)[]> {
    const begun = await Promise.allSettled(
      steps.map((step) =>
        'plan' in step
          ? this.#creation.begin(step.plan, step.plan.token ?? this.#partitions.newTokenIn(partition))
          : undefined,
      ),
    );
    const indexed = begun.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
    const failed = begun.find((result) => result.status === 'rejected');
    if (failed === undefined) return indexed;
    await this.#abandon(indexed);
    throw failed.reason;
  }

  #arguments(steps: readonly Step[], indexed: readonly (IndexedSession | undefined)[]): Argument[] {
    const all: Argument[] = [this.#watched.length];
    for (const { address, version } of this.#watched) all.push(address.text, version);
    for (const [i, step] of steps.entries()) {
      const { fn, args } = 'fn' in step ? step : { fn: 'create', args: indexed[i]?.args ?? [] };
      all.push(fn, args.length);
      for (const arg of args) all.push(arg);
    }
    return all;
  }

  #settle(step: Step, indexed: IndexedSession | undefined, reply: Reply): void {
    if (reply instanceof CodedError) {
      if (indexed !== undefined) void this.#creation.abandon(indexed);
      step.reject(reply);
    } else if ('fn' in step) {
      step.resolve(reply);
    } else if (indexed !== undefined) {
      this.#creation.confirm(indexed);
      step.resolve(indexed);
    }
  }

  async #abandon(indexed: readonly (IndexedSession | undefined)[], error?: unknown): Promise<void> {
    await Promise.all(indexed.map((one) => one && this.#creation.abandon(one, error)));
  }
}

/** The functions for sessions that may add something: those of the kind `grow`. */
export const ADDING: ReadonlySet<string> = new Set(['set', 'setfor', 'add', 'cas', 'append', 'incrby', 'replace']);

function adds(step: Step): boolean {
  return 'plan' in step || ADDING.has(step.fn);
}

/** Returns the operation that creates sessions in a transaction. */
export function creationIn(recorder: Recorder, { creation, partitions }: StoreParts): Pick<SessionLife, 'create'> {
  return {
    create(name: Slice, settings: Settings): Promise<Slice> {
      if (settings.limit !== undefined) throw OF_MANY;
      const plan = creation.plan(name, settings);
      const partition = plan.token === undefined ? undefined : partitions.ofToken(Slice.of(plan.token));
      return recorder.create(plan, partition).then(tokenOf);
    },
  };
}
