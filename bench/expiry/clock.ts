/**
 * Milliseconds on the system's monotonic clock, with fractions. All threads and processes of a machine read the same
 * one, which cannot be said of `performance.now()`: that counts from when its own thread started.
 */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * What is to be added to `now()` to get milliseconds since 1970. `Date.now()` tells whole milliseconds only, so the
 * moment is awaited at which it goes on to the next.
 */
export function wallClockAhead(): number {
  const before = Date.now();
  let wall = before;
  while (wall === before) wall = Date.now();
  return wall - now();
}
