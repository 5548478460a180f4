import { CodedError } from '../../errors.js';
import { Slice } from '../../slice.js';
import { addLongDouble, isInfinite, type LongDouble, parseLongDouble } from './long-double.js';

const ZERO = Slice.of('0');
const NO_FLOAT = 'value is not a valid float';

/** The number that text spells. @throws CodedError if it spells none. */
export function readFloat(text: Slice, error = NO_FLOAT): LongDouble {
  const number = parseLongDouble(text);
  if (number === undefined) throw new CodedError('ERR', error);
  return number;
}

/** A number to add. @throws CodedError if it is none, or infinite. */
export function readFiniteFloat(text: Slice): LongDouble {
  const number = readFloat(text);
  if (isInfinite(number)) throw new CodedError('ERR', 'value is NaN or Infinity');
  return number;
}

/**
 * The sum of a value, 0 if it is undefined, and a number, as Redis writes it.
 * @throws CodedError if the value is no number, or the sum is not finite.
 */
export function addToFloat(value: Slice | undefined, increment: LongDouble, notAFloat = NO_FLOAT): string {
  const sum = addLongDouble(readFloat(value ?? ZERO, notAFloat), increment);
  if (sum === undefined) throw new CodedError('ERR', 'increment would produce NaN or Infinity');
  return sum;
}
