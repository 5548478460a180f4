import type { Argument } from '../declaration/command.js';

/** A condition of EXPIRE or HEXPIRE. */
export interface Condition {
  readonly word: 'NX' | 'XX' | 'GT' | 'LT';
  /** @param left The current ms until the expiry; Infinity if there is none. @param ms The new ms until then. */
  holds(left: number, ms: number): boolean;
}

export const CONDITIONS: readonly Condition[] = [
  { word: 'NX', holds: (left) => left === Infinity },
  { word: 'XX', holds: (left) => left < Infinity },
  { word: 'GT', holds: (left, ms) => ms > left + SAME },
  { word: 'LT', holds: (left, ms) => ms < left - SAME },
];

export const CONDITION_WORDS = CONDITIONS.map(({ word }): Argument => {
  return { name: word.toLowerCase(), type: 'pure-token', token: word };
});

/**
 * Two times that differ by less than this, in ms, are equal: repeating a deadline that was set before gives another
 * fraction of a millisecond.
 */
const SAME = 0.5;
