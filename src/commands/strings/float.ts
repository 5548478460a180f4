import { addLongDouble, isInfinite, parseLongDouble } from '../../engine/long-double.js';
import { Slice } from '../../slice.js';
import { CommandError } from '../command-error.js';

const ZERO = Slice.of('0');

/**
 * The sum of two numbers, as Redis writes it. A value that is undefined counts as 0.
 * @param notAFloat The error for a value that is no number.
 * @throws CommandError for what is no number, and for a sum that is none.
 */
export function addFloats(value: Slice | undefined, increment: Slice, notAFloat: string): string {
  const number = parseLongDouble(value ?? ZERO);
  if (number === undefined) throw new CommandError(notAFloat);
  const added = parseLongDouble(increment);
  if (added === undefined) throw new CommandError('ERR value is not a valid float');
  const sum = isInfinite(number) ? undefined : addLongDouble(number, added);
  if (sum === undefined) throw new CommandError('ERR increment would produce NaN or Infinity');
  return sum;
}
