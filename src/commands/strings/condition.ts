import type { Session, SessionEngine } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import { isKey } from '../keys/lookup.js';
import { stringValue } from './write-string.js';

/** When a string is written or removed: if there is no key, if there is one, or if it is or is not a value. */
export type Condition = 'NX' | 'XX' | 'IFEQ' | 'IFNE';

/**
 * Returns whether a condition holds for a session, or NO_SESSION. A missing key is not equal to any value.
 * @param operand The value of IFEQ and IFNE.
 * @throws SessionError WRONGTYPE if a hash is compared with a value.
 */
export function holds(condition: Condition, engine: SessionEngine, session: Session, operand?: Slice): boolean {
  if (condition === 'NX') return !isKey(engine, session);
  if (condition === 'XX') return isKey(engine, session);
  const isEqual = operand !== undefined && stringValue(engine, session)?.equals(operand) === true;
  return isEqual === (condition === 'IFEQ');
}
