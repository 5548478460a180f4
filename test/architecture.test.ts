import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** What each part of the house may import besides itself, of ours and of packages. Nothing flows backwards. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  engine: ['errors.ts', 'slice.ts', 'node:crypto', 'node:perf_hooks'],
  resp: ['slice.ts', 'redis-parser'],
  commands: [
    'errors.ts',
    'config.ts',
    'durability',
    'engine',
    'execution',
    'glob.ts',
    'resp',
    'slice.ts',
    'node:buffer',
    'node:os',
    'node:process',
  ],
  execution: ['errors.ts', 'commands', 'config.ts', 'durability', 'engine', 'resp', 'slice.ts'],
  server: [
    'commands',
    'execution',
    'glob.ts',
    'durability',
    'engine',
    'resp',
    'config.ts',
    'config-files.ts',
    'option-kinds.ts',
    'slice.ts',
    'system-error.ts',
    'version.ts',
    'node:buffer',
    'node:crypto',
    'node:fs',
    'node:net',
    'node:path',
    'node:tls',
  ],
  journal: [
    'slice.ts',
    'system-error.ts',
    '@node-rs',
    'fs-native-extensions',
    'node:crypto',
    'node:fs',
    'node:module',
    'node:path',
  ],
  durability: ['engine', 'errors.ts', 'journal', 'slice.ts', 'node:path'],
  // What an application loads: nothing of the server, and no client library.
  client: [],
  express: ['client', 'express-session', 'node:crypto'],
  'config.ts': ['nearest.ts', 'option-kinds.ts'],
  'config-files.ts': ['config.ts', 'system-error.ts', 'node:fs'],
  'nearest.ts': [],
  'option-kinds.ts': [],
  'errors.ts': [],
  'glob.ts': ['errors.ts'],
  'slice.ts': [],
  'system-error.ts': ['node:util'],
  // It reads package.json, which is above the house.
  'version.ts': ['node:module', '..'],
  'index.ts': ['config.ts', 'durability', 'engine', 'journal', 'server'],
  cli: ['config.ts', 'nearest.ts', 'server', 'cli-progress', 'commander', 'node:fs'],
  'cli.ts': ['cli', 'config.ts', 'index.ts', 'journal', 'server', 'version.ts', 'commander'],
};

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

/** The file or package behind each import of a file. */
function importsOf(file: string): string[] {
  const source = readFileSync(resolve(SRC, file), 'utf8');
  const statements = source.matchAll(/^(?:import|export|\}) [^'"=;]*?\bfrom '([^']+)';|^import '([^']+)';/gm);
  const calls = source.matchAll(/\b(?:import|require|createRequire\([^)]*\))\('([^']+)'\)/g);
  return [...statements, ...calls].map(([, ...specifiers]) => {
    const specifier = specifiers.find((found) => found !== undefined) ?? '';
    return specifier.startsWith('.')
      ? relative(SRC, resolve(SRC, dirname(file), specifier)).replace(/\.js$/, '.ts')
      : specifier;
  });
}

const partOf = (file: string) => file.split(sep)[0];

/** Files that import each other, directly or through others. */
function circlesAmong(all: readonly string[]): string[] {
  let left = all;
  for (;;) {
    // A file that imports none of those left is in no circle, nor is one that none of them imports.
    const imported = new Set(left.flatMap((file) => importsOf(file)));
    const kept = left.filter((file) => imported.has(file) && importsOf(file).some((other) => left.includes(other)));
    if (kept.length === left.length) return kept;
    left = kept;
  }
}

describe('the house', () => {
  it.each(files)('%s imports only what its part may', (file) => {
    const part = partOf(file);
    const foreign = importsOf(file)
      .map(partOf)
      .filter((other) => other !== part);
    expect(MAY_IMPORT[part]).toEqual(expect.arrayContaining(foreign));
  });

  it('the wheel imports nothing but how columns grow, which imports nothing', () => {
    expect(importsOf('engine/time/timing-wheel.ts')).toEqual(['engine/memory/column.ts']);
    expect(importsOf('engine/memory/column.ts')).toEqual([]);
  });

  it('has no circle of imports, types included', () => {
    // Folders that are being sorted out.
    const rest = files.filter((file) => !['commands', 'execution'].includes(partOf(file)));
    expect(circlesAmong(rest)).toEqual([]);
  });

  it('only the program reads arguments and the environment, and exits', () => {
    for (const file of files.filter((name) => name !== 'cli.ts')) {
      expect(readFileSync(resolve(SRC, file), 'utf8'), file).not.toMatch(/process\.(argv|env|exit)\b/);
    }
  });

  it('this test sees the imports', () => {
    expect(importsOf('resp/request-decoder.ts')).toEqual([
      'redis-parser',
      'resp/inline-request.ts',
      'resp/protocol-error.ts',
      'resp/request.ts',
      'resp/request-guard.ts',
    ]);
  });
});
