import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Program } from '../../tools/program.js';
import { Browser } from './browser.js';
import { MAX_AGE } from './site.js';
import { STACKS } from './stacks.js';

/** What plain Redis does not offer: SESSION commands also work on a site's sessions, whose names are their keys. */
describe.each(STACKS)('SESSION commands beside $framework, with $client', ({ startSite, open }) => {
  let program: Program;
  let redis: Redis;
  let backend: Awaited<ReturnType<typeof open>>;
  let site: Awaited<ReturnType<typeof startSite>>;
  beforeAll(async () => {
    program = await Program.start();
    redis = program.client({ protocol: 3, replyMapping: 'resp3' });
    backend = await open(program.port);
    site = await startSite(backend.store);
  });
  afterAll(async () => {
    await site.stop();
    backend.close();
    await program.stop();
  });
  afterEach(() => redis.flushall());

  async function logIn(): Promise<{ browser: Browser; key: string }> {
    const browser = new Browser(site.url);
    await browser.post('/login', { user: 'Ada' });
    return { browser, key: `sess:${browser.sessionId}` };
  }

  it('open a session by its key', async () => {
    const { browser, key } = await logIn();
    const token = (await redis.call('SESSION.OPEN', [key])) as string;
    const before = await redis.pttl(key);
    const ttl = await redis.call('SESSION.TTL', [token]);
    expect(ttl).toBeLessThanOrEqual(Math.ceil(before / 1000));
    expect(ttl).toBeGreaterThanOrEqual(Math.ceil((await redis.pttl(key)) / 1000));
    const info = await redis.call('SESSION.INFO', [token]);
    expect(info).toMatchObject({ name: key, shared: true });
    // The middleware computes it from the time that is left.
    const { duration } = info as { duration: number };
    expect(duration).toBeGreaterThan(MAX_AGE / 1000 - 60);
    expect(duration).toBeLessThanOrEqual(MAX_AGE / 1000);
    // Looking does not extend a session, and the site does not notice.
    expect(await browser.get('/')).toEqual({ user: 'Ada' });
    expect(await redis.call('SESSION.OPEN', [key])).toBe(token);
  });

  it('end a session by its key', async () => {
    const { browser, key } = await logIn();
    const other = await logIn();
    expect(await redis.call('SESSION.ENDNAME', [key])).toBe(1);
    expect(await browser.get('/')).toEqual({ user: null });
    expect(await redis.exists(key)).toBe(0);
    expect(await other.browser.get('/')).toEqual({ user: 'Ada' });
  });

  it('publish its end', async () => {
    const { key } = await logIn();
    const token = await redis.call('SESSION.OPEN', [key]);
    const subscriber = program.client();
    await subscriber.subscribe(`__session__:expired:${key}`);
    const expired = once(subscriber, 'message');
    await redis.pexpire(key, 1);
    expect(await expired).toEqual([`__session__:expired:${key}`, token]);
  });
});
