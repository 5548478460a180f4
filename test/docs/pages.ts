import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CodeBlock, codeBlocks } from './code-blocks.js';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The pages for users. */
export const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function blocksOf(page: string): CodeBlock[] {
  return codeBlocks(readFileSync(join(ROOT, page), 'utf8'));
}
