/**
 * Returns a time as replies show it: in whole ms, rounded up so that a live session never shows 0; -1 for no deadline.
 * @param ms The time left in ms; Infinity for no deadline.
 */
export function milliseconds(ms: number): number {
  return ms === Infinity ? -1 : Math.ceil(ms);
}

/** Like `milliseconds`, but in whole seconds. */
export function seconds(ms: number): number {
  return ms === Infinity ? -1 : Math.ceil(ms / 1000);
}
