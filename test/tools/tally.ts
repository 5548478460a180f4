/** Counts how often each thing happened. */
export class Tally {
  readonly #counts = new Map<string, number>();

  count(what: string, by = 1): void {
    this.#counts.set(what, this.of(what) + by);
  }

  /** The sum of the counts of these. */
  of(...all: readonly string[]): number {
    return all.reduce((sum, what) => sum + (this.#counts.get(what) ?? 0), 0);
  }

  /** Prints one line for each, in alphabetical order. */
  print(): void {
    const rows = [...this.#counts].toSorted(([a], [b]) => a.localeCompare(b));
    const width = Math.max(0, ...rows.map(([what]) => what.length));
    for (const [what, count] of rows) console.log(`${what.padEnd(width)}  ${count}`);
  }
}
