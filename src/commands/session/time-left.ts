/** Times as replies show them: in whole units, rounded up so that a live session never shows 0; -1 for no deadline. */

/** @param ms The time left in ms; Infinity for no deadline. */
export function milliseconds(ms: number): number {
  return ms === Infinity ? -1 : Math.ceil(ms);
}

/** @param ms The time left in ms; Infinity for no deadline. */
export function seconds(ms: number): number {
  return ms === Infinity ? -1 : Math.ceil(ms / 1000);
}
