import type { Clock } from '../../../engine/index.js';
import { CodedError } from '../../../errors.js';
import { askByPartition } from '../addressing/by-partition.js';
import { idIn, nameInMember, originIn } from '../addressing/member.js';
import type { Places } from '../addressing/partitions.js';
import { CREATION_MS } from '../library/constants.js';
import { listOf } from '../library/replies.js';
import type { Argument, Nodes, Reply } from '../nodes/nodes.js';
import { Unindexing } from './unindexing.js';

/**
 * An entry of an index whose session does not exist after this many ms belongs to a creation that failed. The store
 * refuses to create a session that long after its entry; the rest is for nodes whose clocks differ.
 */
const CREATING_MS = CREATION_MS + 5000;

/** A command that ends a session removes its entry at once. If it has not done so after this many ms, it has failed. */
const UNINDEXING_MS = 2000;

/** The most entries of each kind that are read from a partition at a time. */
const PAGE = 256;

/** The most members that one call gets. */
const BATCH = 128;

/** How often all partitions of this process are checked, in ms. */
const ROUND_MS = 5000;

/**
 * How long after the expiry of a session its partition is checked, in ms. The names of sessions that expire together
 * are in all partitions. The longer this is, the more entries each call removes.
 */
const SOON_MS = 1000;

/** How long until it is checked again if there was more than a page, in ms. */
const AGAIN_MS = 100;

export interface IndexRepairOptions {
  readonly nodes: Nodes;
  readonly clock: Clock;
  /** Finds partitions. */
  readonly partitions: Places;
  /** Returns the partitions that belong to this process. */
  readonly owned: () => Iterable<number>;
  /** Called for an error that is a bug. */
  readonly onFault: (fault: unknown) => void;
}

/**
 * Removes entries without a session from the indexes of names. If a session is not in the partition of its name, the
 * index changes in a separate call: before the session is created, and after it has ended. The store notes these
 * sessions in small sets (`creating` and `unindexing`) until all calls have been made. What stays there belongs to
 * sessions that have expired, or was left by a process that was killed. Nothing ever walks through a complete index.
 */
export class IndexRepair {
  readonly #options: IndexRepairOptions;
  readonly #unindexing: Unindexing;
  /** Partitions to check soon. */
  #hurried = new Set<number>();
  #isHurrying = false;
  #cancelRound = () => {};
  #cancelHurried = () => {};
  #stopped = false;

  constructor(options: IndexRepairOptions) {
    this.#options = options;
    this.#unindexing = new Unindexing(options.nodes, options.partitions, BATCH, this.#onError);
  }

  start(): void {
    this.#cancelRound = this.#options.clock.after(ROUND_MS, () => void this.#round());
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    this.#cancelRound();
    this.#cancelHurried();
  }

  /** Checks a partition soon, because one of its sessions has expired and is still to be removed from an index. */
  hurry(partition: number): void {
    this.#hurried.add(partition);
    if (!this.#isHurrying) this.#hurryIn(SOON_MS);
  }

  #hurryIn(ms: number): void {
    if (this.#stopped) return;
    this.#isHurrying = true;
    this.#cancelHurried = this.#options.clock.after(ms, () => void this.#hurriedRound());
  }

  async #round(): Promise<void> {
    const full = await this.#repair(this.#options.owned(), UNINDEXING_MS);
    for (const partition of full) this.hurry(partition);
    if (!this.#stopped) this.start();
  }

  async #hurriedRound(): Promise<void> {
    const partitions = this.#hurried;
    this.#hurried = new Set();
    const full = await this.#repair(partitions, 0);
    for (const partition of full) this.#hurried.add(partition);
    this.#isHurrying = false;
    if (full.length > 0) this.#hurryIn(AGAIN_MS);
    else if (this.#hurried.size > 0) this.#hurryIn(SOON_MS);
  }

  /** Processes the leftovers of partitions. Returns the partitions that may have more. Never rejects. */
  async #repair(partitions: Iterable<number>, unindexingMs: number): Promise<readonly number[]> {
    const creating: Buffer[] = [];
    const unindexing: Buffer[] = [];
    const full: number[] = [];
    await Promise.all(
      Array.from(partitions, async (partition) => {
        const [begun, ended] = await this.#leftovers(partition, unindexingMs);
        creating.push(...begun);
        unindexing.push(...ended);
        if (begun.length === PAGE || ended.length === PAGE) full.push(partition);
      }),
    );
    await Promise.all([this.#settle(creating), this.#unindexing.remove(unindexing)]);
    return full;
  }

  async #leftovers(partition: number, unindexingMs: number): Promise<readonly (readonly Buffer[])[]> {
    const reply = await this.#call(partition, 'leftovers', [CREATING_MS, unindexingMs, PAGE]);
    return (reply ?? [[], []]) as readonly (readonly Buffer[])[];
  }

  /** Decides whether index entries may stay. */
  async #settle(members: readonly Buffer[]): Promise<void> {
    const { partitions } = this.#options;
    const tokens = await askByPartition(
      members,
      (member) => partitions.ofToken(originIn(member)),
      async (partition, some) => listOf((await this.#call(partition, 'tokens', some.map(idIn))) ?? []),
      BATCH,
    );
    await askByPartition(
      members.filter((_, i) => tokens[i] instanceof Buffer),
      (member) => partitions.ofName(nameInMember(member)),
      async (partition, some) => [await this.#call(partition, 'indexed', some)],
      BATCH,
    );
    await this.#unindexing.remove(members.filter((_, i) => tokens[i] === null));
  }

  /** Returns undefined if the call fails. */
  #call(partition: number, fn: string, args: readonly Argument[]): Promise<Reply | undefined> {
    return this.#options.nodes.call(partition, fn, args).catch(this.#onError);
  }

  /** What fails stays in its set, and is done in a later round. */
  readonly #onError = (error: unknown): undefined => {
    if (!(error instanceof CodedError)) this.#options.onFault(error);
  };
}
