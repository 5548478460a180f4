import { parseInt64 } from '../../engine/fields/int64.js';
import { CodedError } from '../../errors.js';
import type { Arguments } from '../arguments/arguments.js';

/** Takes a 64-bit integer of XCLAIM or XAUTOCLAIM. @param what Names it in the error. */
export function readNumber(args: Arguments, what: string): number {
  const value = parseInt64(args.slice());
  if (value === undefined) throw new CodedError('ERR', `Invalid ${what}`);
  return Number(value);
}

/** Takes the time for which an entry must have been idle, in ms. */
export function readMinIdle(args: Arguments, command: string): number {
  return Math.max(0, readNumber(args, `min-idle-time argument for ${command}`));
}
