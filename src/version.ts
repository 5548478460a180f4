import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** Finds the package by its name, because this module may be in `src`, in `dist` or in the bundled program. */
const require = createRequire(import.meta.url);

/** The directory that contains package.json. */
export const PACKAGE = dirname(require.resolve('respite/package.json'));

/** The version in package.json. */
export const { version } = require('respite/package.json') as { version: string };
