/** Something that holds memory of the server and can be evicted. */
export interface Holder {
  /** Whether it may be evicted now. */
  readonly evictable: boolean;
  /** Counts again what it holds, because some may have been freed unnoticed. */
  account(): void;
}

/** Size classes: one below 1 KB, then one for each power of two. */
const CLASSES = 33;

/**
 * The memory that many holders hold together, and its limit. It is counted as it grows, so the limit holds at all
 * times. Beyond the limit the largest holders are evicted first. "Largest" is exact to a factor of two, as in Redis:
 * holders are sorted by the power of two that they reach, so finding the largest needs no walk over all of them.
 */
export class HeldMemory<Member extends Holder> {
  readonly #evict: (holder: Member) => void;
  readonly #limit: () => number;
  /** By size class. In each, those that have been in it longest come first. */
  readonly #classes: Set<Member>[] = Array.from({ length: CLASSES }, () => new Set());
  #total = 0;
  #enforcing = false;

  /**
   * @param limit In bytes, Infinity for no limit. It may change.
   * @param evict Frees all that a holder holds, and calls `change`.
   */
  constructor(limit: () => number, evict: (holder: Member) => void) {
    this.#limit = limit;
    this.#evict = evict;
  }

  /** Bytes that all holders hold together. */
  get total(): number {
    return this.#total;
  }

  /**
   * Records that a holder now holds `after` bytes instead of `before`. 0 means that it is not, or no longer, counted.
   * The caller calls `enforce` when everything is counted.
   */
  change(holder: Member, before: number, after: number): void {
    this.#total += after - before;
    const from = classOf(before);
    const to = classOf(after);
    if (from !== to) {
      if (before > 0) this.#classes[from].delete(holder);
      if (after > 0) this.#classes[to].add(holder);
    }
  }

  /** Evicts holders, the largest first, while the limit is exceeded. */
  enforce(): void {
    const limit = this.#limit();
    if (this.#total <= limit || this.#enforcing) return;
    this.#enforcing = true;
    try {
      for (let index = CLASSES - 1; index >= 0; index--) this.#evictFrom(this.#classes[index], limit);
    } finally {
      this.#enforcing = false;
    }
  }

  #evictFrom(holders: Set<Member>, limit: number): void {
    for (const holder of holders) {
      if (this.#total <= limit) return;
      holder.account();
      // It may have freed some memory by itself, and may now be in a lower class.
      if (this.#total > limit && holders.has(holder) && holder.evictable) this.#evict(holder);
    }
  }
}

function classOf(bytes: number): number {
  return bytes < 1024 ? 0 : 32 - Math.clz32(bytes / 1024);
}
