/**
 * Returns how long to wait after a failure, in ms: twice as long after each, up to a limit, and up to half of it
 * shorter at random, so that not all come back at the same moment.
 * @param failures How many there were, from 1 on.
 * @param most The longest wait in ms.
 * @param random Returns a number from 0 to 1, as Math.random does.
 */
export function backoff(failures: number, most: number, random: () => number): number {
  const ms = Math.min(most, FIRST_MS * 2 ** (failures - 1));
  return ms * (1 - random() / 2);
}

const FIRST_MS = 1000;
