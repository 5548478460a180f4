import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const TSC = resolve('node_modules/.bin/tsc');

/** What `npm install` has put into the folder of an application. */
export class InstalledPackage {
  readonly #folder: string;

  /** @param folder The application's folder. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The paths of its files. */
  get files(): string[] {
    const root = join(this.#folder, 'node_modules/respite');
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  }

  /** What applications may import: `respite`, `respite/client`, … */
  get modules(): string[] {
    const { exports } = JSON.parse(readFileSync(join(this.#folder, 'node_modules/respite/package.json'), 'utf8'));
    const paths = Object.keys(exports).filter((path) => path !== './package.json');
    return paths.map((path) => path.replace('.', 'respite'));
  }

  /** Returns the names that each module exports to a program of either kind. */
  exported(kind: 'import' | 'require'): Record<string, string[]> {
    const load = kind === 'import' ? 'await import(name)' : 'require(name)';
    const program = `(async () => {
      const names = {};
      for (const name of ${JSON.stringify(this.modules)}) names[name] = Object.keys(${load}).sort();
      console.log(JSON.stringify(names));
    })()`;
    const file = join(this.#folder, `load.${kind === 'import' ? 'mjs' : 'cjs'}`);
    writeFileSync(file, program);
    const env = { ...process.env, NODE_OPTIONS: '' };
    return JSON.parse(execFileSync(process.execPath, [file], { cwd: this.#folder, env, encoding: 'utf8' }));
  }

  /**
   * Checks the types of a program that imports all modules, and those of the package itself.
   * @throws Error with the output of the compiler.
   */
  async compile(resolution: 'nodenext' | 'bundler'): Promise<void> {
    // Other packages may have brought types of their own.
    const types = join(this.#folder, 'node_modules/@types');
    mkdirSync(types, { recursive: true });
    for (const name of readdirSync('node_modules/@types')) {
      if (!existsSync(join(types, name))) symlinkSync(resolve('node_modules/@types', name), join(types, name));
    }
    const names = this.modules.map((name, i) => ({ name, as: `module${i}` }));
    const uses = names.map(({ as }) => `export const keys_${as} = Object.keys(${as});\n`);
    const esm = [...names.map(({ name, as }) => `import * as ${as} from '${name}';\n`), ...uses].join('');
    const cjs = [...names.map(({ name, as }) => `import ${as} = require('${name}');\n`), ...uses].join('');
    const program = `import { createServer, type Server } from 'respite';
import type { SessionEngine } from 'respite/engine';
import { RespiteStore } from 'respite/express';
export const server: Server = createServer({ port: 0 });
export const engine: SessionEngine = server.engine;
// @ts-expect-error A port is a number.
createServer({ port: 'six' });
export type Store = RespiteStore;
`;
    const files = { 'all.mts': esm, 'program.mts': program, ...(resolution === 'nodenext' && { 'all.cts': cjs }) };
    for (const [file, text] of Object.entries(files)) writeFileSync(join(this.#folder, file), text);
    const module =
      resolution === 'nodenext' ? ['--module', 'nodenext'] : ['--module', 'esnext', '--moduleResolution', 'bundler'];
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node', ...module];
    await promisify(execFile)(TSC, [...options, ...Object.keys(files)], { cwd: this.#folder }).catch((error) => {
      throw new Error(error.stdout);
    });
  }

  /** Returns what publint finds wrong with the package. */
  async faults(): Promise<string[]> {
    const pkgDir = join(this.#folder, 'node_modules/respite');
    const { messages, pkg } = await publint({ pkgDir, pack: false, level: 'warning' });
    return messages.map((message) => formatMessage(message, pkg) ?? message.code);
  }
}
