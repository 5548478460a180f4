/** Times as replies give them: whole units, rounded up, so that what is left is never said to be 0; -1 for no end. */

/** @param ms Milliseconds, Infinity for no end. */
export function milliseconds(ms: number): number {
  return ms === Infinity ? -1 : Math.ceil(ms);
}

/** @param ms Milliseconds, Infinity for no end. */
export function seconds(ms: number): number {
  return ms === Infinity ? -1 : Math.ceil(ms / 1000);
}
