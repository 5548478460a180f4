/** The median of a figure's rounds, and its spread: the lowest and the highest. */
export type Spread = readonly [median: number, lowest: number, highest: number];

/** Returns the middle number, or the mean of the two in the middle; NaN if there are none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

export function spreadOf(rounds: readonly number[]): Spread {
  return [median(rounds), Math.min(...rounds), Math.max(...rounds)];
}

/**
 * Compares one server's figures with another's, round by round, because other load on the machine changes from round to
 * round, but affects both servers about equally within a round.
 */
export function ratio(figures: readonly number[], base: readonly number[]): Spread {
  const rounds = Math.min(figures.length, base.length);
  return spreadOf(Array.from({ length: rounds }, (_, round) => figures[round] / base[round]));
}
