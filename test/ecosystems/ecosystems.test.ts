import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isThere, run, works } from '../tools/external-tool.js';
import { Program } from '../tools/program.js';
import { RedisServer } from '../tools/redis-server.js';

/**
 * Programs that use the server as applications of their ecosystem do. Each is given a port, checks every answer, and
 * prints "done". Each runs against redis-server first, so that a failure there is known to be the program's own.
 */

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** How a program is started, without the port. */
type Start = (program: string) => readonly [command: string, ...args: string[]];

interface Ecosystem {
  readonly name: string;
  readonly there: boolean;
  readonly programs: readonly string[];
  /** Programs that use what only respite has. */
  readonly own?: readonly string[];
  readonly start: Start;
  /** Builds the programs. */
  readonly prepare?: () => Promise<void>;
}

const interpreted =
  (command: string): Start =>
  (program) => [command, path(program)];

/** Go's sources of Debian's packages. */
const GO = { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' };
const GO_PROGRAMS = ['go/redistore.go'];
/** Has the programs that are built. */
const scratch = mkdtempSync(join(tmpdir(), 'respite-ecosystems-'));
const builtGo = (program: string) => join(scratch, basename(program, '.go'));

const ECOSYSTEMS: readonly Ecosystem[] = [
  {
    name: 'PHP',
    there: isThere(
      'php',
      'php-cli php-redis php-predis php-symfony-http-foundation php-symfony-cache php-illuminate-cache php-illuminate-redis',
      works('php', '-r', 'require "Illuminate/Redis/autoload.php"; new Redis;'),
    ),
    programs: ['php/php-redis.php', 'php/predis.php', 'php/symfony.php', 'php/laravel.php'],
    start: interpreted('php'),
  },
  {
    name: 'Python',
    there: isThere('django-redis', 'python3-django-redis', works('/usr/bin/python3', '-c', 'import django_redis')),
    programs: ['python/django-sessions.py'],
    start: interpreted('/usr/bin/python3'),
  },
  {
    name: 'Ruby',
    there: isThere(
      'ruby',
      'ruby-redis-rack ruby-redis-activesupport',
      works('/usr/bin/ruby', '-e', "require 'redis-rack'"),
    ),
    programs: ['ruby/rack.rb'],
    start: interpreted('/usr/bin/ruby'),
  },
  {
    name: 'Go',
    there: isThere('go', 'golang-go golang-github-boj-redistore-dev', works('go', 'version')),
    programs: GO_PROGRAMS,
    start: (program) => [builtGo(program)],
    async prepare() {
      for (const program of GO_PROGRAMS) {
        await run('go', ['build', '-o', builtGo(program), path(program)], { env: GO });
      }
    },
  },
  {
    name: 'Node.js',
    there: isThere('npm packages', 'npm ci --prefix test/ecosystems/node', works('ls', path('node/node_modules'))),
    programs: [
      ...['node/better-auth.mjs', 'node/cache-manager.mjs', 'node/connect-valkey.mjs', 'node/fastify-rate-limit.mjs'],
      ...[
        'node/iovalkey.mjs',
        'node/keyv.mjs',
        'node/koa-session.mjs',
        'node/rate-limits.mjs',
        'node/redis-sessions.mjs',
      ],
      ...['node/redlock.mjs', 'node/unstorage.mjs', 'node/valkey-glide.mjs'],
    ],
    own: ['node/respite-better-auth.mjs', 'node/respite-koa.mjs'],
    start: interpreted(process.execPath),
  },
];

/** What the programs need besides the libraries that they try. */
const HELPERS = new Set(['express', 'express-session', 'fastify', 'ioredis', 'koa']);

it('docs/ecosystems.md has the versions of the npm packages that are tried', () => {
  const rows = readFileSync(path('../../docs/ecosystems.md'), 'utf8').split('\n');
  const { packages } = JSON.parse(readFileSync(path('node/package-lock.json'), 'utf8'));
  for (const name of Object.keys(packages[''].dependencies).filter((each) => !HELPERS.has(each))) {
    const row = rows.filter((each) => each.toLowerCase().includes(name)).join('\n');
    expect(row, name).toContain(packages[`node_modules/${name}`].version);
  }
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each(ECOSYSTEMS)('$name', ({ there, programs, own = [], start, prepare }) => {
  const servers: Partial<Record<'redis-server' | 'respite', RedisServer | Program>> = {};

  beforeAll(async () => {
    if (!there) return;
    await prepare?.();
    [servers['redis-server'], servers.respite] = await Promise.all([RedisServer.startRedis(), Program.start()]);
  });
  afterAll(() => Promise.all(Object.values(servers).map((server) => server.stop())));

  describe.skipIf(!there || !RedisServer.there).each(programs)('%s', (program) => {
    const [command, ...args] = start(program);
    it.each(['redis-server', 'respite'] as const)('with %s', async (which) => {
      expect(await run(command, [...args, String(servers[which]?.port)])).toBe('done\n');
    });
  });

  it.skipIf(!there).each(own)('%s', async (program) => {
    const [command, ...args] = start(program);
    expect(await run(command, [...args, String(servers.respite?.port)])).toBe('done\n');
  });
});
