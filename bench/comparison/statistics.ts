/** Returns the middle number, or the mean of the two in the middle; NaN if there are none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/**
 * Returns the ratio of one server's figures to another's. It is the median of each round's ratio, because other load on
 * the machine changes from round to round, but affects both servers about equally within a round.
 */
export function ratio(figures: readonly number[], base: readonly number[]): number {
  const rounds = Math.min(figures.length, base.length);
  return median(Array.from({ length: rounds }, (_, round) => figures[round] / base[round]));
}
