import type { CommandEntry } from '../commands/declaration/command-entry.js';
import { keysIn } from '../commands/declaration/key-spec.js';
import type { Request } from '../resp/request.js';

const AT = '@'.charCodeAt(0);

/**
 * Returns the keys that a request reads, as texts with one character per byte; none if its command does more than read.
 * A token is not a key, and nobody else may learn it. `@name` is the key with that name. A script itself reads nothing:
 * its commands do. The stream of session events is no key whose changes anybody is notified of.
 */
export function keysRead({ keys, command }: CommandEntry, request: Request): string[] {
  const { flags, group } = command;
  if (keys.length === 0 || !flags.includes('readonly') || group === 'scripting' || group === 'stream') return [];
  const words = keysIn(
    keys,
    Array.from({ length: request.length }, (_, index) => request.word(index)),
  );
  if (!command.arguments.some(({ type }) => type === 'token')) return words.map((word) => word.latin1());
  return words.filter((word) => word.bytes[word.start] === AT).map((word) => word.latin1().slice(1));
}
