/** Keys are spread over this many maps. One large map would pause the server for milliseconds when it grows. */
const SHARDS = 256;

/** One client, as most keys have, or several. */
type Readers = number | Set<number>;

/** Which clients have read which keys. Clients are known by id. Keys are texts with one character per byte. */
export class TrackedKeys {
  readonly #shards = Array.from({ length: SHARDS }, () => new Map<string, Readers>());
  #keys = 0;
  #items = 0;
  /** The shard that loses a key next when there are too many. */
  #next = 0;

  /** How many keys there are. */
  get keys(): number {
    return this.#keys;
  }

  /** How many pairs of a key and a client there are. */
  get items(): number {
    return this.#items;
  }

  add(key: string, client: number): void {
    const shard = this.#shardOf(key);
    const readers = shard.get(key);
    if (readers === client) return;
    if (readers === undefined) {
      shard.set(key, client);
      this.#keys++;
      this.#items++;
    } else if (typeof readers === 'number') {
      shard.set(key, new Set([readers, client]));
      this.#items++;
    } else {
      const before = readers.size;
      this.#items += readers.add(client).size - before;
    }
  }

  /** Forgets a key. Returns who has read it. */
  take(key: string): Iterable<number> {
    const shard = this.#shardOf(key);
    const readers = shard.get(key);
    if (readers === undefined) return [];
    shard.delete(key);
    this.#keys--;
    const all = typeof readers === 'number' ? [readers] : readers;
    this.#items -= typeof readers === 'number' ? 1 : readers.size;
    return all;
  }

  /** Picks a key that was added long ago, from each shard in turn. There must be one. */
  pickOld(): string {
    for (;;) {
      const [key] = this.#shards[this.#next].keys();
      this.#next = (this.#next + 1) % SHARDS;
      if (key !== undefined) return key;
    }
  }

  clear(): void {
    for (const shard of this.#shards) shard.clear();
    this.#keys = 0;
    this.#items = 0;
  }

  #shardOf(key: string): Map<string, Readers> {
    let hash = key.length;
    // Keys often differ only at the end.
    for (let i = Math.max(0, key.length - 8); i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) | 0;
    return this.#shards[hash & (SHARDS - 1)];
  }
}
