import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isThere, works } from '../tools/external-tool.js';
import { freePort } from '../tools/free-port.js';
import { Image, signalInside } from './image.js';

const RESPITE = 'usr/local/lib/node_modules/respite';
const PASSWORD = 'correct-horse';

const isLinuxRoot = process.platform === 'linux' && process.arch === 'x64' && process.getuid?.() === 0;
const hasTools = works('buildah', '--version') && works('/bin/busybox', 'true') && works('redis-cli', '--version');

describe.skipIf(!isLinuxRoot || !isThere('buildah', 'buildah busybox-static redis-tools', hasTools))(
  'the image',
  () => {
    let image: Image;
    const children: ChildProcess[] = [];
    // It takes half a minute on an idle machine.
    beforeAll(async () => {
      image = await Image.build();
    }, 600_000);
    afterEach(async () => {
      for (const child of children.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'close');
      }
    });
    afterAll(() => image?.remove());

    it('says how to run it', () => {
      const { User, Env, Entrypoint, Cmd, Volumes, ExposedPorts, StopSignal, Labels } = image.config;
      const { version, license, description } = JSON.parse(readFileSync('package.json', 'utf8'));
      expect({ User, Entrypoint, Volumes, StopSignal }).toEqual({
        User: '1000:1000',
        Entrypoint: ['respite'],
        Volumes: { '/data': {} },
        StopSignal: 'SIGTERM',
      });
      // Otherwise the base's command would be an argument of respite.
      expect(Cmd ?? []).toEqual([]);
      expect(Object.keys(ExposedPorts)).toContain('6379/tcp');
      expect(Env).toEqual(expect.arrayContaining(['RESPITE_BIND=*', 'RESPITE_DIR=/data', 'RESPITE_APPENDONLY=yes']));
      expect(Labels).toMatchObject({
        'org.opencontainers.image.title': 'respite',
        'org.opencontainers.image.version': version,
        'org.opencontainers.image.licenses': license,
        'org.opencontainers.image.description': description,
      });
    });

    it('has the packages that respite needs, and no others', () => {
      const modules = join(image.root, RESPITE, 'node_modules');
      const installed = readdirSync(modules).flatMap((name) =>
        name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
      );
      const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
        packages: Record<string, { dev?: boolean; dependencies?: Record<string, string> }>;
      };
      const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
      // For `store`.
      const ofStore = new Set(['ioredis']);
      for (const name of ofStore) {
        for (const needed of Object.keys(packages[`node_modules/${name}`].dependencies ?? {})) ofStore.add(needed);
      }
      for (const name of installed) {
        expect(packages[`node_modules/${name}`], name).toBeDefined();
        if (!ofStore.has(name)) expect(packages[`node_modules/${name}`].dev, name).toBeUndefined();
      }
      expect(installed).toEqual(
        expect.arrayContaining(Object.keys({ ...dependencies, ...optionalDependencies, ioredis: '' })),
      );
    });

    it('has the program without tests, source and settings of the machine that built it', () => {
      expect(readdirSync(join(image.root, RESPITE)).sort()).toEqual([
        'LICENSE',
        'dist',
        'node_modules',
        'package.json',
      ]);
      const files = readdirSync(join(image.root, RESPITE, 'dist'), { recursive: true }) as string[];
      expect(files).toEqual(expect.arrayContaining(['cli.js', 'index.d.ts', 'page/index.html']));
      expect(files.filter((file) => /\.map$|\.test\.|(?<!\.d)\.tsx?$/.test(file))).toEqual([]);
      expect(readdirSync(join(image.root, 'root')).filter((name) => name !== '.npm')).toEqual([]);
      // What npm writes about where packages came from.
      const all = readdirSync(join(image.root, RESPITE), { recursive: true }) as string[];
      expect(all.filter((file) => /(?:^|\/)\.(?:npmrc|package-lock\.json)$/.test(file))).toEqual([]);
    });

    it('belongs to root, and only the volume to the user that runs it', () => {
      const owner = (path: string) => statSync(join(image.root, path)).uid;
      expect(owner('data')).toBe(1000);
      const all = readdirSync(join(image.root, RESPITE), { recursive: true }) as string[];
      const others = all.filter((path) => {
        const { uid, mode } = statSync(join(image.root, RESPITE, path));
        return uid !== 0 || (mode & 0o022) !== 0;
      });
      expect(others).toEqual([]);
    });

    /** Waits until it is ready. Returns its log. */
    async function ready(child: ChildProcess): Promise<() => string> {
      children.push(child);
      let log = '';
      const ended = once(child, 'close');
      await new Promise<void>((resolve, reject) => {
        for (const stream of [child.stdout, child.stderr]) {
          stream?.on('data', (text) => {
            log += text;
            if (/ is ready on /.test(log)) resolve();
          });
        }
        ended.then(() => reject(new Error(`it ended before it was ready: ${log}`)));
      });
      return () => log;
    }

    /** The containers of this test share the network of the machine. */
    const environment = async (port: number) => ({
      RESPITE_PORT: String(port),
      RESPITE_HTTP_PORT: String(await freePort()),
      RESPITE_REQUIREPASS: PASSWORD,
    });

    /** Runs the image's health check. */
    async function isHealthy(volume: string, env: Record<string, string>): Promise<boolean> {
      const [kind, ...command] = image.config.Healthcheck?.Test ?? [];
      expect(kind).toBe('CMD');
      const check = image.run(volume, env, ...command);
      children.push(check);
      const [code] = await once(check, 'close');
      return code === 0;
    }

    const redis = (port: number, ...command: string[]) =>
      execFileSync('redis-cli', ['-p', String(port), ...command], {
        env: { ...process.env, REDISCLI_AUTH: PASSWORD },
        encoding: 'utf8',
      }).trim();

    it('does not start without a password, and says so', async () => {
      const child = image.run(image.volume(), {}, ...image.config.Entrypoint);
      let log = '';
      child.stderr?.on('data', (text) => {
        log += text;
      });
      const [code] = await once(child, 'close');
      expect(code).not.toBe(0);
      expect(log).toContain('set a password (requirepass)');
    });

    it('serves clients, stops on its signal, and keeps sessions in the volume', async () => {
      const port = await freePort();
      const env = await environment(port);
      const volume = image.volume();
      const first = image.run(volume, env, ...image.config.Entrypoint);
      await ready(first);
      expect(await isHealthy(volume, env)).toBe(true);
      const token = redis(port, 'SESSION.NEW', 'user:42', '1800', 'DATA', 'cart', 'pizza');
      signalInside(first, image.config.StopSignal as NodeJS.Signals);
      expect(await once(first, 'close')).toEqual([0, null]);
      expect(await isHealthy(volume, env)).toBe(false);

      const second = image.run(volume, env, ...image.config.Entrypoint);
      await ready(second);
      expect(redis(port, 'SESSION.GET', token, 'cart')).toBe('pizza');
    });

    it('runs as the first process of a container with a read-only root file system', async () => {
      const port = await freePort();
      const volume = image.volume();
      const child = image.runReadOnly(volume, await environment(port));
      await ready(child);
      expect(redis(port, 'INFO', 'server')).toContain('process_id:1\r\n');
      redis(port, 'SESSION.NEW', 'user:42');
      expect(redis(port, 'SESSION.SAVE', 'nightly')).toContain('nightly');
      expect(readdirSync(volume).sort()).toEqual(['journal', 'lock', 'saves', 'secret']);
      signalInside(child, 'SIGTERM');
      expect(await once(child, 'close')).toEqual([0, null]);
    });
  },
);
