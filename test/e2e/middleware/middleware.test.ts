import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Browser } from './browser.js';
import { SERVERS } from './servers.js';
import { MAX_AGE } from './site.js';
import { STACKS } from './stacks.js';

/** The key under which a store keeps a visitor's session. */
const keyOf = ({ sessionId }: Browser) => `sess:${sessionId}`;

describe.each(SERVERS.filter(({ there }) => there))('sessions in $server', ({ start }) => {
  let server: Awaited<ReturnType<typeof start>>;
  /** Looks at what the site keeps, over a separate connection. */
  let redis: Redis;
  beforeAll(async () => {
    server = await start();
    redis = new Redis(server.port, '127.0.0.1', { connectTimeout: 60_000 });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  describe.each(STACKS)('of $framework, with $client', ({ startSite, open }) => {
    let backend: Awaited<ReturnType<typeof open>>;
    let site: Awaited<ReturnType<typeof startSite>>;
    beforeAll(async () => {
      backend = await open(server.port);
      site = await startSite(backend.store);
    });
    afterAll(async () => {
      await site.stop();
      backend.close();
    });
    afterEach(() => redis.flushall());

    const visitor = () => new Browser(site.url);
    async function loggedIn(user: string): Promise<Browser> {
      const browser = visitor();
      await browser.post('/login', { user });
      return browser;
    }

    it('knows who logged in, and nobody else', async () => {
      const [ada, grace, stranger] = [await loggedIn('Ada'), await loggedIn('Grace'), visitor()];
      expect(await ada.get('/')).toEqual({ user: 'Ada' });
      expect(await grace.get('/')).toEqual({ user: 'Grace' });
      expect(await stranger.get('/')).toEqual({ user: null });
      expect(await redis.dbsize()).toBe(2);
    });

    it('keeps a session as a string that expires', async () => {
      const key = keyOf(await loggedIn('Zoë 🍕'));
      expect(await redis.type(key)).toBe('string');
      const session = JSON.parse(String(await redis.get(key)));
      expect(session).toEqual({ user: 'Zoë 🍕', cookie: expect.any(Object) });
      // express-session computes it anew from the time that is left.
      expect(session.cookie.originalMaxAge).toBeGreaterThan(MAX_AGE - 60_000);
      expect(session.cookie.originalMaxAge).toBeLessThanOrEqual(MAX_AGE);
      expect(await redis.ttl(key)).toBeGreaterThan(MAX_AGE / 1000 - 60);
      expect(await redis.ttl(key)).toBeLessThanOrEqual(MAX_AGE / 1000);
    });

    it('changes the id at login', async () => {
      const browser = visitor();
      await browser.post('/visits');
      const before = keyOf(browser);
      await browser.post('/login', { user: 'Ada' });
      expect(keyOf(browser)).not.toBe(before);
      expect(await redis.exists(before)).toBe(0);
      expect(await redis.exists(keyOf(browser))).toBe(1);
      // What the visitor did before login does not count for the user.
      expect(await browser.post('/visits')).toEqual({ visits: 1 });
    });

    it('answers parallel requests of one visitor', async () => {
      const browser = await loggedIn('Ada');
      const id = browser.sessionId;
      expect(await browser.post('/visits')).toEqual({ visits: 1 });
      expect(await browser.post('/visits')).toEqual({ visits: 2 });
      const answers = await Promise.all(Array.from({ length: 20 }, () => browser.post('/visits')));
      // Each request writes the complete session back, so concurrent ones may lose a visit, but no session is mixed.
      for (const answer of answers) expect(answer).toEqual({ visits: expect.any(Number) });
      const { visits } = JSON.parse(String(await redis.get(keyOf(browser))));
      expect(visits).toBeGreaterThanOrEqual(3);
      expect(visits).toBeLessThanOrEqual(22);
      expect(await browser.get('/')).toEqual({ user: 'Ada' });
      expect(browser.sessionId).toBe(id);
      expect(await redis.dbsize()).toBe(1);
    });

    it.each(['GET /', 'POST /visits'])('restarts the duration with %s', async (request) => {
      const browser = await loggedIn('Ada');
      const key = keyOf(browser);
      expect(await redis.pexpire(key, MAX_AGE / 2)).toBe(1);
      expect(await redis.pttl(key)).toBeLessThanOrEqual(MAX_AGE / 2);
      expect(browser.cookiesSet).toBe(1);
      await (request === 'GET /' ? browser.get('/') : browser.post('/visits'));
      expect(await redis.pttl(key)).toBeGreaterThan(MAX_AGE / 2);
      expect(await redis.pttl(key)).toBeLessThanOrEqual(MAX_AGE);
      // The cookie's duration too.
      expect(browser.cookiesSet).toBe(2);
    });

    it('ends at logout', async () => {
      const [browser, other] = [await loggedIn('Ada'), await loggedIn('Ada')];
      const key = keyOf(browser);
      await browser.post('/logout');
      expect(await redis.exists(key)).toBe(0);
      expect(await browser.get('/')).toEqual({ user: null });
      expect(await other.get('/')).toEqual({ user: 'Ada' });
    });

    it('forgets a visitor who returns after the deadline', async () => {
      const browser = await loggedIn('Ada');
      const key = keyOf(browser);
      expect(await redis.pexpireat(key, Date.now() - 1)).toBe(1);
      expect(await redis.exists(key)).toBe(0);
      expect(await browser.get('/')).toEqual({ user: null });
      expect(await redis.dbsize()).toBe(0);
    });

    describe('with keyspace notifications', () => {
      let subscriber: Redis;
      beforeEach(async () => {
        await redis.config('SET', 'notify-keyspace-events', 'Ex');
        subscriber = new Redis(server.port, '127.0.0.1', { connectTimeout: 60_000 });
        await subscriber.subscribe('__keyevent@0__:expired');
      });
      afterEach(async () => {
        subscriber.disconnect();
        await redis.config('SET', 'notify-keyspace-events', '');
      });

      it('expires sessions and publishes it', async () => {
        const [browser, other] = [await loggedIn('Ada'), await loggedIn('Grace')];
        const key = keyOf(browser);
        const expired = once(subscriber, 'message');
        // If the deadline passes while redis-server runs PEXPIRE, it deletes the key without this event.
        await redis.pexpire(key, 250);
        expect(await expired).toEqual(['__keyevent@0__:expired', key]);
        expect(await browser.get('/')).toEqual({ user: null });
        expect(await other.get('/')).toEqual({ user: 'Grace' });
      });
    });

    it('lists, counts and clears only the sessions', async () => {
      const { store } = backend;
      expect(await store.all()).toEqual([]);
      expect(await store.length()).toBe(0);
      // More than the store requests at a time.
      const ids = Array.from({ length: 250 }, (_, i) => `bulk-${i}`);
      await Promise.all(ids.map((id) => store.set(id, { cookie: { originalMaxAge: MAX_AGE }, user: `user of ${id}` })));
      const browser = await loggedIn('Ada');
      await redis.set('session', 'of something else');
      ids.push(browser.sessionId);
      expect((await store.ids()).sort()).toEqual(ids.toSorted());
      expect(await store.length()).toBe(251);
      const all: { id: string; user: string }[] = await store.all();
      expect(all.map(({ id }) => id).sort()).toEqual(ids.toSorted());
      expect(all.find(({ id }) => id === 'bulk-7')?.user).toBe('user of bulk-7');
      await store.clear();
      expect(await store.length()).toBe(0);
      expect(await browser.get('/')).toEqual({ user: null });
      expect(await redis.get('session')).toBe('of something else');
      expect(await redis.dbsize()).toBe(1);
    });
  });
});
