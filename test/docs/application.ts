import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { PackageRegistry } from './package-registry.js';
import { blocksOf, PAGES, ROOT } from './pages.js';

/** An application in an empty folder, with respite installed as the README says. */
export class Application {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async install(): Promise<Application> {
    const application = new Application(mkdtempSync(join(tmpdir(), 'respite-app-')));
    const registry = await PackageRegistry.start(ROOT);
    try {
      await application.#install(registry.url);
    } catch (error) {
      application.remove();
      throw error;
    } finally {
      registry.stop();
    }
    return application;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The environment of commands that are typed in its folder, with its programs and `bin` on the path. */
  environment(bin?: string): Record<string, string> {
    // npm runs the tests, and its variables must not reach the npm of the application.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST|RESPITE_)/i.test(name));
    const path = [...(bin === undefined ? [] : [bin]), join(this.folder, 'node_modules/.bin'), process.env.PATH];
    return { ...(Object.fromEntries(inherited) as Record<string, string>), PATH: path.join(delimiter) };
  }

  async #install(registry: string): Promise<void> {
    const { pack, installs } = installCommands();
    // It was built before the tests, and must not be built again while they run.
    execFileSync('bash', ['-c', `${pack} --ignore-scripts --pack-destination "$0"`, this.folder], {
      cwd: ROOT,
      env: this.environment(),
      stdio: 'pipe',
    });
    const own = join(this.folder, 'npm');
    mkdirSync(own);
    writeFileSync(join(own, 'npmrc'), '');
    const env = {
      ...this.environment(),
      npm_config_registry: registry,
      npm_config_noproxy: '127.0.0.1',
      npm_config_userconfig: join(own, 'npmrc'),
      npm_config_cache: join(own, 'cache'),
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
    };
    for (const install of installs) {
      await promisify(execFile)('bash', ['-c', install.replace('/path/to', this.folder)], { cwd: this.folder, env });
    }
  }
}

/** The commands of the pages that pack respite and install what an application needs. */
function installCommands(): { pack: string; installs: string[] } {
  const lines = PAGES.flatMap(blocksOf)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.trimEnd().split('\n'))
    .map((line) => line.replace(/ +#.*/, ''));
  const pack = lines.find((line) => line === 'npm pack');
  const installs = lines.filter((line) => line.startsWith('npm install '));
  if (pack === undefined || installs.length === 0) throw new Error('no page says how to install respite');
  return { pack, installs };
}
