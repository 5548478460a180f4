import { askByPartition } from './by-partition.js';
import { createdIn, idCreatedAt, memberOf, originIn } from './member.js';
import type { Argument, Reply } from './nodes.js';
import type { Partitions } from './partitions.js';
import { bufferOf, integerOf, listOf } from './replies.js';
import type { Calls } from './session-calls.js';

/** The entry of a session that is about to be created. */
export interface Entry {
  /** That of the name. */
  readonly partition: number;
  /** When the session is created, in unix µs, in decimal. */
  readonly created: Buffer;
  readonly member: Buffer;
}

/**
 * The indexes of names: each has the sessions of a name. An index is in the partition of its name, which is not that of
 * the sessions. So it may have an entry too many for a moment, never one too few: an entry is made before its session,
 * and removed after it.
 *
 * An entry is the id of a session: the token that it was created with, and when.
 */
export class NameIndexes {
  readonly #nodes: Calls;
  readonly #partitions: Partitions;

  constructor(nodes: Calls, partitions: Partitions) {
    this.#nodes = nodes;
    this.#partitions = partitions;
  }

  /** Adds an entry for a session that is about to be created. */
  async add(name: Buffer, origin: string): Promise<Entry> {
    return this.entry(
      name,
      origin,
      bufferOf(await this.#nodes.call(this.#partitions.ofName(name), 'index', [name, origin])),
    );
  }

  /** Returns an entry that has been added. */
  entry(name: Buffer, origin: string, created: Buffer): Entry {
    return { partition: this.#partitions.ofName(name), created, member: memberOf(origin, created, name) };
  }

  /** Notes that the session of an entry has been created. Returns the number of entries that its name has. */
  async confirm({ partition, member }: Entry): Promise<number> {
    return integerOf(await this.#nodes.call(partition, 'indexed', [member]));
  }

  /**
   * Returns some entries, oldest first.
   * @param after When the session of the entry before them was created, in unix µs; '0' to start with the first.
   */
  async page(name: Buffer, after: string, count: number): Promise<readonly Buffer[]> {
    const partition = this.#partitions.ofName(name);
    return listOf(await this.#nodes.call(partition, 'page', [name, idCreatedAt(after), count])) as readonly Buffer[];
  }

  /** Visits all entries, oldest first. @param count The most entries of a page. */
  async *pages(name: Buffer, count: number): AsyncGenerator<readonly Buffer[]> {
    for (let after = '0'; ; ) {
      const entries = await this.page(name, after, count);
      if (entries.length > 0) yield entries;
      if (entries.length < count) return;
      after = createdIn(entries[count - 1]);
    }
  }

  /** Returns the current token of the session of each entry, null where it has ended. */
  async tokens(entries: readonly Buffer[]): Promise<(Buffer | null)[]> {
    const ask = async (partition: number, some: Buffer[]) =>
      listOf(await this.#nodes.call(partition, 'tokens', some)) as (Buffer | null)[];
    return askByPartition(entries, this.#partitionOf, ask);
  }

  /** Returns what SESSION.LIST shows of the session of each entry, null where it has ended. @param args See `list`. */
  async details(entries: readonly Buffer[], args: readonly Argument[]): Promise<Reply[]> {
    const ask = async (partition: number, some: Buffer[]) =>
      listOf(await this.#nodes.call(partition, 'list', [some.length, ...some, ...args]));
    return askByPartition(entries, this.#partitionOf, ask);
  }

  readonly #partitionOf = (entry: Buffer) => this.#partitions.ofToken(originIn(entry));
}
