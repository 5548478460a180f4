import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** The size of the young generation in bytes from which on it does not grow. V8 would let it grow to 32 or 64 MB. */
const ENOUGH = 8 * 2 ** 20;
/** How often its size is looked at, in ms. */
const INTERVAL = 10_000;

/**
 * Keeps V8's young generation at 8 to 16 MB. Under load, V8 doubles it up to 32 MB (64 MB in Node.js 26), and it stays
 * that large for as long as there is any load. That is as much as 100,000 sessions take, and saves no time that could
 * be measured.
 *
 * V8 asks for the factor each time it could grow. It may shrink the young generation when there is little to do; then
 * it may grow again. The option `--max-semi-space-size` would do the same, but only on node's command line.
 */
export function limitYoungGeneration(): void {
  const check = () => {
    const isEnough = youngGeneration() >= ENOUGH;
    setFlagsFromString(`--semi-space-growth-factor=${isEnough ? 1 : 2}`);
  };
  check();
  setInterval(check, INTERVAL).unref();
}

/** Returns its size in bytes. */
export function youngGeneration(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
