import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import type { IDeployment, IStatefulSet } from 'kubernetes-models/apps/v1';
import type { IContainer, IPodSpec, IService } from 'kubernetes-models/v1';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { environmentNames, OPTIONS, type OptionName, optionNames, parseOption } from '../../src/config.js';
import { startNode } from '../child-process.js';
import { freePort } from '../tools/free-port.js';

const FOLDER = 'contrib/kubernetes';
const FILES = readdirSync(FOLDER);
const PASSWORD = 'correct-horse';

type Manifest = IDeployment | IStatefulSet | IService;

const manifestsOf = (file: string) =>
  parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map((document) => document.toJS() as Manifest);

/** The pod that a file describes. */
function podOf(file: string): IPodSpec {
  const workload = manifestsOf(file).find(({ kind }) => kind !== 'Service') as IDeployment | IStatefulSet;
  return workload.spec?.template.spec as IPodSpec;
}

function respiteIn({ containers, initContainers = [] }: IPodSpec): IContainer {
  return [...initContainers, ...containers].find(({ name }) => name === 'respite') as IContainer;
}

/** What the image sets, and what the manifest adds to it. */
function environmentOf({ env = [] }: IContainer): Record<string, string> {
  const [, image] = /^ENV (.*)$/m.exec(readFileSync('Containerfile', 'utf8')) as RegExpExecArray;
  const inImage = image.split(' ').map((setting) => setting.split('=') as [string, string]);
  return Object.fromEntries([...inImage, ...env.map(({ name, value = '' }): [string, string] => [name, value])]);
}

function optionOf(variable: string): OptionName {
  const name = optionNames.find((candidate) => environmentNames(candidate).includes(variable));
  if (name === undefined) throw new Error(`there is no option ${variable}`);
  return name;
}

const portsOf = ({ ports = [] }: IContainer) =>
  new Map(ports.map(({ name = '', containerPort }) => [name, containerPort]));

/** Returns bytes. */
const quantity = (text: unknown) => {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(String(text)) as RegExpExecArray;
  return Number(number) * 2 ** (unit === 'Mi' ? 20 : 30);
};

describe.each(FILES)(`${FOLDER}/%s`, (file) => {
  const respite = respiteIn(podOf(file));
  const environment = environmentOf(respite);

  it('is valid by the schemas of Kubernetes', () => {
    const require = createRequire(import.meta.url);
    for (const manifest of manifestsOf(file)) {
      const { apiVersion, kind } = manifest;
      const model = require(`kubernetes-models/${apiVersion}/${kind}`)[kind];
      expect(() => new model(manifest).validate()).not.toThrow();
    }
  });

  it('sets options that exist, to values that they may have', () => {
    const variables = Object.entries(environment).filter(([name]) => name !== 'NODE_ENV');
    for (const [variable, value] of variables) parseOption(optionOf(variable), value);
  });

  it('names ports, volumes and the image as they are', () => {
    const ports = portsOf(respite);
    const http = Number(environment.RESPITE_HTTP_PORT);
    expect([...ports.values()]).toEqual(environment.RESPITE_BIND === '' ? [http] : [OPTIONS.port.initial, http]);
    const { startupProbe, livenessProbe, readinessProbe } = respite;
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
      if (probe !== undefined) expect(ports.get(String(probe.httpGet?.port))).toBe(http);
    }
    expect([livenessProbe, readinessProbe].map((probe) => probe?.httpGet?.path)).toEqual(['/livez', '/readyz']);
    for (const manifest of manifestsOf(file)) {
      if (manifest.kind !== 'Service') continue;
      for (const { port, targetPort } of manifest.spec?.ports ?? []) expect(ports.get(String(targetPort))).toBe(port);
    }
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(respite.image).toBe(`respite:${version}`);
    const claims = manifestsOf(file).flatMap(({ spec }) =>
      spec !== undefined && 'volumeClaimTemplates' in spec ? (spec.volumeClaimTemplates ?? []) : [],
    );
    const volumes = [
      ...(podOf(file).volumes ?? []).map(({ name }) => name),
      ...claims.map((claim) => claim.metadata?.name),
    ];
    for (const { name } of respite.volumeMounts ?? []) expect(volumes).toContain(name);
  });

  it('leaves memory for what maxmemory does not count, and time to stop', () => {
    const bytes = (name: OptionName) => Number(parseOption(name, environment[environmentNames(name)[0]]));
    const limit = quantity(respite.resources?.limits?.memory);
    const counted = bytes('maxmemory') + bytes('maxmemory-clients');
    expect(counted).toBeLessThanOrEqual(0.75 * limit);
    const delay = Number(environment.RESPITE_SHUTDOWN_DELAY ?? OPTIONS['shutdown-delay'].initial);
    const stop = delay + OPTIONS['shutdown-timeout'].initial;
    expect(podOf(file).terminationGracePeriodSeconds).toBeGreaterThan(stop);
  });

  it('lets the container do as little as possible', () => {
    const { securityContext: pod = {} } = podOf(file);
    expect({ ...pod, ...respite.securityContext }).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it('runs respite, which is then ready', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'respite-pod-'));
    folders.push(folder);
    for (const { mountPath } of respite.volumeMounts ?? []) mkdirSync(join(folder, mountPath), { recursive: true });
    writeFileSync(join(folder, 'etc/respite/password'), PASSWORD);
    const [redisPort, httpPort] = [await freePort(), await freePort()];
    const inFolder = Object.entries(environment).map(([name, value]) => [
      name,
      value.startsWith('/') ? join(folder, value) : value,
    ]);
    const child = startNode([resolve('dist/cli.js')], {
      env: {
        ...Object.fromEntries(inFolder),
        RESPITE_PORT: String(redisPort),
        RESPITE_HTTP_PORT: String(httpPort),
        RESPITE_SHUTDOWN_DELAY: '0',
      },
    });
    let log = '';
    await new Promise<void>((ready, failed) => {
      child.stderr?.on('data', (text) => {
        log += text;
        if (/ is ready on /.test(log)) ready();
      });
      child.once('close', () => failed(new Error(log)));
    });
    for (const { httpGet } of [respite.livenessProbe, respite.readinessProbe] as { httpGet: { path: string } }[]) {
      expect((await fetch(`http://127.0.0.1:${httpPort}${httpGet.path}`)).status).toBe(200);
    }
    const socket = environment.RESPITE_UNIXSOCKET;
    const client = new Redis({
      ...(socket === undefined ? { port: redisPort } : { path: join(folder, socket) }),
      password: PASSWORD,
      connectTimeout: 60_000,
    });
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
    child.kill('SIGTERM');
    const [code] = await new Promise<[number]>((end) => child.once('close', (status) => end([status ?? -1])));
    expect(code).toBe(0);
  });
});

it('the manifests have no fields that Kubernetes does not know', () => {
  const folder = mkdtempSync(join(tmpdir(), 'respite-manifests-'));
  try {
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    // TypeScript finds unknown fields in an object literal. The schemas allow any.
    const lines = FILES.flatMap(manifestsOf).map((manifest, i) => {
      const type = `import('kubernetes-models/${manifest.apiVersion}').I${manifest.kind}`;
      return `export const manifest${i}: ${type} = ${JSON.stringify(manifest)};\n`;
    });
    writeFileSync(join(folder, 'manifests.ts'), lines.join(''));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
    execFileSync(resolve('node_modules/.bin/tsc'), [...options, 'manifests.ts'], { cwd: folder, encoding: 'utf8' });
  } catch (error) {
    throw new Error((error as { stdout?: string }).stdout ?? String(error));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
