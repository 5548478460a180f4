import type { Argument } from '../command.js';
import { type ExpiryUnit, MILLISECONDS, SECONDS, UNIX_MILLISECONDS, UNIX_SECONDS } from '../keys/expiry.js';

/** An option that says when a string expires. */
export interface ExpiryOption extends ExpiryUnit {
  readonly word: string;
}

export const EXPIRY_OPTIONS: readonly ExpiryOption[] = [
  { word: 'EX', ...SECONDS },
  { word: 'PX', ...MILLISECONDS },
  { word: 'EXAT', ...UNIX_SECONDS },
  { word: 'PXAT', ...UNIX_MILLISECONDS },
];

export const EXPIRY_ARGUMENTS: readonly Argument[] = EXPIRY_OPTIONS.map(({ word, argument }) => ({
  ...argument,
  token: word,
}));
