import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A registry that serves the packages of a `node_modules`, so that `npm install` can be tested without a network.
 */
export class PackageRegistry {
  readonly #root: string;
  readonly #server: Server;

  private constructor(root: string) {
    this.#root = root;
    this.#server = createServer((request, response) => {
      this.#answer(decodeURIComponent(request.url ?? '')).then(
        (body) => response.end(body),
        () => response.writeHead(404).end(),
      );
    });
  }

  /** @param root The directory that has `package-lock.json` and `node_modules`. */
  static async start(root: string): Promise<PackageRegistry> {
    const registry = new PackageRegistry(root);
    await once(registry.#server.listen(0, '127.0.0.1'), 'listening');
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** @throws Error if there is no such package. npm then leaves optional packages out. */
  async #answer(path: string): Promise<string | Buffer> {
    const tarball = /^\/-\/(.+)\.tgz$/.exec(path)?.[1];
    return tarball === undefined ? this.#manifests(path.slice(1)) : packed(join(this.#root, tarball));
  }

  /** All installed versions of a package. */
  #manifests(name: string): string {
    const lock = JSON.parse(readFileSync(join(this.#root, 'package-lock.json'), 'utf8')) as { packages: object };
    const places = Object.keys(lock.packages).filter((place) => place.endsWith(`node_modules/${name}`));
    const installed = places.filter((place) => existsSync(join(this.#root, place)));
    const versions = installed.map((place) => {
      const manifest = JSON.parse(readFileSync(join(this.#root, place, 'package.json'), 'utf8'));
      return [manifest.version, { ...manifest, dist: { tarball: `${this.url}/-/${place}.tgz` } }];
    });
    if (versions.length === 0) throw new Error('there is no such package');
    return JSON.stringify({ name, 'dist-tags': { latest: versions[0][0] }, versions: Object.fromEntries(versions) });
  }
}

async function packed(directory: string): Promise<Buffer> {
  const args = ['-cz', '--exclude=node_modules', '-C', dirname(directory), basename(directory)];
  const options = { encoding: 'buffer', maxBuffer: 2 ** 28 } as const;
  return (await promisify(execFile)('tar', args, options)).stdout;
}
