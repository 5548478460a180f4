import { askByPartition } from '../addressing/by-partition.js';
import { createdIn, idCreatedAt, memberOf, originIn } from '../addressing/member.js';
import type { Partitions } from '../addressing/partitions.js';
import { bufferOf, integerOf, listOf } from '../library/replies.js';
import type { Argument, Calls, Reply } from '../nodes/nodes.js';

/** The entry of a session that is about to be created. */
export interface Entry {
  /** The partition of the name. */
  readonly partition: number;
  /** When the session is created, in unix µs, in decimal. */
  readonly created: Buffer;
  readonly member: Buffer;
}

/**
 * The indexes of names. Each has the sessions of one name, and is in the partition of that name. Its sessions may be in
 * other partitions. So an index may have an entry too many for a moment, but it never lacks one: an entry is added
 * before its session is created, and removed after it has ended.
 *
 * An entry is the id of a session: the token with which it was created, and the time.
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
   * @param after When the session of the preceding entry was created, in unix µs; '0' to start with the first.
   */
  async page(name: Buffer, after: string, count: number): Promise<readonly Buffer[]> {
    const partition = this.#partitions.ofName(name);
    return listOf(await this.#nodes.call(partition, 'page', [name, idCreatedAt(after), count])) as readonly Buffer[];
  }

  /** Yields all entries in pages, oldest first. @param count The maximum number of entries in a page. */
  async *pages(name: Buffer, count: number): AsyncGenerator<readonly Buffer[]> {
    for (let after = '0'; ; ) {
      const entries = await this.page(name, after, count);
      if (entries.length > 0) yield entries;
      if (entries.length < count) return;
      after = createdIn(entries[count - 1]);
    }
  }

  /** Returns the current token of each entry's session, or null if it has ended. */
  async tokens(entries: readonly Buffer[]): Promise<(Buffer | null)[]> {
    const ask = async (partition: number, some: Buffer[]) =>
      listOf(await this.#nodes.call(partition, 'tokens', some)) as (Buffer | null)[];
    return askByPartition(entries, this.#partitionOf, ask);
  }

  /** Returns what SESSION.LIST shows of each entry's session, or null if it has ended. @param args See `list`. */
  async details(entries: readonly Buffer[], args: readonly Argument[]): Promise<Reply[]> {
    const ask = async (partition: number, some: Buffer[]) =>
      listOf(await this.#nodes.call(partition, 'list', [some.length, ...some, ...args]));
    return askByPartition(entries, this.#partitionOf, ask);
  }

  readonly #partitionOf = (entry: Buffer) => this.#partitions.ofToken(originIn(entry));
}
