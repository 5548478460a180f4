/** The middle one, or the mean of the two in the middle; NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/**
 * How much larger the figures of one server are than those of the other. Each round is compared with the other server's
 * of the same round, and the median of these counts: what else goes on in the machine changes from round to round, and
 * within a round both have had about the same of it.
 */
export function ratio(figures: readonly number[], base: readonly number[]): number {
  const rounds = Math.min(figures.length, base.length);
  return median(Array.from({ length: rounds }, (_, round) => figures[round] / base[round]));
}
