import { CodedError } from '../../errors.js';
import type { Arguments } from './arguments.js';

/** An option of a command: a word, and how to read the arguments that follow it. */
export interface Option<Settings> {
  /** In capitals. */
  readonly word: string;
  read(settings: Settings, args: Arguments): void;
}

/** Returns what errors add to say which options there are. */
export function orOptions(options: readonly Option<never>[]): string {
  return `; the options are ${options.map(({ word }) => word).join(', ')}`;
}

/**
 * Reads the remaining arguments: options in any order, each at most once.
 * @param orElse What `orOptions` returns. Make it once, because making it for each request takes long.
 * @param first The first option, if it has been taken already.
 * @throws CodedError syntax error.
 */
export function readOptions<Settings>(
  args: Arguments,
  options: readonly Option<Settings>[],
  orElse: string,
  settings: Settings,
  first = args.option(options),
): void {
  let seen = 0;
  for (let option = first; option !== undefined; option = args.option(options)) {
    const bit = 1 << options.indexOf(option);
    if ((seen & bit) !== 0) throw new CodedError('ERR', `syntax error: ${option.word} is given twice`);
    seen |= bit;
    option.read(settings, args);
  }
  args.end(orElse);
}
