import { CodedError } from '../../errors.js';
import { Slice } from '../../slice.js';
import { addLongDouble, isInfinite, type LongDouble, parseLongDouble } from './long-double.js';

const ZERO = Slice.of('0');
const NO_FLOAT = 'value is not a valid float';

/** Reads a number. @throws CodedError if the text is not a number. */
export function readFloat(text: Slice, error = NO_FLOAT): LongDouble {
  const number = parseLongDouble(text);
  if (number === undefined) throw new CodedError('ERR', error);
  return number;
}

/** Reads a number that is not infinite. @throws CodedError if the text is not one. */
export function readFiniteFloat(text: Slice): LongDouble {
  const number = readFloat(text);
  if (isInfinite(number)) throw new CodedError('ERR', 'value is NaN or Infinity');
  return number;
}

/**
 * Adds a number to a value, which is 0 if undefined. Returns the sum as Redis writes it.
 * @throws CodedError if the value is not a number, or the sum is not finite.
 */
export function addToFloat(value: Slice | undefined, increment: LongDouble, notAFloat = NO_FLOAT): string {
  const sum = addLongDouble(readFloat(value ?? ZERO, notAFloat), increment);
  if (sum === undefined) throw new CodedError('ERR', 'increment would produce NaN or Infinity');
  return sum;
}
