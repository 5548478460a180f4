import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GENERATED, render } from '../scripts/readme.js';
import { KNOWN_DIFFERENCES } from './differential/known-differences.js';

const root = new URL('../', import.meta.url);
const read = (file: string) => readFileSync(fileURLToPath(new URL(file, root)), 'utf8');
const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'];

describe('the documents', () => {
  it.each(Object.keys(GENERATED))('%s is as the declarations say (else: npm run readme)', (page) => {
    const text = read(page);
    expect(render(page, text)).toBe(text);
  });

  it.each(documents)('%s names only scripts and files that exist', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const text = read(document);
    for (const [, script] of text.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(script);
    for (const [, file] of text.matchAll(/\b((?:src|test|bench|examples|scripts)\/[\w/.-]*\w)/g)) {
      expect(existsSync(fileURLToPath(new URL(file, root))), file).toBe(true);
    }
  });

  it.each(KNOWN_DIFFERENCES.map(({ reason }) => reason))('README.md lists a difference from Redis: %s', (reason) => {
    expect(read('README.md')).toContain(`- ${reason}\n`);
  });

  it.each(['dependencies', 'devDependencies'] as const)('CONTRIBUTING.md says why each of the %s is there', (kind) => {
    const manifest = JSON.parse(read('package.json')) as Record<typeof kind, Record<string, string>>;
    for (const name of Object.keys(manifest[kind])) expect(read('CONTRIBUTING.md')).toContain(`\`${name}\``);
  });
});
