import { parseInt64 } from '../../engine/fields/int64.js';
import { CodedError } from '../../errors.js';
import type { Arguments } from './arguments.js';

/**
 * Reads the remaining arguments, `[count]`. Returns undefined if there are none.
 * @throws CodedError if there are more; if the count is not an integer, or is negative.
 */
export function readPositive(args: Arguments): number | undefined {
  if (args.left === 0) return undefined;
  const count = args.left > 1 ? undefined : parseInt64(args.slice());
  args.end();
  if (count === undefined || count < 0n) throw new CodedError('ERR', 'value is out of range, must be positive');
  return Number(count);
}
