import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GENERATED, render } from '../scripts/readme.js';
import { SESSION_EVENTS } from '../src/engine/index.js';
import { KNOWN_DIFFERENCES } from './differential/known-differences.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Returns a document without its code blocks, which have no links or headings. */
const proseOf = (document: string) => read(document).replace(/^```.*?^```$/gms, '');

/** Returns the anchors of a document's headings, as GitHub creates them. */
function anchorsOf(document: string): string[] {
  return [...proseOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documents', () => {
  it.each(Object.keys(GENERATED))('%s agrees with the declarations (if not: npm run readme)', (page) => {
    const text = read(page);
    expect(render(page, text)).toBe(text);
  });

  it.each(documents)('%s names only scripts and files that exist', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const text = read(document);
    for (const [, script] of text.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(script);
    for (const [, file] of text.matchAll(/(?<![\w/])((?:src|test|bench|examples|scripts|docs)\/[\w/.-]*\w)/g)) {
      expect(existsSync(join(root, file)), file).toBe(true);
    }
  });

  it.each(documents)('%s has no dead links', (document) => {
    for (const [, target] of proseOf(document).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path, anchor] = target.split('#');
      const file = path === '' ? document : posix.join(posix.dirname(document), path);
      expect(existsSync(join(root, file)), target).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(file), target).toContain(anchor);
    }
  });

  it.each(documents.filter((document) => /^(?:README|docs)/.test(document)))(
    '%s has one line per paragraph',
    (document) => {
      const isOwn = /^(?:$|[#|>-]|\d+\. |<!--)/;
      const lines = proseOf(document).split('\n');
      const wrapped = lines.filter((line, i) => i > 0 && !isOwn.test(line) && lines[i - 1] !== '');
      expect(wrapped).toEqual([]);
    },
  );

  const documented = KNOWN_DIFFERENCES.filter(({ isObvious }) => !isObvious);
  it.each(documented.map(({ reason }) => reason))('docs list a difference from Redis: %s', (reason) => {
    expect(read('docs/differences-from-redis.md')).toContain(`- ${reason}\n`);
  });

  it('docs/events.md describes every event of sessions', () => {
    const [, table] = read('docs/events.md').split('## Which events there are');
    const described = [...table.split('\n## ')[0].matchAll(/^\| `(\w+)` \|/gm)].map(([, event]) => event);
    expect(described.sort()).toEqual(Object.keys(SESSION_EVENTS).sort());
  });

  it.each(['dependencies', 'devDependencies'] as const)('CONTRIBUTING.md says why each of the %s is there', (kind) => {
    const manifest = JSON.parse(read('package.json')) as Record<typeof kind, Record<string, string>>;
    for (const name of Object.keys(manifest[kind])) expect(read('CONTRIBUTING.md')).toContain(`\`${name}\``);
  });
});
