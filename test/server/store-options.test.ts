import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Config, ConfigError, withDefaults } from '../../src/config.js';
import { storeOptions } from '../../src/server/store-options.js';
import { parseStoreUrl } from '../../src/store-url.js';
import { runToEnd } from '../tools/program.js';

const PLAIN = { secure: false, user: undefined, password: undefined, database: 0 };

describe('the address of a store', () => {
  it.each([
    ['redis://a', { ...PLAIN, addresses: [{ host: 'a', port: 6379 }] }],
    ['valkey://a:7000/', { ...PLAIN, addresses: [{ host: 'a', port: 7000 }] }],
    ['valkeys://10.0.0.1', { ...PLAIN, secure: true, addresses: [{ host: '10.0.0.1', port: 6379 }] }],
    ['rediss://[::1]:1,b:2/3', { ...PLAIN, secure: true, database: 3, addresses: [at('::1', 1), at('b', 2)] }],
    ['redis://:s%40%2Fecret@a', { ...PLAIN, password: 's@/ecret', addresses: [at('a', 6379)] }],
    ['redis://u:p@b/c,d:e@a:1', { ...PLAIN, user: 'u', password: 'p@b/c,d:e', addresses: [at('a', 1)] }],
    ['redis://shop@a', { ...PLAIN, user: 'shop', addresses: [at('a', 6379)] }],
  ])('%s', (text, expected) => {
    expect(parseStoreUrl(text)).toEqual(expected);
  });

  it.each([
    'a:6379',
    'redis:/a',
    'http://a',
    'redis://',
    'redis://a:0',
    'redis://a:65536',
    'redis://a,',
    'redis://a:b',
    'redis://::1',
    'redis://a/x',
    'redis://a?x=1',
    'redis://hunter2@',
    'toString://a',
    'redis://u:hunter2%@a',
  ])('%s is refused, and not repeated', async (text) => {
    expect(() => parseStoreUrl(text)).toThrow(/^expected /);
    expect(() => withDefaults({ store: text })).toThrow(/^option store: expected (?!.*hunter2)/);
  });
});

function at(host: string, port: number) {
  return { host, port };
}

describe('options', () => {
  const store = 'redis://a';
  const directory = mkdtempSync(join(tmpdir(), 'respite-store-options-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'file');
  writeFileSync(file, 'hunter2\n');

  it('say everything about the store', () => {
    const options = {
      store: 'redis://shop@a:7000,b:7001/2',
      'store-password-file': file,
      'store-prefix': 'shop:',
      'store-partitions': 16,
      'store-wait': 1,
      'store-timeout': 500,
      'store-events': 5000,
      'store-sentinel-name': 'main',
      'store-sentinel-password-file': file,
    } as const;
    expect(storeOptions(withDefaults(options))).toEqual({
      addresses: [at('a', 7000), at('b', 7001)],
      user: 'shop',
      password: 'hunter2',
      database: 2,
      prefix: 'shop:',
      partitions: 16,
      wait: 1,
      timeout: 500,
      events: 5000,
      sentinelName: 'main',
      sentinelPassword: 'hunter2',
    });
    expect(storeOptions(withDefaults({ store: 'valkeys://a' }))).toMatchObject({ tls: {} });
    expect(storeOptions(withDefaults({}))).toBe(undefined);
  });

  it.each<[Partial<Config>, string]>([
    [
      { appendonly: true },
      'appendonly is for sessions in memory and cannot be combined with store: set up persistence',
    ],
    [{ secret: 'hunter2hunter2hunter2' }, 'secret is for sessions in memory'],
    [{ 'secret-file': file }, 'secret-file is for sessions in memory'],
    [{ maxmemory: 1e9 }, 'maxmemory is for sessions in memory'],
    [{ 'maxmemory-policy': 'volatile-ttl' }, 'maxmemory-policy is for sessions in memory'],
    [{ 'notify-keyspace-events': 'KEA' }, 'notify-keyspace-events is for sessions in memory'],
    [{ store: 'redis://:hunter2@a', 'store-password-file': file }, 'the password for the store is both in store and'],
    [{ 'store-tls-ca': file }, 'store-tls-ca needs a store with TLS: rediss:// or valkeys://'],
    [{ store: 'rediss://a', 'store-tls-key': file }, 'store-tls-key needs store-tls-cert as well'],
    [{ 'store-prefix': 'a{b}' }, 'option store-prefix: expected at most 64 characters'],
    [{ 'store-partitions': 4097 }, 'option store-partitions: expected a whole number from 1 to 4096'],
    [{ store: '', 'store-wait': 1 }, 'store-wait needs store, which says where the store is'],
  ])('that make no sense are refused with what to do instead: %j', (options, reason) => {
    expect(() => withDefaults({ store, ...options })).toThrow(ConfigError);
    expect(() => withDefaults({ store, ...options })).toThrow(reason);
    expect(() => withDefaults({ store, ...options })).toThrow(/^(?!.*hunter2)/);
  });

  it.each([
    [{ 'store-tls-ca': file }, `store-tls-ca ${file} contains no certificate`],
    [{ 'store-tls-cert': file, 'store-tls-key': file }, `store-tls-cert ${file} contains no certificate`],
    [{ 'store-password-file': '/missing' }, 'store-password-file: cannot read /missing: ENOENT'],
  ])('that name files without what they should have are refused: %j', (options, reason) => {
    const config = withDefaults({ store: 'rediss://a', ...options });
    expect(() => storeOptions(config)).toThrow(ConfigError);
    expect(() => storeOptions(config)).toThrow(reason);
  });

  it('are checked and shown without the password by --check-config', async () => {
    const { code, out, err } = await runToEnd(['--check-config', '--store-wait', '1'], {
      RESPITE_STORE: 'redis://:hunter2@a',
    });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^store +\*\*\* +environment RESPITE_STORE$/m);
    expect(out).not.toContain('hunter2');
    const wrong = await runToEnd(['--check-config', '--store', 'hunter2']);
    expect([wrong.code, wrong.err]).toEqual([
      1,
      'error: --store: expected redis:// or valkey://, with TLS rediss:// or valkeys://, then addresses separated by commas, such as redis://10.0.0.1:6379,10.0.0.2:6379\n',
    ]);
    const missing = await runToEnd(['--check-config', '--store', store, '--store-password-file', '/missing']);
    expect([missing.code, missing.err]).toMatchObject([1, expect.stringContaining('store-password-file: cannot read')]);
  });
});
