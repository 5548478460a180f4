import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { hasOpenssl, writeSignedCertificate } from '../tools/certificate.js';
import { freePort } from '../tools/free-port.js';
import { Program, runToEnd } from '../tools/program.js';
import { RedisSentinels } from '../tools/redis-sentinels.js';
import { RedisServer } from '../tools/redis-server.js';

const programs: Program[] = [];
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
});

async function start(args: readonly string[], environment: Record<string, string> = {}): Promise<Program> {
  const program = await Program.start(args, environment);
  programs.push(program);
  return program;
}

const text = (reply: unknown): string => String(reply);

describe.skipIf(!RedisServer.there)('respite --store', () => {
  const directory = mkdtempSync(join(tmpdir(), 'respite-store-'));
  let redis: RedisServer;
  let secured: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
    secured = await RedisServer.start(['--requirepass', 'hunter2'], { password: 'hunter2' });
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), secured.stop()]);
    rmSync(directory, { recursive: true });
  });

  it('serves the same sessions from several processes, and their events', async () => {
    const store = ['--store', `redis://127.0.0.1:${redis.port}`];
    const [first, second] = await Promise.all([start(store), start(store)]);
    expect(first.log).toMatch(/ sessions are in (?:Redis|Valkey) \S+ at 127\.0\.0\.1:\d+, in 256 partitions\n/);
    const [one, other] = [first.client(), second.client()];
    const subscriber = second.client();
    const heard: string[] = [];
    subscriber.on('pmessage', (_, channel: string, message: string) => heard.push(`${channel} ${message}`));
    await subscriber.psubscribe('__session*');
    const token = text(await one.call('SESSION.NEW', 'user:1', 60, 'DATA', 'cart', 'pizza'));
    expect(await other.call('SESSION.GET', token, 'cart')).toBe('pizza');
    expect(await other.call('SESSION.TOKENS', 'user:1')).toEqual([token]);
    expect(await one.call('SESSION.END', token)).toBe(1);
    expect(await other.call('SESSION.EXISTS', token)).toBe(0);
    await vi.waitFor(() => expect(heard).toHaveLength(3), { timeout: 60_000 });
    expect(heard.sort()).toEqual([
      `__session__:ended:user:1 ${token}`,
      `__session__:new:user:1 ${token}`,
      expect.stringMatching(/^__sessiondata__:ended:user:1 \{"event":"ended".*"keys":\{"cart":"pizza"\}\}$/),
    ]);
    await vi.waitFor(
      async () => expect(await one.info('store')).toMatch(/store_partitions:256\r\n[^#]*store_processes:2\r\n/),
      { timeout: 60_000 },
    );
    // The other one takes over at once.
    await second.stop();
    programs.splice(1);
    await vi.waitFor(
      async () => expect(await one.info('store')).toMatch(/store_owned_partitions:256\r\nstore_processes:1\r\n/),
      { timeout: 60_000 },
    );
    await expect(one.get('x')).rejects.toThrow('GET works on plain keys');
  });

  it('is what the page sees: names, sessions, and the state of the store', async () => {
    const program = await start(['--store', `redis://127.0.0.1:${redis.port}`, '--store-prefix', 'page:'], {
      RESPITE_HTTP_PORT: '0',
    });
    await program.client().call('SESSION.NEW', 'user:2', 60, 'DATA', 'cart', 'pizza');
    const ask = async (path: string, body: object) => {
      const headers = { 'Content-Type': 'application/json' };
      const response = await fetch(program.pageUrl + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return response.json();
    };
    expect(await ask('/api/names', { match: 'user:*' })).toEqual({ names: [{ name: 'user:2', sessions: 1 }] });
    expect(await ask('/api/sessions', { name: 'user:2', keys: ['cart'] })).toMatchObject({
      sessions: [{ keyCount: 1, keys: [{ key: 'cart', bytes: 5 }], values: ['pizza'] }],
    });
    expect(await ask('/api/end-name', { name: 'user:2' })).toEqual({ ended: 1 });
    expect(await (await fetch(`${program.pageUrl}/metrics`)).text()).toContain('\nrespite_store_reachable 1\n');
    const live = await fetch(`${program.pageUrl}/live`);
    const reader = live.body?.pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    while (!seen.includes('event: snapshot')) seen += (await reader?.read())?.value;
    expect(seen).toContain('"store":{"kind":"single"');
    await reader?.cancel();
  });

  it('takes the password from the environment or a file, and never shows it', async () => {
    const file = join(directory, 'password');
    writeFileSync(file, 'hunter2\n');
    const address = `127.0.0.1:${secured.port}`;
    const [byUrl, byFile] = await Promise.all([
      start(['--loglevel', 'debug'], { RESPITE_STORE: `redis://:hunter2@${address}` }),
      start(['--store', `valkey://${address}`, '--store-password-file', file]),
    ]);
    const client = byUrl.client();
    const token = await client.call('SESSION.NEW', 'a');
    expect(await byFile.client().call('SESSION.EXISTS', text(token))).toBe(1);
    const shown = JSON.stringify([
      await client.config('GET', '*'),
      await client.info('all'),
      await client.call('CLIENT', 'LIST'),
      byUrl.log,
      byFile.log,
    ]);
    expect(shown).toContain(address);
    expect(shown).not.toContain('hunter2');
  });

  it.skipIf(!hasOpenssl)(
    'uses TLS in both directions, and refuses a store that no trusted authority has signed',
    async () => {
      writeSignedCertificate(directory, 'localhost');
      const path = (name: string) => join(directory, name);
      const files = ['cert', 'key'].flatMap((name) => [`--tls-${name}-file`, path(`${name}.pem`)]);
      const ca = readFileSync(path('ca.pem'));
      const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(path(name)));
      const tls = { ca, cert, key, servername: 'localhost' };
      const options = [
        '--port',
        '0',
        '--tls-port',
        String(await freePort()),
        ...files,
        '--tls-ca-cert-file',
        path('ca.pem'),
      ];
      const store = await RedisServer.start(options, { tls });
      try {
        const url = `rediss://localhost:${options[3]}`;
        const own = ['--store-tls-cert', path('cert.pem'), '--store-tls-key', path('key.pem')];
        const program = await start(['--store', url, '--store-tls-ca', path('ca.pem'), ...own]);
        expect(await program.client().call('SESSION.NEW', 'a')).toMatch(/^[\w-]{22}$/);
        const untrusted = await runToEnd(['--port', '0', '--store', url, ...own]);
        expect([untrusted.code, untrusted.err]).toEqual([1, expect.stringMatching(/^error: .*CERT/m)]);
      } finally {
        await store.stop();
      }
    },
  );

  it('needs no more permissions in the store than the documentation says', async () => {
    const documented = readFileSync('docs/scale-out.md', 'utf8');
    const [, rules = ''] = /^ACL SETUSER respite on >password (.*?)^```/ms.exec(documented) ?? [];
    await redis.ask('ACL', 'SETUSER', 'respite', 'on', '>password', ...rules.trim().split(/\s+/));
    const url = `redis://respite:password@127.0.0.1:${redis.port}`;
    const program = await start(['--store', url]);
    const client = program.client();
    const subscriber = program.client();
    const heard = new Promise((resolve) => subscriber.on('pmessage', (_, channel) => resolve(channel)));
    await subscriber.psubscribe('__session__:expired:*');
    await client.call('SESSION.NEW', 'brief', 1, 'DATA', 'a', 'b');
    expect(await heard).toBe('__session__:expired:brief');
    expect(await redis.ask('ACL', 'LOG')).toEqual([]);
  });

  it.each([
    ['nobody listens', 'redis://127.0.0.1:1', [], /^error: cannot connect to the store .*127\.0\.0\.1:1/m],
    ['it wants a password', 'secured', [], /^error: .*refuses respite: NOAUTH/m],
    ['the password is wrong', 'wrong', [], /^error: .*refuses respite: WRONGPASS/m],
    ['it has other partitions', 'redis', ['--store-partitions', '7'], /^error: cannot use the store: .* not 7/m],
  ])('says why it does not start: %s', async (_, which, args, reason) => {
    const urls: Record<string, string> = {
      secured: `redis://127.0.0.1:${secured.port}`,
      wrong: `redis://:hunter3@127.0.0.1:${secured.port}`,
      redis: `redis://127.0.0.1:${redis.port}`,
    };
    // The store has its 256 partitions.
    if (which === 'redis') await start(['--store', urls.redis]);
    const { code, err } = await runToEnd(['--port', '0', '--store', urls[which] ?? which, ...args]);
    expect(code).toBe(1);
    expect(err).toMatch(reason);
    expect(err).not.toMatch(/hunter|internal error|\n {4}at /);
  });

  it('gives a store that was emptied its settings back, so that later processes agree with it', async () => {
    const store = ['--store', `redis://127.0.0.1:${redis.port}`, '--store-prefix', 'emptied:'];
    const first = await start([...store, '--store-partitions', '16']);
    const one = first.client();
    const settings = () => redis.ask('HGETALL', 'emptied:{0}:store');
    const before = await settings();
    await redis.ask('FLUSHALL');
    await vi.waitFor(async () => expect(await settings()).toEqual(before), { timeout: 60_000 });
    const other = (await start(store)).client();
    const token = text(await one.call('SESSION.NEW', 'cart', 60, 'SHARED', 'DATA', 'k', 'v'));
    expect(await other.call('SESSION.OPEN', 'cart')).toBe(token);
    // If another process was quicker, nothing is done with sessions that it does not see.
    await redis.ask('HSET', 'emptied:{0}:store', 'partitions', '32');
    await vi.waitFor(() => expect(one.call('SESSION.GET', token, 'k')).rejects.toThrow(/restart this process/), {
      timeout: 60_000,
    });
    // Nor does it look after partitions any more: the processes that use the new settings do.
    const next = (await start(store)).client();
    await vi.waitFor(
      async () => expect(await next.info('store')).toMatch(/store_owned_partitions:32\r\nstore_processes:1\r\n/),
      { timeout: 60_000 },
    );
  });

  it('asks Sentinels for the primary, and follows them to another one', async () => {
    const { primary, replica, sentinels, stop } = await RedisSentinels.start();
    try {
      const addresses = sentinels.map(({ address }) => address).join(',');
      const program = await start(['--store', `redis://${addresses}`, '--store-sentinel-name', 'sessions']);
      expect(program.log).toContain(` at ${primary.address}, which Sentinels watch, in 256 partitions\n`);
      const client = program.client();
      const token = text(await client.call('SESSION.NEW', 'user:1', 600, 'DATA', 'cart', 'pizza'));
      await vi.waitFor(async () => expect(text(await replica.ask('KEYS', '*'))).toContain(`:s:${token}`), {
        timeout: 60_000,
      });
      await primary.kill();
      await vi.waitFor(async () => expect(await client.call('SESSION.SET', token, 'cart', 'pasta')).toBe('OK'), {
        timeout: 60_000,
        interval: 100,
      });
      expect(await client.call('SESSION.GET', token, 'cart')).toBe('pasta');
      expect(await client.info('store')).toContain(replica.address);
    } finally {
      await stop();
    }
  });

  it('answers with errors while the store is away, is not ready meanwhile, and recovers by itself', async () => {
    const own = await RedisServer.start();
    try {
      const url = `redis://127.0.0.1:${own.port}`;
      const program = await start(['--store', url], { RESPITE_HTTP_PORT: '0' });
      const client = program.client();
      const token = text(await client.call('SESSION.NEW', 'a', 600));
      const ready = async () => (await fetch(`${program.pageUrl}/readyz`)).status;
      expect(await ready()).toBe(200);
      own.pause();
      await expect(client.call('SESSION.TTL', token)).rejects.toThrow(/^(?:TRYAGAIN|CLUSTERDOWN) /);
      await vi.waitFor(async () => expect(await ready()).toBe(503), { timeout: 60_000, interval: 100 });
      const health = await runToEnd(['health', '--url', program.pageUrl]);
      expect([health.code, health.out + health.err]).toEqual([1, expect.stringContaining('store')]);
      await vi.waitFor(() => expect(program.log).toContain('the store cannot be reached: '), { timeout: 60_000 });
      own.resume();
      await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 60_000, interval: 100 });
      expect(await client.call('SESSION.TTL', token)).toBeGreaterThan(0);
    } finally {
      own.resume();
      await own.stop();
    }
  });
});
