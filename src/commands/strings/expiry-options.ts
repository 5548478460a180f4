import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments.js';
import type { Argument } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { type ExpiryUnit, MILLISECONDS, SECONDS, UNIX_MILLISECONDS, UNIX_SECONDS } from '../keys/expiry.js';

/** An option that says when a string expires. */
interface ExpiryOption extends ExpiryUnit {
  readonly word: string;
}

const EXPIRY_OPTIONS: readonly ExpiryOption[] = [
  { word: 'EX', ...SECONDS },
  { word: 'PX', ...MILLISECONDS },
  { word: 'EXAT', ...UNIX_SECONDS },
  { word: 'PXAT', ...UNIX_MILLISECONDS },
];

export const EXPIRY_ARGUMENTS: readonly Argument[] = EXPIRY_OPTIONS.map(({ word, argument }) => ({
  ...argument,
  token: word,
}));

/** What an option of SET or GETEX says besides when the string expires. */
export interface StringOption {
  readonly word: string;
  /** Options of one kind exclude each other; one may be given twice. `expiry` is also that of the times. */
  readonly kind: 'expiry' | 'condition' | 'get';
}

/** The options that were given, by kind. A time is not looked at before the syntax of all is known to be right. */
export interface StringOptions {
  readonly condition?: string;
  readonly get?: string;
  readonly expiry?: string;
  readonly time?: { readonly unit: ExpiryUnit; readonly given: Slice };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Reads all that is left: times, and the options given. @throws CommandError syntax error. */
export function readStringOptions(args: Arguments, options: readonly StringOption[]): StringOptions {
  const found: Mutable<StringOptions> = {};
  while (args.left > 0) {
    const unit = args.option(EXPIRY_OPTIONS);
    const option = unit === undefined ? args.option(options) : undefined;
    const word = unit?.word ?? option?.word;
    const kind = unit === undefined ? option?.kind : 'expiry';
    if (word === undefined || kind === undefined) throw new CommandError(SYNTAX);
    if (found[kind] !== undefined && found[kind] !== word) throw new CommandError(SYNTAX);
    found[kind] = word;
    if (unit !== undefined) found.time = { unit, given: args.slice() };
  }
  return found;
}
