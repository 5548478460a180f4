import type { CommandEntry } from '../commands/declaration/command-entry.js';
import type { CommandTable } from '../commands/declaration/command-table.js';
import { CodedError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { Request } from '../resp/request.js';
import { reasonFor } from './foreign-commands.js';
import { redacted } from './observing/redaction.js';

/** The most commands that an error suggests. */
const MOST_SUGGESTED = 3;

/** The most characters of an unknown request that Redis echoes. */
const ECHOED = 128;

export function unknownCommand(request: Request, commands: CommandTable): CodedError {
  const name = redacted(request.word(0).toBuffer(), ECHOED);
  const reason = reasonFor(name.toLowerCase());
  if (reason !== undefined) return new CodedError('ERR', `unknown command '${name}': ${reason}`);
  if (/^session\b/i.test(name)) return unknownSessionCommand(name, commands);
  let args = '';
  for (const argument of request.words(1, ECHOED)) {
    if (args.length >= ECHOED) break;
    args += `'${redacted(argument, ECHOED - args.length)}' `;
  }
  return new CodedError('ERR', `unknown command '${name}', with args beginning with: ${args}`);
}

/**
 * Suggests the nearest session commands.
 * @param line May be a complete request in one word (`"SESSION.GET token"`), so nothing after the name is shown.
 */
function unknownSessionCommand(line: string, commands: CommandTable): CodedError {
  const [name] = line.split(/[^\w.]/, 1);
  const own = name.slice(SESSION.length).toLowerCase();
  const near = nearest(own, sessionCommands(commands), MOST_SUGGESTED);
  const suggestions = near.map((word) => `${SESSION}${word.toUpperCase()}`).join(' or ');
  const guess = suggestions === '' ? '' : `did you mean ${suggestions}? `;
  return new CodedError('ERR', `unknown command '${name}': ${guess}SESSION.HELP lists the session commands`);
}

const SESSION = 'SESSION.';

/** Returns the names of the session commands without the prefix. */
function sessionCommands({ entries }: CommandTable): string[] {
  return [...entries.keys()]
    .filter((name) => name.startsWith(SESSION.toLowerCase()))
    .map((name) => name.slice(SESSION.length));
}

export function unknownSubcommand(entry: CommandEntry, name: Buffer): CodedError {
  return new CodedError('ERR', `unknown subcommand '${redacted(name)}'. Try ${entry.fullName.toUpperCase()} HELP.`);
}
