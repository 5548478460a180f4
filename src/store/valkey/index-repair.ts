import type { Clock, Slice } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import { idIn, nameInMember, originIn } from './member.js';
import type { Nodes, Reply } from './nodes.js';

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

/** How soon a partition is looked at after a session of it has expired, in ms. Many are then done together. */
const SOON_MS = 100;

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

/** Which partition has what. */
export interface Places {
  /** How many partitions there are. */
  readonly count: number;
  ofToken(token: Slice): number;
  ofName(name: Uint8Array): number;
}

/** Members, by the partition that is asked about them. */
class Batches {
  readonly #byPartition = new Map<number, Buffer[]>();

  add(partition: number, member: Buffer): void {
    const members = this.#byPartition.get(partition);
    if (members === undefined) this.#byPartition.set(partition, [member]);
    else members.push(member);
  }

  /** Calls a function for each batch. Returns when all have been done, whether or not they failed. */
  async each(run: (partition: number, members: readonly Buffer[]) => Promise<void>, onError: (error: unknown) => void) {
    const runs: Promise<void>[] = [];
    for (const [partition, members] of this.#byPartition) {
      for (let i = 0; i < members.length; i += BATCH) {
        runs.push(run(partition, members.slice(i, i + BATCH)).catch(onError));
      }
    }
    await Promise.all(runs);
  }
}

/**
 * Removes from the indexes of names what has no session. The index is in the partition of the name, so it changes in a
 * call of its own: before a session is created, and after it has ended. The store notes both in small sets (`creating`
 * and `unindexing`), from which that second call removes them. What stays there belongs to sessions that expired, or was
 * left by a process that was killed. Nothing ever walks through a whole index.
 */
export class IndexRepair {
  readonly #options: IndexRepairOptions;
  /** Partitions to look at soon. */
  #hurried = new Set<number>();
  #isHurrying = false;
  #cancelRound = () => {};
  #cancelHurried = () => {};
  #stopped = false;

  constructor(options: IndexRepairOptions) {
    this.#options = options;
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

  /** Looks at a partition soon: a session of it has expired. */
  hurry(partition: number): void {
    this.#hurried.add(partition);
    if (this.#isHurrying || this.#stopped) return;
    this.#isHurrying = true;
    this.#cancelHurried = this.#options.clock.after(SOON_MS, () => void this.#hurriedRound());
  }

  async #round(): Promise<void> {
    await this.#repair(this.#options.owned(), UNINDEXING_MS);
    if (!this.#stopped) this.start();
  }

  async #hurriedRound(): Promise<void> {
    const partitions = this.#hurried;
    this.#hurried = new Set();
    await this.#repair(partitions, 0);
    this.#isHurrying = false;
    for (const partition of this.#hurried) this.hurry(partition);
  }

  /** Works off what partitions have left. Never rejects. */
  async #repair(partitions: Iterable<number>, unindexingMs: number): Promise<void> {
    const creating = new Batches();
    const unindexing = new Batches();
    await Promise.all(
      Array.from(partitions, async (partition) => {
        const [begun, ended] = await this.#leftovers(partition, unindexingMs);
        for (const member of begun) creating.add(this.#sessionsPartition(member), member);
        for (const member of ended) unindexing.add(this.#namesPartition(member), member);
        if (begun.length === PAGE || ended.length === PAGE) this.hurry(partition);
      }),
    );
    await Promise.all([
      creating.each((partition, members) => this.#settle(partition, members), this.#onError),
      unindexing.each((partition, members) => this.#unindex(partition, members), this.#onError),
    ]);
  }

  async #leftovers(partition: number, unindexingMs: number): Promise<readonly (readonly Buffer[])[]> {
    try {
      const reply = await this.#options.nodes.call(partition, 'leftovers', [CREATING_MS, unindexingMs, PAGE]);
      return reply as readonly (readonly Buffer[])[];
    } catch (error) {
      this.#onError(error);
      return [[], []];
    }
  }

  /** Decides whether index entries may stay. @param partition Where the sessions would be. */
  async #settle(partition: number, members: readonly Buffer[]): Promise<void> {
    const ids = members.map(idIn);
    const tokens = (await this.#options.nodes.call(partition, 'tokens', ids)) as readonly Reply[];
    const created = new Batches();
    const failed = new Batches();
    members.forEach((member, i) => {
      (tokens[i] === null ? failed : created).add(this.#namesPartition(member), member);
    });
    await created.each((names, some) => this.#call(names, 'indexed', some), this.#onError);
    await failed.each((names, some) => this.#call(names, 'unindex', some), this.#onError);
  }

  /** Removes the index entries of sessions that have ended. @param partition Where the names are. */
  async #unindex(partition: number, members: readonly Buffer[]): Promise<void> {
    await this.#call(partition, 'unindex', members);
    const done = new Batches();
    for (const member of members) done.add(this.#sessionsPartition(member), member);
    await done.each((sessions, some) => this.#call(sessions, 'unindexed', some), this.#onError);
  }

  async #call(partition: number, fn: string, members: readonly Buffer[]): Promise<void> {
    await this.#options.nodes.call(partition, fn, members);
  }

  #sessionsPartition(member: Buffer): number {
    return this.#options.partitions.ofToken(originIn(member));
  }

  #namesPartition(member: Buffer): number {
    return this.#options.partitions.ofName(nameInMember(member));
  }

  /** What fails is left over, and done in a later round. */
  readonly #onError = (error: unknown): void => {
    if (!(error instanceof CodedError)) this.#options.onFault(error);
  };
}
