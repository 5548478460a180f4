import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { watched } from '../child-process.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BASE = 'localhost/respite-base';
const IMAGE = 'localhost/respite';

/** For `unshare`: if it ends, so do all processes that it has started. */
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child'];

/** What an image says about how to run it, as Docker writes it. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd?: readonly string[] | null;
  readonly Volumes: Readonly<Record<string, object>>;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly WorkingDir: string;
  readonly StopSignal: string;
  readonly Healthcheck?: { readonly Test: readonly string[] };
  readonly Labels: Readonly<Record<string, string>>;
}

/**
 * The image that the Containerfile describes, built by buildah on a base that `scripts/base-image.sh` makes, in a
 * storage that `remove` deletes.
 */
export class Image {
  readonly config: ImageConfig;
  /** The image's root directory. */
  readonly root: string;
  readonly #directory: string;
  readonly #env: Record<string, string | undefined>;
  readonly #container: string;

  private constructor(directory: string, env: Record<string, string | undefined>) {
    this.#directory = directory;
    this.#env = env;
    this.#container = this.#buildah('from', IMAGE);
    this.root = this.#buildah('mount', this.#container);
    this.config = JSON.parse(this.#buildah('inspect', '--type', 'image', IMAGE)).Docker.config;
  }

  static async build(): Promise<Image> {
    const directory = mkdtempSync(join(tmpdir(), 'respite-image-'));
    const storage = join(directory, 'storage.conf');
    const [graph, run] = ['graph', 'run'].map((name) => join(directory, name));
    writeFileSync(storage, `[storage]\ndriver = "vfs"\ngraphroot = "${graph}"\nrunroot = "${run}"\n`);
    const npmrc = join(directory, 'npmrc');
    writeFileSync(npmrc, npmSettings());
    const env = {
      ...process.env,
      CONTAINERS_STORAGE_CONF: storage,
      STORAGE_DRIVER: 'vfs',
      TMPDIR: directory,
      BUILDAH_ISOLATION: 'chroot',
    };
    const execute = (command: string, ...args: string[]) => promisify(execFile)(command, args, { cwd: ROOT, env });
    try {
      await execute('scripts/base-image.sh', BASE);
      const build = ['bud', '--format', 'docker', '--build-arg', `BASE=${BASE}`, '--file', 'Containerfile'];
      // The packages have been downloaded before.
      const cache = ['--volume', `${npmSetting('cache')}:/root/.npm`, '--secret', `id=npmrc,src=${npmrc}`];
      await execute('buildah', ...build, ...cache, '--tag', IMAGE, '.');
      return new Image(directory, env);
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Creates a directory that can be mounted as `/data`. */
  volume(): string {
    const directory = mkdtempSync(join(this.#directory, 'data-'));
    execFileSync('chown', [this.config.User, directory]);
    return directory;
  }

  /** Runs a command in a container, by `buildah run`. All of it ends with the process that is returned. */
  run(volume: string, env: Record<string, string>, ...command: string[]): ChildProcess {
    const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const args = ['run', '--volume', `${volume}:/data`, ...variables, this.#container, '--', ...command];
    // buildah leaves the program behind when it is killed.
    const namespaces = [...NAMESPACES, '--mount-proc'];
    return watched(
      spawn('unshare', [...namespaces, 'buildah', ...args], { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  /**
   * Runs the entry point as a container engine does that makes the root file system read-only: as the first process of
   * its container, with the image's user and environment and nothing else.
   */
  runReadOnly(volume: string, env: Record<string, string>): ChildProcess {
    const { User, Env, Entrypoint } = this.config;
    const variables = [...Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
    const inside = ['chroot', `--userspec=${User}`, this.root, 'env', '-i', ...variables, ...Entrypoint];
    const mounts = [
      'mount --bind "$1" "$1"',
      'mount -o remount,bind,ro "$1"',
      'mount --bind "$2" "$1/data"',
      'mount -t proc proc "$1/proc"',
      'shift 2',
      'exec "$@"',
    ];
    const args = [...NAMESPACES, 'sh', '-c', mounts.join(' && '), 'sh', this.root, volume, ...inside];
    return watched(spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  #buildah(...args: string[]): string {
    return execFileSync('buildah', args, { env: this.#env as NodeJS.ProcessEnv, encoding: 'utf8' }).trim();
  }
}

/** Sends a signal to the program in a container, as its engine does. */
export function signalInside(container: ChildProcess, signal: NodeJS.Signals): void {
  let program = container.pid as number;
  for (let child: number | undefined = program; child !== undefined; child = childOf(program)) program = child;
  process.kill(program, signal);
}

function childOf(pid: number): number | undefined {
  // Any thread may have started it.
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap(
    (id) => readFileSync(`/proc/${pid}/task/${id}/children`, 'utf8').match(/\d+/g) ?? [],
  );
  return children.length === 0 ? undefined : Number(children[0]);
}

/** The settings of this machine's npm that are needed to reach packages from inside. They are not part of the image. */
function npmSettings(): string {
  return ['registry', 'cafile'].map((name) => `${name}=${npmSetting(name)}\n`).join('');
}

function npmSetting(name: string): string {
  return execFileSync('npm', ['config', 'get', name], { encoding: 'utf8' }).trim();
}
