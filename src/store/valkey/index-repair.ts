import type { Clock } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import { askByPartition } from './by-partition.js';
import { idIn, nameInMember, originIn } from './member.js';
import type { Argument, Nodes, Reply } from './nodes.js';
import type { Places } from './partitions.js';
import { listOf } from './replies.js';
import { Unindexing } from './unindexing.js';

/**
 * An entry of an index whose session does not exist after this many ms belongs to a creation that failed. The store
 * refuses to create a session 10 s after its entry; the rest is for nodes whose clocks differ.
 */
const CREATING_MS = 15_000;

/** A command that ends a session removes its entry at once. After this many ms, it has not. */
const UNINDEXING_MS = 2000;

/** The most entries of each kind that are read from a partition at a time. */
const PAGE = 256;

/** The most members that one call gets. */
const BATCH = 128;

/** How often all partitions of this process are looked at, in ms. */
const ROUND_MS = 5000;

/**
 * How soon a partition is looked at after a session of it has expired, in ms. The names of sessions that expire together
 * are in all partitions, so each call removes the more of them the longer this is.
 */
const SOON_MS = 1000;

/** How soon it is looked at again if there was more than a page, in ms. */
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
 * Removes from the indexes of names what has no session. The index is in the partition of the name, so it changes in a
 * call of its own: before a session is created, and after it has ended. The store notes both in small sets (`creating`
 * and `unindexing`), from which that second call removes them. What stays there belongs to sessions that expired, or was
 * left by a process that was killed. Nothing ever walks through a whole index.
 */
export class IndexRepair {
  readonly #options: IndexRepairOptions;
  readonly #unindexing: Unindexing;
  /** Partitions to look at soon. */
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

  /** Looks at a partition soon: a session of it has expired, and its entry in an index is still to be removed. */
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

  /** Works off what partitions have left. Returns those that may have more. Never rejects. */
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

  /** What fails is left over, and done in a later round. */
  readonly #onError = (error: unknown): undefined => {
    if (!(error instanceof CodedError)) this.#options.onFault(error);
  };
}
