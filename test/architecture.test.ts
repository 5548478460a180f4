import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** What each part may import besides itself: other parts and packages. Imports point down only. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  engine: ['databases.ts', 'errors.ts', 'slice.ts', 'node:crypto', 'node:perf_hooks'],
  resp: ['slice.ts', 'redis-parser'],
  stream: ['engine', 'errors.ts', 'json-writer.ts', 'slice.ts'],
  // JSON texts, paths in them, and changes to them.
  json: ['errors.ts', 'node:buffer', 'node:module', 'json-p3'],
  // Lua, and what scripts see of the server.
  scripting: ['errors.ts', 'resp', 'slice.ts', 'node:crypto', 'node:fs', 'node:module'],
  // From a request to its reply, from the bottom up.
  'execution/observing': ['config.ts', 'duration-histogram.ts', 'resp'],
  'execution/context': [
    'config.ts',
    'durability',
    'engine',
    'errors.ts',
    'execution/observing',
    'log',
    'resp',
    'scripting',
    'slice.ts',
    'store',
    'stream',
    'webhooks',
  ],
  'commands/arguments': ['engine', 'errors.ts', 'glob.ts', 'resp', 'slice.ts', 'stream-key.ts'],
  'commands/declaration': ['commands/arguments', 'errors.ts', 'execution/context', 'resp', 'slice.ts', 'store'],
  execution: [
    'commands/arguments',
    'commands/declaration',
    'databases.ts',
    'engine',
    'errors.ts',
    'execution/context',
    'execution/observing',
    'nearest.ts',
    'resp',
    'scripting',
    'slice.ts',
    'store',
    'store/memory',
  ],
  commands: [
    'commands/arguments',
    'commands/declaration',
    'config.ts',
    'counted.ts',
    'durability',
    'duration-histogram.ts',
    'engine',
    'errors.ts',
    'execution',
    'execution/context',
    'execution/observing',
    'glob.ts',
    'json',
    'resp',
    'scripting',
    'slice.ts',
    'store',
    'store/memory',
    'stream',
    'stream-key.ts',
    'webhooks',
    'node:buffer',
    'node:os',
    'node:process',
  ],
  server: [
    'counted.ts',
    'endpoint.ts',
    'errors.ts',
    'event-filter.ts',
    'event-limits.ts',
    'commands',
    'commands/arguments',
    'commands/declaration',
    'execution',
    'execution/context',
    'execution/observing',
    'glob.ts',
    'durability',
    'engine',
    'http',
    'json-writer.ts',
    'log',
    'resp',
    'scripting',
    'stream',
    'config.ts',
    'credential-files.ts',
    'option-kinds.ts',
    'origin.ts',
    'slice.ts',
    'store',
    'store/memory',
    'store/valkey',
    'store-url.ts',
    'system-error.ts',
    'version.ts',
    'webhooks',
    'node:buffer',
    'node:crypto',
    'node:events',
    'node:fs',
    'node:net',
    'node:path',
    'node:stream',
    'node:tls',
  ],
  http: [
    'commands',
    'commands/declaration',
    'counted.ts',
    'engine',
    'errors.ts',
    'resp',
    'node:buffer',
    'execution/context',
    'execution/observing',
    'metrics',
    'origin.ts',
    'webhooks',
    '@hono',
    'hono',
    'node:buffer',
    'node:fs',
    'node:http',
    'node:https',
    'node:net',
    'node:path',
    'node:tls',
    'version.ts',
  ],
  // Below the server and the program, which both write to it.
  log: ['counted.ts', 'system-error.ts', 'node:fs'],
  metrics: [
    'duration-histogram.ts',
    'engine',
    'errors.ts',
    'execution/context',
    'store',
    'webhooks',
    'prom-client',
    'node:perf_hooks',
    'node:process',
  ],
  journal: [
    'counted.ts',
    'duration-histogram.ts',
    'slice.ts',
    'system-error.ts',
    '@node-rs',
    'fs-native-extensions',
    'node:crypto',
    'node:fs',
    'node:module',
    'node:path',
  ],
  durability: ['counted.ts', 'engine', 'errors.ts', 'journal', 'log', 'slice.ts', 'stream', 'node:path'],
  store: ['engine', 'errors.ts', 'slice.ts', 'node:tls'],
  'store/memory': ['engine', 'errors.ts', 'slice.ts', 'store'],
  // Delivers events over HTTP. Knows the stream by an interface of its own.
  webhooks: [
    'config.ts',
    'credential-files.ts',
    'engine',
    'errors.ts',
    'glob.ts',
    'public-address.ts',
    'slice.ts',
    'store',
    'stream',
    'stream-key.ts',
    'system-error.ts',
    'version.ts',
    'webhook-lines.ts',
    'standardwebhooks',
    'node:buffer',
    'node:crypto',
    'node:dns',
    'node:http',
    'node:https',
    'node:module',
    'node:net',
    'node:util',
  ],
  // From the nodes to the operations and the work in the background, from the bottom up.
  'store/valkey/nodes': [
    'duration-histogram.ts',
    'endpoint.ts',
    'errors.ts',
    'slice.ts',
    'store',
    'system-error.ts',
    'ioredis',
    'redis-parser',
    'node:module',
    'node:net',
    'node:timers',
    'node:tls',
  ],
  'store/valkey/library': [
    'engine',
    'event-limits.ts',
    'slice.ts',
    'store',
    'store/valkey/nodes',
    'node:crypto',
    'node:fs',
    'node:path',
    'node:url',
  ],
  'store/valkey/addressing': ['engine', 'slice.ts', 'store', 'store/valkey/library', 'node:crypto'],
  'store/valkey/names': [
    'engine',
    'errors.ts',
    'slice.ts',
    'store',
    'store/valkey/addressing',
    'store/valkey/library',
    'store/valkey/nodes',
  ],
  'store/valkey/sessions': [
    'engine',
    'errors.ts',
    'slice.ts',
    'store',
    'store/valkey/addressing',
    'store/valkey/library',
    'store/valkey/names',
    'store/valkey/nodes',
  ],
  'store/valkey/owning': ['engine', 'errors.ts', 'store/valkey/library', 'store/valkey/nodes', 'node:crypto'],
  'store/valkey/events': ['engine', 'errors.ts', 'store', 'store/valkey/library', 'store/valkey/nodes'],
  'store/valkey/stream': [
    'engine',
    'errors.ts',
    'slice.ts',
    'store',
    'store/valkey/addressing',
    'store/valkey/events',
    'store/valkey/library',
    'store/valkey/nodes',
    'store/valkey/owning',
    'stream-key.ts',
  ],
  'store/valkey': [
    'engine',
    'errors.ts',
    'slice.ts',
    'store',
    'store/valkey/addressing',
    'store/valkey/events',
    'store/valkey/library',
    'store/valkey/names',
    'store/valkey/nodes',
    'store/valkey/owning',
    'store/valkey/sessions',
    'store/valkey/stream',
    'node:crypto',
  ],
  // What an application loads: no part of the server, and no client library.
  client: ['argument-checks.ts'],
  express: ['argument-checks.ts', 'client', 'express-session', 'field-changes.ts', 'user-name.ts', 'node:crypto'],
  'better-auth': ['argument-checks.ts', 'client', 'derived-token.ts'],
  koa: ['argument-checks.ts', 'client', 'derived-token.ts', 'field-changes.ts', 'user-name.ts'],
  'derived-token.ts': ['node:crypto'],
  'field-changes.ts': [],
  'user-name.ts': ['argument-checks.ts'],
  'databases.ts': [],
  'config.ts': ['databases.ts', 'event-limits.ts', 'nearest.ts', 'option-kinds.ts', 'store-url.ts'],
  'credential-files.ts': [
    'config.ts',
    'regular-file.ts',
    'store-url.ts',
    'webhook-lines.ts',
    'node:buffer',
    'node:crypto',
  ],
  'config-file': [
    'config.ts',
    'counted.ts',
    'glob.ts',
    'journal',
    'nearest.ts',
    'option-kinds.ts',
    'regular-file.ts',
    'system-error.ts',
    'node:buffer',
    'node:fs',
    'node:path',
  ],
  'event-limits.ts': [],
  'nearest.ts': [],
  'event-filter.ts': ['event-names.ts', 'glob.ts', 'nearest.ts'],
  'event-names.ts': [],
  'option-kinds.ts': ['event-filter.ts', 'store-url.ts', 'webhook-lines.ts'],
  'webhook-lines.ts': ['event-names.ts', 'glob.ts', 'nearest.ts', 'public-address.ts', 'node:net'],
  'public-address.ts': ['node:net'],
  'store-url.ts': [],
  'origin.ts': ['node:net'],
  'counted.ts': [],
  'endpoint.ts': [],
  'duration-histogram.ts': [],
  'errors.ts': [],
  'glob.ts': ['errors.ts'],
  'argument-checks.ts': [],
  'slice.ts': [],
  'stream-key.ts': [],
  'json-writer.ts': ['slice.ts', 'node:buffer'],
  'regular-file.ts': ['system-error.ts', 'node:fs'],
  'system-error.ts': ['node:util'],
  // It reads package.json.
  'version.ts': ['node:module', 'node:path', 'respite'],
  'index.ts': ['config.ts', 'durability', 'engine', 'execution/context', 'journal', 'log', 'server', 'store'],
  // The demo is a client of the server.
  demo: ['engine', 'resp', 'node:events', 'node:net'],
  cli: [
    'config.ts',
    'config-file',
    'credential-files.ts',
    'counted.ts',
    'demo',
    'endpoint.ts',
    'index.ts',
    'journal',
    'log',
    'nearest.ts',
    'option-kinds.ts',
    'origin.ts',
    'resp',
    'server',
    'system-error.ts',
    'version.ts',
    'webhooks',
    'cli-progress',
    'node:v8',
    'commander',
    'node:crypto',
    'node:fs',
    'node:http',
    'node:https',
    'node:net',
    'node:tls',
  ],
  'cli.ts': ['cli'],
};

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

