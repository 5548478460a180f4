import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { watched } from '../child-process.js';
import { isThere, works } from '../tools/external-tool.js';
import { runToEnd } from '../tools/program.js';

const FOLDER = 'contrib/scale-out';

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly volumes?: readonly string[];
  readonly network_mode?: string;
  readonly depends_on?: object;
}

it('the services are complete, and respite accepts its settings', async () => {
  const file = readFileSync(join(FOLDER, 'compose.yaml'), 'utf8');
  const { services } = parse(file.replaceAll(/\$\{STORE_PASSWORD[^}]*\}/g, 'hunter2'), { merge: true }) as {
    services: Record<string, Service>;
  };
  const names = Object.keys(services);
  for (const { volumes = [], network_mode: network, depends_on: needed = {} } of Object.values(services)) {
    for (const volume of volumes) expect(existsSync(join(FOLDER, volume.split(':')[0])), volume).toBe(true);
    if (network !== undefined) expect(names).toContain(network.replace('service:', ''));
    expect(names).toEqual(expect.arrayContaining(Object.keys(needed)));
  }
  const { environment = {} } = services['respite-1'];
  // What the image sets.
  const [, ofImage = ''] = /^ENV (.*)$/m.exec(readFileSync('Containerfile', 'utf8')) ?? [];
  const image = Object.fromEntries(ofImage.split(' ').map((setting) => setting.split('=')));
  const { code, out, err } = await runToEnd(['--check-config'], { ...image, ...environment });
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^store-wait +1 +environment RESPITE_STORE_WAIT$/m);
  expect(out).toMatch(/^bind +127\.0\.0\.1 /m);
});

const hasTools = works('redis-server', '--version') && works('redis-cli', '--version');

it.skipIf(!isThere('redis-server and redis-cli', 'redis-server redis-tools', hasTools))(
  'the plain commands start two nodes, which share the sessions of their visitors',
  async () => {
    const base = await freeBase();
    const script = watched(
      spawn('setpriv', ['--pdeathsig', 'TERM', join(FOLDER, 'local.sh')], {
        env: { ...process.env, BASE: String(base) },
      }),
    );
    const ended = once(script, 'close');
    let output = '';
    for (const stream of [script.stdout, script.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    try {
      while (!output.includes('Try: curl')) {
        await Promise.race([once(script.stdout, 'data'), ended]);
        if (script.exitCode !== null) throw new Error(output);
      }
      let cookie = '';
      for (const [visits, node] of [21, 22, 21].entries()) {
        const response = await visit(base + node, cookie);
        expect(await response.text()).toBe(`visit ${visits + 1}\n`);
        [cookie] = (response.headers.get('set-cookie') ?? '').split(';');
      }
    } finally {
      script.kill('SIGTERM');
      await ended;
    }
    await expect(fetch(`http://127.0.0.1:${base + 21}`)).rejects.toThrow();
  },
);

/** Visits a node as soon as it listens. */
async function visit(port: number, cookie: string): Promise<Response> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}`, { headers: { cookie } }).catch(() => undefined);
    if (response !== undefined) return response;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Returns a number after which there are enough free ports, for the nodes and for their cluster bus. */
async function freeBase(): Promise<number> {
  for (;;) {
    const base = 10_000 + 30 * Math.floor(Math.random() * 400);
    const ports = Array.from({ length: 22 }, (_, i) => base + 1 + i);
    const all = [...ports, ...ports.slice(0, 6).map((port) => port + 10_000)];
    if ((await Promise.all(all.map(isFree))).every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
