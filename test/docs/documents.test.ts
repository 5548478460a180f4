import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstalledPackage } from '../packages/installed-package.js';
import { freePort } from '../tools/free-port.js';
import { Application } from './application.js';
import { type CodeBlock, consoleSteps, fileName, setsUpMachine } from './code-blocks.js';
import { blocksOf, PAGES, ROOT } from './pages.js';
import { Terminal } from './terminal.js';

const isConsole = ({ language }: CodeBlock) => language === 'console';
const keepsRunning = ({ note }: CodeBlock) => note === 'keeps-running';
const isServer = (block: CodeBlock) => keepsRunning(block) && /^\$ (?:\w+=\S+ )*(?:npx )?respite\b/.test(block.text);

describe.each(PAGES)('%s', (page) => {
  it('has only programs that it runs', () => {
    const commands = blocksOf(page).filter(isConsole).flatMap(consoleSteps);
    const names = commands.map(({ command }) => command);
    for (const block of blocksOf(page).filter(({ language }) => language !== 'console')) {
      const { language, line } = block;
      // `Application` runs the commands that install packages.
      if ((language === 'sh' && /^npm /.test(block.text)) || setsUpMachine(block)) continue;
      expect(['js', 'text'], `line ${line}`).toContain(language);
      expect(names.join('\n'), `line ${line}`).toContain(fileName(block) ?? 'a file name in its first line');
    }
  });
});

async function freePorts() {
  const [redis, http, web, store] = [await freePort(), await freePort(), await freePort(), await freePort()];
  return { redis, http, web, store };
}

const missing = ['redis-cli', 'redis-server', 'curl', 'openssl'].filter(
  (program) => spawnSync(program, ['--version']).error,
);
if (missing.length > 0) console.warn(`NOTICE: ${missing} not installed: what the documents show is not run`);

describe.skipIf(missing.length > 0)('an application that has installed the package', () => {
  let application: Application;
  beforeAll(async () => {
    application = await Application.install();
    const certificate = 'req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem';
    execFileSync('openssl', certificate.split(' '), { cwd: application.folder, stdio: 'pipe' });
  });
  afterAll(() => application?.remove());

  it('starts the server with npx', () => {
    const options = { cwd: application.folder, env: application.environment(), encoding: 'utf8' } as const;
    expect(execFileSync('npx', ['respite', '--version'], options)).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('has the program, its types and its page, but no source, tests or maps', () => {
    const { files } = new InstalledPackage(application.folder);
    const top = new Set(files.map((file) => file.split('/')[0]));
    expect([...top].sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    expect(files).toEqual(expect.arrayContaining(['dist/cli.js', 'dist/index.d.ts', 'dist/page/index.html']));
    expect(files.filter((file) => /\.map$|\.test\.|(?<!\.d)\.[cm]?tsx?$/.test(file))).toEqual([]);
  });

  it('can be imported and required', () => {
    const respite = new InstalledPackage(application.folder);
    const imported = respite.exported('import');
    expect(Object.keys(imported)).toEqual(expect.arrayContaining(['respite', 'respite/client', 'respite/express']));
    for (const [module, names] of Object.entries(imported)) expect(names, module).not.toEqual([]);
    const required = respite.exported('require');
    for (const [module, names] of Object.entries(imported))
      expect(required[module]).toEqual(expect.arrayContaining(names));
  });

  it.each(['nodenext', 'bundler'] as const)('has types for TypeScript with %s', async (resolution) => {
    await new InstalledPackage(application.folder).compile(resolution);
  });

  it('is packaged as other tools expect', async () => {
    expect(await new InstalledPackage(application.folder).faults()).toEqual([]);
  });

  it('runs respite as the service does', async () => {
    const terminal = new Terminal(application, await freePorts());
    const unit = readFileSync(join(ROOT, 'contrib/systemd/respite.service'), 'utf8');
    const [, command] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    try {
      await terminal.startServer(command);
      await terminal.run({ command: 'redis-cli CONFIG GET appendonly', output: '1) "appendonly"\n2) "yes"' });
    } finally {
      await terminal.stop();
    }
  });

  it.each(PAGES.filter((page) => blocksOf(page).some(isConsole)))('prints what %s shows', async (page) => {
    const terminal = new Terminal(application, await freePorts());
    try {
      const blocks = blocksOf(page);
      const [first] = blocks.filter(isConsole);
      if (!isServer(first)) await terminal.startServer('respite');
      for (const block of blocks) {
        const name = fileName(block);
        if (name !== undefined) writeFileSync(join(application.folder, name), block.text);
        if (!isConsole(block)) continue;
        for (const step of consoleSteps(block)) {
          if (isServer(block)) await terminal.startServer(step.command);
          else if (keepsRunning(block)) await terminal.start(step);
          else await terminal.run(step);
        }
      }
      await terminal.end();
    } finally {
      await terminal.stop();
    }
  });
});
