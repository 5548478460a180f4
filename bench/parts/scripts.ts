import type { Comparison } from '../comparison.js';
import { PLAIN } from '../sessions.js';
import { DEPTHS, measureRows, type Row } from './operations.js';

const ROWS: readonly Row[] = [
  { what: 'lock and release', operation: 'lock', shape: PLAIN, madeBy: 'loadScripts', effect: 'repeats' },
  { what: 'rate limiter', operation: 'rateLimit', shape: PLAIN, madeBy: 'loadScripts', effect: 'repeats' },
];

/** Measures what operations cost that an application does in a script. */
export function measureScripts(run: Comparison): Promise<void> {
  return measureRows(run, 'scripts', ROWS, DEPTHS);
}
