import { SYNTAX } from '../../errors.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument } from '../declaration/command.js';
import { EXPIRY_OPTIONS, type ExpiryUnit } from '../keys/expiry.js';

/**
 * Another option of SET or GETEX. Options of the same kind exclude each other, but an option may be repeated. Times are
 * of the kind `expiry`.
 */
export interface StringOption<Word extends string = string> {
  readonly word: Word;
  readonly kind: 'condition' | 'get' | 'expiry';
  /** The name of the value that follows the word, if one does. */
  readonly value?: string;
}

/** The given options, by kind. A time is parsed only after the syntax of all options has been checked. */
export interface StringOptions<Word extends string> {
  readonly condition?: Word;
  /** The value that follows the condition. */
  readonly operand?: Slice;
  readonly get?: Word;
  readonly expiry?: Word | 'at a time';
  readonly time?: { readonly unit: ExpiryUnit; readonly given: Slice };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Reads the remaining arguments: times, and words of `options`. @throws CodedError syntax error. */
export function readStringOptions<Word extends string>(
  args: Arguments,
  options: readonly StringOption<Word>[],
): StringOptions<Word> {
  const found: Mutable<StringOptions<Word>> = {};
  let expiryWord: string | undefined;
  while (args.left > 0) {
    const unit = args.option(EXPIRY_OPTIONS);
    const option = unit === undefined ? args.option(options) : undefined;
    if (unit !== undefined) {
      if (found.expiry !== undefined && expiryWord !== unit.word) throw SYNTAX;
      found.expiry = 'at a time';
      expiryWord = unit.word;
      found.time = { unit, given: args.slice() };
    } else if (option !== undefined && (found[option.kind] ?? option.word) === option.word) {
      found[option.kind] = option.word;
      if (option.value !== undefined) found.operand = args.slice();
    } else {
      throw SYNTAX;
    }
  }
  return found;
}

/** Returns an argument that is one of the options of a kind; `expiry` includes the times. */
export function choiceOf(name: string, kind: StringOption['kind'], options: readonly StringOption[]): Argument {
  const words = options
    .filter((option) => option.kind === kind)
    .map(({ word, value }): Argument => {
      return value === undefined
        ? { name: word.toLowerCase(), type: 'pure-token', token: word }
        : { name: value, type: 'string', token: word };
    });
  const times = kind === 'expiry' ? EXPIRY_OPTIONS.map(({ word, argument }) => ({ ...argument, token: word })) : [];
  const members = [...times, ...words];
  return members.length === 1
    ? { ...members[0], optional: true }
    : { name, type: 'oneof', optional: true, arguments: members };
}
