import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { ConfigError } from '../config.js';
import { nearest } from '../nearest.js';

/**
 * Returns the configuration file that the program's argument names, if it has one.
 * @throws ConfigError if there is an argument that is neither a file nor an option. It may be part of a password
 *   (`--requirepass correct horse`), so it is not repeated unless it looks like a file.
 */
export function configFileOf(program: Command): string | undefined {
  const [first, second] = program.args;
  if (first === undefined) return undefined;
  if (!namesFile(first)) {
    throw new ConfigError(
      strayArgument(
        first,
        positionOf(first),
        program.commands.map((command) => command.name()),
      ),
    );
  }
  if (second === undefined) return first;
  throw new ConfigError(
    namesFile(second)
      ? 'respite reads one configuration file, which may include others: see "include" in docs/configuration.md'
      : strayArgument(second, positionOf(second), []),
  );
}

/** The position among the program's arguments, from 1 on. */
function positionOf(argument: string): number {
  return process.argv.indexOf(argument, 2) - 1;
}

/** A file that does not exist, but is clearly meant to be one, is a file as well: reading it gives a better error. */
function namesFile(argument: string): boolean {
  return existsSync(argument) || /^\.{0,2}\/|\.conf$/.test(argument);
}

function strayArgument(argument: string, position: number, commands: readonly string[]): string {
  const [near] = nearest(argument, commands);
  if (near !== undefined) return `argument ${position} is not a command of respite: did you mean "${near}"?`;
  return (
    `argument ${position} is not a file, an option or a command: write an option as a flag and its value, ` +
    'such as --port 7000, and put quotes around a value that has spaces'
  );
}
