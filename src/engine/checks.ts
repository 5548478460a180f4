import type { Slice } from '../slice.js';
import { MAX_NAME } from './session.js';
import { SessionError } from './session-error.js';

const BAD_NAME = new SessionError('ERR', `a name must be 1 to ${MAX_NAME} bytes long`);

/** @throws SessionError ERR if the name is empty or longer than 512 bytes. */
export function checkName(name: Slice): void {
  if (name.length === 0 || name.length > MAX_NAME) throw BAD_NAME;
}

/** @throws RangeError if a time, in any unit, is not from 0 to `max`. */
export function checkTime(what: string, time: number, max: number): void {
  if (!(time >= 0 && time <= max)) throw new RangeError(`${what} must be from 0 to ${max}`);
}