const PAGE = fileURLToPath(new URL('../page', import.meta.url));
const pageFiles = readdirSync(PAGE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /(?<!\.config)\.tsx?$/.test(file),
);

/** Returns the file or package of each import of a file. */
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

/** Returns the files and packages that are loaded with a file, itself included. */
function loadedWith(file: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  if (!files.includes(file)) return loaded;
  const source = readFileSync(resolve(SRC, file), 'utf8');
  for (const [, specifier] of source.matchAll(
    /^(?:import (?!type )|export (?!type )|\} )[^'"=;]*?\bfrom '([^']+)';/gm,
  )) {
    const isFile = specifier.startsWith('.');
    const path = isFile ? relative(SRC, resolve(SRC, dirname(file), specifier)).replace(/\.js$/, '.ts') : specifier;
    loadedWith(path, loaded);
  }
  return loaded;
}

/** Returns the part that a file belongs to: its innermost folder that is a part. Otherwise returns the package. */
function partOf(file: string): string {
  const folders = file.split(sep);
  for (let depth = folders.length; depth > 1; depth--) {
    const part = folders.slice(0, depth).join('/');
    if (Object.hasOwn(MAY_IMPORT, part)) return part;
  }
  return folders[0];
}

/** Returns the nodes that are in circles of edges, or between two circles. */
function circlesAmong(nodes: readonly string[], edgesOf: (node: string) => readonly string[]): string[] {
  let left = nodes;
  for (;;) {
    // A node without an edge to, or from, any remaining node is not in a circle.
    const targets = new Set(left.flatMap(edgesOf));
    const kept = left.filter((node) => targets.has(node) && edgesOf(node).some((other) => left.includes(other)));
    if (kept.length === left.length) return kept;
    left = kept;
  }
}

describe('the architecture', () => {
  it.each(files)('%s imports only what its part may import', (file) => {
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

  it.each(['express', 'koa', 'better-auth'])('%s imports only what the typed client exports', (store) => {
    const ofClient = files.filter((file) => partOf(file) === store).flatMap(importsOf);
    expect(new Set(ofClient.filter((file) => partOf(file) === 'client'))).toEqual(new Set(['client/index.ts']));
  });

  it('the Valkey store uses of its nodes only the interface and what connects to them', () => {
    const ofOthers = files.filter((file) => file.startsWith('store/valkey/') && partOf(file) !== 'store/valkey/nodes');
    const used = ofOthers.flatMap(importsOf).filter((file) => partOf(file) === 'store/valkey/nodes');
    expect(new Set(used)).toEqual(
      new Set(['connect', 'in-part', 'nodes'].map((name) => `store/valkey/nodes/${name}.ts`)),
    );
  });

  it('has no circle of imports, types included', () => {
    expect(circlesAmong(files, importsOf)).toEqual([]);
    expect(circlesAmong(Object.keys(MAY_IMPORT), (part) => MAY_IMPORT[part] ?? [])).toEqual([]);
  });

  it('the folders of commands import each other in one direction', () => {
    const folderOf = (file: string) => /^(commands\/[^/]+)\//.exec(file)?.[1];
    const folders = [...new Set(files.flatMap((file) => folderOf(file) ?? []))];
    const importsOfFolder = (folder: string) =>
      files
        .filter((file) => folderOf(file) === folder)
        .flatMap((file) => importsOf(file).flatMap((to) => folderOf(to) ?? []));
    const others = (folder: string) => importsOfFolder(folder).filter((to) => to !== folder);
    expect(folders.length).toBeGreaterThan(10);
    expect(circlesAmong(folders, others)).toEqual([]);
  });

  it('only the program reads arguments and the environment and calls exit', () => {
    for (const file of files.filter((name) => name !== 'cli.ts' && partOf(name) !== 'cli')) {
      expect(readFileSync(resolve(SRC, file), 'utf8'), file).not.toMatch(/process\.(argv|env|exit)\b/);
    }
  });

  it('a server without http-port and store does not load what only they need, which takes a tenth of the time to start', () => {
    const loaded = loadedWith('cli/program.ts');
    expect(loaded).toContain('journal/writer.ts');
    expect([...loaded].filter((name) => /^node:https?$|^@?hono|^prom-client$|^ioredis$/.test(name))).toEqual([]);
  });

  it.each(pageFiles)('page/%s imports only the page, its two packages and types', (file) => {
    const source = readFileSync(resolve(PAGE, file), 'utf8');
    for (const [, statement, from] of source.matchAll(/^(import [^'"=;]*?)'([^']+)';/gm)) {
      if (from.includes('/src/')) expect(statement).toMatch(/^import type /);
      else expect(from).toMatch(/^(?:\.|preact|uplot)/);
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
