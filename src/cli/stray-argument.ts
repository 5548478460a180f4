import { readFileSync } from 'node:fs';
import { optionNames } from '../config.js';
import { nearest } from '../nearest.js';

/**
 * Returns the error for an argument that is not an option. It may be part of a password (`--requirepass correct
 * horse`), so it is not repeated unless it names a file.
 * @param position The argument's position, from 1 on.
 * @param commands The names of respite's commands.
 */
export function strayArgument(argument: string, position: number, commands: readonly string[]): string {
  const content = readIfFile(argument);
  if (content !== undefined || argument.endsWith('.conf')) return configFile(argument, content ?? '');
  const [near] = nearest(argument, commands);
  if (near !== undefined) return `argument ${position} is not a command of respite: did you mean "${near}"?`;
  return (
    `argument ${position} is neither an option nor a command. An option is a flag with one value, ` +
    'such as --port 7000; put quotes around a value that has spaces'
  );
}

/** For `respite redis.conf`, as with redis-server. */
function configFile(path: string, content: string): string {
  const written = new Set([...content.matchAll(/^[ \t]*([\w-]+)[ \t]/gm)].map(([, name]) => name.toLowerCase()));
  const known = optionNames.filter((name) => written.has(name));
  const list = known.length === 0 ? '' : `. Of the options in this file, respite has: ${known.join(', ')}`;
  return (
    `respite reads no configuration file, so ${path} cannot be used. Give each option as a flag (--port 7000) ` +
    `or as an environment variable (RESPITE_PORT=7000)${list}`
  );
}

function readIfFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
