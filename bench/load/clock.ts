/**
 * Returns the milliseconds of the system's monotonic clock, with fractions. All threads and processes of a machine
 * share this clock, unlike `performance.now()`, which counts from the start of its thread.
 */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Returns what must be added to `now()` to get Unix ms. `Date.now()` returns whole milliseconds, so this waits for the
 * moment at which its value changes.
 */
export function unixAhead(): number {
  const before = Date.now();
  let wall = before;
  while (wall === before) wall = Date.now();
  return wall - now();
}
