import type { CommandEntry } from '../src/commands/declaration/command-entry.js';
import { table } from '../src/commands/table.js';

/** Returns a command as the server runs it, so that a test can replace its `run`. */
export function running(name: string): { run: NonNullable<CommandEntry['run']> } {
  const entry = table.entries.get(name);
  if (entry?.run === undefined) throw new Error(`there is no command ${name} that runs`);
  return entry as { run: NonNullable<CommandEntry['run']> };
}
