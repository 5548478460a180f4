import type { CommandEntry } from '../commands/declaration/command-entry.js';
import { CodedError } from '../errors.js';
import type { Request } from '../resp/request.js';
import { foreignKindOf } from './foreign-commands.js';
import { redacted } from './observing/redaction.js';

/** Redis echoes at most so many characters of the arguments of a request it does not know. */
const ECHOED = 128;

export function unknownCommand(request: Request): CodedError {
  const name = redacted(request.word(0).toBuffer(), ECHOED);
  const foreign = foreignKindOf(name.toLowerCase());
  if (foreign !== undefined) {
    return new CodedError(
      'ERR',
      `unknown command '${name}': there are strings, hashes and sessions here, but no ${foreign}`,
    );
  }
  // A line sent as one word (`"SESSION.GET token"`) is a SESSION command as well: nothing behind its name is shown.
  if (/^session\./i.test(name)) return unknownCommandError(name.split(/\s/, 1)[0], '');
  let args = '';
  for (const argument of request.words(1, ECHOED)) {
    if (args.length >= ECHOED) break;
    args += `'${redacted(argument, ECHOED - args.length)}' `;
  }
  return unknownCommandError(name, args);
}

function unknownCommandError(name: string, args: string): CodedError {
  return new CodedError('ERR', `unknown command '${name}', with args beginning with: ${args}`);
}

export function unknownSubcommand(entry: CommandEntry, name: Buffer): CodedError {
  return new CodedError('ERR', `unknown subcommand '${redacted(name)}'. Try ${entry.fullName.toUpperCase()} HELP.`);
}
