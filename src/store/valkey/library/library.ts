import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FunctionLibrary } from '../nodes/nodes.js';
import * as constants from './constants.js';

/** The files that several functions use. Each comes after those that it uses itself. */
const COMMON = [
  'call',
  'fields',
  'session',
  'outbox',
  'stream',
  'events',
  'stats',
  'tokens',
  'names',
  'writing',
  'deadlines',
  'ending',
  'finding',
  'versions',
  'creating',
  'operations',
];

/**
 * Returns the library of functions that the nodes of the store run, put together from the files in `functions` and the
 * constants that these have in common with this process.
 *
 * The names of the library and of its functions contain a hash of its text. So several versions of respite can use a
 * store at the same time, each with its own functions.
 */
export function readLibrary(directory = findFunctions()): FunctionLibrary {
  const read = (name: string) => readFileSync(join(directory, `${name}.lua`), 'utf8');
  const names = readdirSync(directory)
    .filter((file) => file.endsWith('.lua'))
    .map((file) => basename(file, '.lua'))
    .sort();
  const functions = names.map((name) => ({ name, text: read(name) }));
  // Each function is a block, so that its local variables are its own.
  const text = [
    ...Object.entries(constants).map(declaration).sort(),
    ...COMMON.map((name) => read(`common/${name}`)),
    ...functions.map((one) => `do\n${one.text}end\n`),
  ].join('\n');
  const prefix = `r${createHash('sha256').update(text).digest('hex').slice(0, 8)}_`;
  return {
    code: `#!lua name=${prefix}respite\nlocal PREFIX = '${prefix}'\n${text}`,
    prefix,
    reads: new Set(functions.filter((one) => READ.test(one.text)).map((one) => one.name)),
  };
}

type Constant = number | string | boolean | readonly Constant[] | { readonly [name: string]: Constant };

/** Returns the declaration of a constant in Lua. */
function declaration([name, value]: [string, Constant]): string {
  return `local ${name} = ${inLua(value)}`;
}

/** Writes a value in Lua. In texts, which are ASCII, Lua and JSON use the same escapes. */
function inLua(value: Constant): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  const items = Array.isArray(value)
    ? value.map(inLua)
    : Object.entries(value).map(([name, item]) => `${name} = ${inLua(item)}`);
  return `{ ${items.join(', ')} }`;
}

/** How a function is declared if no replica has to confirm what it changes. */
const READ = /^operation\('\w+', 'read',/m;

/** Returns the directory of the functions: near this module in `src` and `dist`, elsewhere in the bundled program. */
function findFunctions(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const near = join(here, '../functions');
  const ofBundle = join(here, basename(here) === 'program' ? '..' : '.', 'store/valkey/functions');
  return existsSync(near) ? near : ofBundle;
}
