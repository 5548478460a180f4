import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { globMatcher } from '../glob.js';

const WILDCARD = /[*?[]/;

export function hasWildcard(path: string): boolean {
  return WILDCARD.test(path);
}

/**
 * Returns the paths that a pattern matches, in alphabetical order, as glob(3) does: a wildcard matches within one part
 * of a path, and does not match a dot at its start.
 */
export function matchingPaths(pattern: string): string[] {
  const parts = pattern.split('/').filter((part) => part !== '');
  let found = [pattern.startsWith('/') ? '/' : ''];
  for (const part of parts) {
    found = found.flatMap((directory) =>
      hasWildcard(part) ? namesIn(directory, part).map((name) => join(directory, name)) : [join(directory, part)],
    );
  }
  return found;
}

function namesIn(directory: string, pattern: string): string[] {
  const matches = globMatcher(pattern);
  try {
    const names = readdirSync(directory === '' ? '.' : directory);
    return names.filter((name) => (pattern.startsWith('.') || !name.startsWith('.')) && matches(name)).sort();
  } catch {
    return [];
  }
}
