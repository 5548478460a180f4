/** Gathers items for a moment, and then passes them on together. */
export class Gathering<Item> {
  readonly #ms: number;
  readonly #pass: (items: readonly Item[]) => void;
  #items: Item[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param ms How long the first item waits for others. @param pass Called with all of them. */
  constructor(ms: number, pass: (items: readonly Item[]) => void) {
    this.#ms = ms;
    this.#pass = pass;
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#timer ??= setTimeout(this.flush, this.#ms);
  }

  /** Passes on what there is. */
  readonly flush = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = this.#items;
    this.#items = [];
    if (items.length > 0) this.#pass(items);
  };
}
