import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Redis } from 'ioredis';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../tools/free-port.js';
import { Program, refusalOf } from '../tools/program.js';
import { TestReceiver } from '../webhooks/receiver.js';
import { hasChromium, launch, type OpenOptions, open, type Visit } from './browser.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const PHONE = { viewport: { width: 320, height: 640 } };
/** Names that try to get out of the text, to hide or to look like others. */
const NAUGHTY = [
  '<img src=x onerror="window.hacked=1">',
  '"><script>window.hacked=1</script>',
  'user:\u202egnp.exe',
  'عربة:٤٢',
  'basket ',
  `long:${'x'.repeat(400)}`,
];

describe.skipIf(!hasChromium)('the page', () => {
  let browser: Browser;
  let program: Program;
  let redis: Redis;
  const visits: Visit[] = [];

  beforeAll(async () => {
    browser = await launch();
    program = await Program.start(['--http-port', '0']);
    redis = program.client({ protocol: 3 });
  });
  afterEach(async () => {
    await Promise.all(visits.splice(0).map(({ page }) => page.context().close()));
    await redis.call('SESSION.ENDALL');
  });
  afterAll(async () => {
    await browser?.close();
    await program?.stop();
  });

  async function visit(fragment = '', options: OpenOptions = {}, url = program.pageUrl): Promise<Visit> {
    const opened = await open(browser, `${url}${fragment}`, options);
    visits.push(opened);
    return opened;
  }

  const newSession = (name: string, ttl = 600, ...data: string[]) =>
    redis.call('SESSION.NEW', name, ttl, ...(data.length > 0 ? ['DATA', ...data] : [])) as Promise<string>;
  const idOf = (token: string) => redis.call('SESSION.ID', token) as Promise<string>;
  const sessionsOf = (name: string) => `#/sessions/name/${encodeURIComponent(name)}`;

  it('says whether the server is well, and what it does', async () => {
    const { page, errors } = await visit();
    await newSession('user:1');
    await newSession('user:2', 58);
    await vital(page, 'sessions').getByText('2', { exact: true }).waitFor();
    const wheel = page.getByRole('img', { name: 'Timing wheel: 2 timers, 1 due within a minute.' });
    await wheel.waitFor();
    await redis.call('CONFIG', 'SET', 'maxmemory', '1');
    await page.locator('.verdict').getByText('commands that need more are refused with OOM').waitFor();
    await redis.call('CONFIG', 'SET', 'maxmemory', '0');
    await page.locator('.verdict').getByText('refused with OOM').waitFor({ state: 'detached' });
    expect(errors).toEqual([]);
  });

  it('says when writes are refused because the policy finds nothing to evict', async () => {
    const { page } = await visit();
    await redis.call('CONFIG', 'SET', 'maxmemory-policy', 'allsessions-lru');
    await redis.call('CONFIG', 'SET', 'maxmemory', '1');
    try {
      await page.locator('.verdict').getByText('maxmemory-policy allsessions-lru finds nothing to evict').waitFor();
      expect(await refusalOf(newSession('user:1'))).toMatch(/^OOM/);
    } finally {
      await redis.call('CONFIG', 'SET', 'maxmemory', '0');
      await redis.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    }
    // What was refused a moment ago is still said.
    await page.locator('.verdict').getByText('1 command was refused with OOM in the last half minute').waitFor();
  });

  it('shows what is refused, and why', async () => {
    const fresh = await Program.start(['--http-port', '0']);
    try {
      const client = fresh.client();
      const { page } = await visit('', {}, fresh.pageUrl);
      const card = page.getByRole('region', { name: 'Refused commands' });
      await card.getByText('No command was refused since the server started.').waitFor();
      const token = (await client.call('SESSION.NEW', 'user:1')) as string;
      await client.call('SESSION.END', token);
      for (let i = 0; i < 3; i++) await refusalOf(client.call('SESSION.SET', token, 'cart', 'pizza'));
      await refusalOf(client.call('NONSENSE'));
      const row = card.getByRole('row').filter({ hasText: 'NOSESSION' });
      await row.getByText('has ended, has expired or never existed').waitFor();
      const counts = () => row.getByRole('cell').allInnerTexts();
      await expect.poll(counts, { timeout: 120_000 }).toEqual(['3', '3']);
      await card.getByRole('row').filter({ hasText: 'an unknown command' }).waitFor();
      // A page that is opened later knows only what happened since the start.
      await page.reload();
      await row.waitFor();
      expect(await counts()).toEqual(['0', '3']);
    } finally {
      await fresh.stop();
    }
  });

  it('shows a session from its creation to its expiry', async () => {
    const { page: overview } = await visit();
    const { page, errors } = await visit(sessionsOf('user:42'));
    await page.getByText('No session has this name.').waitFor();
    const token = await newSession('user:42', 600, 'cart', 'pizza');
    const card = page.getByRole('listitem').filter({ hasText: await idOf(token) });
    await card.getByText('cart').waitFor();
    await event(overview, 'created', 'user:42').waitFor();

    const left = card.locator('.time-left');
    const first = await left.innerText();
    expect(first).toMatch(/^(10:00|[1-9]:\d\d) left$/);
    await expect.poll(() => left.innerText(), { timeout: 120_000 }).not.toBe(first);

    await redis.call('SESSION.PEXPIRE', token, 300);
    await page.getByText('No session has this name.').waitFor();
    await event(overview, 'expired', 'user:42').waitFor();
    expect(errors).toEqual([]);
  });

  it('ends one session, and then all with the name', async () => {
    const tokens = [await newSession('user:7'), await newSession('user:7'), await newSession('user:7')];
    const { page, errors } = await visit(sessionsOf('user:7'));
    const id = await idOf(tokens[1] ?? '');
    await page.getByRole('button', { name: `End session ${id}` }).click();
    const dialog = page.getByRole('dialog', { name: 'End this session?' });
    await dialog.getByText(id).waitFor();
    await dialog.getByRole('button', { name: 'End', exact: true }).click();
    await page.getByText('2 sessions, the oldest first.').waitFor();
    expect(await refusalOf(redis.call('SESSION.SET', tokens[1] ?? '', 'cart', 'pizza'))).toMatch(/^NOSESSION/);
    expect(await redis.call('SESSION.MEXISTS', ...tokens)).toEqual([1, 0, 1]);

    await page.getByRole('button', { name: 'End all' }).click();
    await page.getByRole('dialog').getByText('user:7, 2 sessions').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(await redis.call('SESSION.MEXISTS', ...tokens)).toEqual([1, 0, 1]);
    await page.getByRole('button', { name: 'End all' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End all' }).click();
    await page.getByText('No session has this name.').waitFor();
    expect(await redis.call('SESSION.MEXISTS', ...tokens)).toEqual([0, 0, 0]);
    expect(errors).toEqual([]);
  });

  it('shows values on request, and the keys without', async () => {
    await newSession('user:8', 0, 'cart', '<b>pizza</b>', 'note', 'x'.repeat(5000));
    const { page } = await visit(sessionsOf('user:8'));
    const card = page.getByRole('listitem').filter({ hasText: 'no deadline' });
    await card.getByText('2 keys').waitFor();
    expect(await card.innerText()).not.toContain('pizza');
    await page.getByRole('button', { name: 'Show values' }).click();
    await card.getByText('<b>pizza</b>').waitFor();
    await card.getByText('… and 3,976 more characters').waitFor();
    await page.getByRole('button', { name: 'Hide values' }).click();
    await card.getByText('<b>pizza</b>').waitFor({ state: 'detached' });
  });

  it('shows any name as text', async () => {
    const { page: overview } = await visit();
    const { page, errors } = await visit('#/sessions');
    await page.getByText('There are no sessions.').waitFor();
    await overview.getByText('Nothing has happened').waitFor();
    for (const name of NAUGHTY) await newSession(name, 600, name, name);
    await redis.call('SESSION.NEW', Buffer.from([0xff, 0x00, 0x41]), 600);
    for (const text of ['<img src=x onerror="window.hacked=1">', 'user:\\u{202e}gnp.exe', 'basket␣', '\\xff\\x00A']) {
      await event(overview, 'created', text).waitFor();
    }
    await page.getByRole('button', { name: 'Search' }).click();
    for (const name of ['\\xff\\x00A', ...NAUGHTY.map(visible)]) {
      await page.getByRole('link', { name, exact: false }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
      await page.getByText('1 session.').waitFor();
      await page.getByRole('button', { name: 'Show values' }).click();
      await page.getByRole('button', { name: 'Hide values' }).waitFor();
      await page.getByRole('link', { name: 'All names' }).click();
    }
    for (const shown of [page, overview]) {
      expect(await shown.locator('img, script:not([src])').count()).toBe(0);
      expect(await shown.evaluate('window.hacked')).toBeUndefined();
    }
    expect(errors).toEqual([]);
  });

  it('searches by pattern and goes through many sessions page by page', async () => {
    await Promise.all(Array.from({ length: 130 }, (_, i) => newSession(`crowd:${i}`)));
    await Promise.all(Array.from({ length: 120 }, () => newSession('basket')));
    const { page } = await visit('#/sessions');
    await page.getByRole('searchbox').fill('bask?t');
    await page.keyboard.press('Enter');
    await page.getByText('1 name.').waitFor();
    await page.getByRole('link', { name: 'basket' }).click();
    await page.getByText('Sessions 1 to 100, the oldest first.').waitFor();
    const [next, previous] = ['Next', 'Previous'].map((name) => page.getByRole('button', { name }));
    const ids = () => page.locator('.session-id').allInnerTexts();
    expect(await previous?.getAttribute('aria-disabled')).toBe('true');
    const first = await ids();
    await next?.click();
    await page.getByText('Sessions 101 to 120, the oldest first.').waitFor();
    expect(new Set([...first, ...(await ids())]).size).toBe(120);
    expect(await next?.getAttribute('aria-disabled')).toBe('true');
    // The page that is shown follows what happens.
    await newSession('basket');
    await page.getByText('Sessions 101 to 121, the oldest first.').waitFor();
    await previous?.click();
    await page.getByText('Sessions 1 to 100, the oldest first.').waitFor();
    expect(await ids()).toEqual(first);
    // The search is still there.
    await page.getByRole('link', { name: 'All names' }).click();
    await page.getByText('1 name.', { exact: true }).waitFor();
    // Part of a name matches nothing, so the page offers a pattern.
    await page.getByRole('searchbox').fill('rowd:12');
    await page.keyboard.press('Enter');
    await page.getByText('No name matches.').waitFor();
    await page.getByRole('button', { name: 'Search for *rowd:12*' }).click();
    await page.getByText('11 names.', { exact: true }).waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe('*rowd:12*');
    await page.locator('#pattern:focus').waitFor();
  });

  it('goes through ten thousand names, and ten thousand sessions, a page at a time', async () => {
    const many = 10_000;
    const pipeline = redis.pipeline();
    for (let i = 0; i < many; i++) pipeline.call('SESSION.NEW', `many:${i}`).call('SESSION.NEW', 'crowd');
    await pipeline.exec();
    const { page, errors } = await visit('#/sessions');
    await page.getByText(/^Names 1 to \d+ of 10,001\.$/).waitFor();
    const names = await allPages(page, '.names li a > :first-child');
    expect(new Set(names.texts).size).toBe(many + 1);
    expect(names.texts.length).toBe(many + 1);
    expect(names.most).toBeLessThan(many / 2);
    await page.getByRole('searchbox').fill('crowd');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'crowd' }).click();
    await page.getByText('Sessions 1 to 100, the oldest first.').waitFor();
    const sessions = await allPages(page, '.session-id');
    expect(new Set(sessions.texts).size).toBe(many);
    expect(sessions.texts.length).toBe(many);
    expect(sessions.most).toBe(100);
    expect(errors).toEqual([]);
  });

  it('works with the keyboard alone', async () => {
    const token = await newSession('user:9');
    await newSession('other');
    const { page } = await visit();
    await page.getByRole('heading', { name: 'Timing wheel' }).waitFor();
    const focused = page.locator(':focus');
    await page.keyboard.press('Tab');
    expect(await focused.innerText()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await focused.getAttribute('id')).toBe('main');
    await tabTo(page, 'Sessions', 'Shift+Tab');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.press('Enter');
    await page.getByRole('searchbox').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('user:*');
    await page.keyboard.press('Enter');
    await page.getByText('1 name.').waitFor();
    await tabTo(page, 'user:91 session');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'user:9' }).waitFor();
    await page.getByRole('button', { name: 'End all' }).waitFor();
    await tabTo(page, 'End all');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    // Once it is closed it is hidden, but not yet gone: until then the button has no dialog to open.
    await page.locator('dialog').waitFor({ state: 'detached' });
    await focused.filter({ hasText: /^End all$/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'End all');
    await page.keyboard.press('Enter');
    await page.getByText('No session has this name.').waitFor();
    expect(await redis.call('SESSION.EXISTS', token)).toBe(0);
    // The button is gone. Without a place for the focus, the next Tab would start at the top of the page.
    await focused.filter({ hasText: /^user:9$/ }).waitFor();
  });

  it('stops the events while they are read', async () => {
    const { page } = await visit();
    await page.getByText('Nothing has happened').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await newSession('quiet');
    await page.getByText('Paused, 1 new').waitFor();
    expect(await event(page, 'created', 'quiet').count()).toBe(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await event(page, 'created', 'quiet').waitFor();
  });

  it('remembers the colours that were chosen', async () => {
    const { page } = await visit('', { colorScheme: 'light' });
    const theme = (name: string) => page.locator(`html[data-theme=${name}]`).waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Switch to dark colours' }).click();
    await theme('dark');
    await page.reload();
    await page.getByRole('button', { name: 'Switch to light colours' }).click();
    await theme('light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Switch to light colours' }).waitFor();
  });

  it.each([
    ['light', 'desktop'],
    ['dark', 'desktop'],
    ['light', 'phone'],
    ['dark', 'phone'],
  ] as const)('is accessible in %s colours on a %s', async (colorScheme, device) => {
    for (const name of NAUGHTY) await newSession(name, 600, 'cart', 'pizza', name, name);
    const { page } = await visit('', { colorScheme, ...(device === 'phone' && PHONE) });
    const check = async () => {
      expect(await violations(page)).toEqual([]);
      const width = (await page.evaluate('document.documentElement.scrollWidth')) as number;
      expect(width).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
    };
    await page.getByRole('heading', { name: 'Slow log' }).waitFor();
    await newSession('user:10');
    await event(page, 'created', 'user:10').waitFor();
    await check();
    if (device === 'phone') {
      // The figures leave room for what they are about. The sentences at the top are not counted: on a slow machine
      // there may be several.
      const begin = await page.evaluate(`
        const top = (selector) => document.querySelector(selector).getBoundingClientRect().top;
        top('main h2') - document.querySelector('.verdict').getBoundingClientRect().height;
      `);
      expect(begin).toBeLessThan(280);
    }
    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.getByRole('link', { name: 'basket␣' }).waitFor();
    await check();
    await page.getByRole('link', { name: 'long:' }).click();
    await page.getByRole('button', { name: 'Show values' }).click();
    await page.getByText('pizza').waitFor();
    await check();
    await page.getByRole('button', { name: 'End all' }).click();
    await page.getByRole('dialog').waitFor();
    await check();
  });

  it('lets users do only what they may', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'respite-page-')), 'users');
    writeFileSync(file, 'app read,write secret\nviewer read,monitor looks\ngauge monitor reads\n');
    const guarded = await Program.start(['--http-port', '0', '--users-file', file]);
    try {
      const app = guarded.client({ protocol: 2, username: 'app', password: 'secret' });
      const token = (await app.call('SESSION.NEW', 'user:42', '600')) as string;
      const id = (await app.call('SESSION.ID', token)) as string;

      const { page } = await visit(sessionsOf('user:42'), { user: 'viewer', password: 'looks' }, guarded.pageUrl);
      await page.getByText(id).waitFor();
      await page.getByText('lacks the permission write').waitFor();
      expect(await page.getByRole('button', { name: /^End/ }).count()).toBe(0);
      const status = await page.evaluate(
        ([name, ids]) =>
          fetch('api/end-session', {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ name, ids }),
          }).then((response) => response.status),
        ['user:42', [id]] as const,
      );
      expect(status).toBe(403);
      expect(await app.call('SESSION.EXISTS', token)).toBe(1);

      const { page: gauge } = await visit('#/sessions', { user: 'gauge', password: 'reads' }, guarded.pageUrl);
      await gauge.getByText('lacks the permission read').waitFor();
    } finally {
      await guarded.stop();
    }
  });

  it('shows for each webhook how far behind its receiver is, and why it fails', async () => {
    const [shop, auditor] = [await TestReceiver.start(), await TestReceiver.start()];
    auditor.status = 301;
    const lines = Object.entries({ shop, auditor }).map(
      ([name, { port }]) => `http://127.0.0.1:${port}/path-secret name=${name} private=yes`,
    );
    const server = await Program.start(['--http-port', '0', '--events-stream', 'yes', '--webhook', lines.join('\n')]);
    try {
      const { page, errors } = await visit('', PHONE, server.pageUrl);
      await server.client().call('SESSION.NEW', 'user:1');
      const facts = async (name: string, ...expected: string[]) => {
        const webhook = page.getByRole('region', { name, exact: true });
        for (const text of expected) await webhook.getByText(text, { exact: true }).waitFor();
      };
      await facts('shop', 'ok', 'events delivered', '1', 'lag', '0 ms');
      await facts('auditor', 'the last request has failed', 'none yet');
      await facts('auditor', 'last failure', 'the response was 301, a redirect, which is not followed');
      await page.locator('.verdict').getByText('The webhook auditor fails').waitFor();
      expect(await page.content()).not.toContain('path-secret');
      expect(await violations(page)).toEqual([]);
      expect(errors).toEqual([]);
    } finally {
      await server.stop();
      await Promise.all([shop.stop(), auditor.stop()]);
    }
  });

  it('says that the server is gone, and comes back with it', async () => {
    const port = String(await freePort());
    let restarted = await Program.start(['--http-port', port]);
    try {
      const { page } = await visit('', {}, `http://127.0.0.1:${port}/`);
      await restarted.client().call('SESSION.NEW', 'user:1');
      await vital(page, 'sessions').getByText('1', { exact: true }).waitFor();
      await restarted.kill();
      await page.locator('.verdict').getByText('Connection lost. Reconnecting').waitFor();
      await page.getByRole('status').getByText('Trouble: connection lost').waitFor({ state: 'attached' });
      restarted = await Program.start(['--http-port', port]);
      await page.locator('.verdict').getByText('Connection lost. Reconnecting').waitFor({ state: 'detached' });
      await vital(page, 'sessions').getByText('0', { exact: true }).waitFor();
    } finally {
      await restarted.stop();
    }
  });
});

/** A figure of the header. */
const vital = (page: Page, label: string): Locator =>
  page.locator('.vitals > div').filter({ has: page.getByText(label, { exact: true }) });

/** An entry of the list of events. */
const event = (page: Page, word: string, name: string): Locator =>
  page
    .locator('.event-list li')
    .filter({ has: page.getByText(word, { exact: true }) })
    .filter({ hasText: name })
    .first();

/** How a name is shown. */
const visible = (name: string): string => name.replace('\u202e', '\\u{202e}').replace(/ $/, '␣');

/** Presses Tab until the element with a text has the focus. */
async function tabTo(page: Page, text: string, key = 'Tab'): Promise<void> {
  const passed: string[] = [];
  while (passed.length < 60) {
    await page.keyboard.press(key);
    const focused = String(await page.evaluate("document.activeElement?.textContent?.trim() ?? ''"));
    if (focused === text) return;
    passed.push(focused);
  }
  throw new Error(`no element with the text ${text} among ${JSON.stringify(passed)}`);
}

/** Goes through a list within the browser, page by page. Returns the texts of the items, and the most on a page. */
function allPages(page: Page, items: string): Promise<{ texts: string[]; most: number }> {
  return page.evaluate(`(async () => {
    const status = document.querySelector('main [role=status]');
    const next = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Next');
    const texts = [];
    let most = 0;
    for (;;) {
      const shown = [...document.querySelectorAll('${items}')];
      texts.push(...shown.map(({ textContent }) => textContent));
      most = Math.max(most, shown.length);
      if (next.getAttribute('aria-disabled') === 'true') return { texts, most };
      const turned = new Promise((resolve) => {
        const changes = new MutationObserver(() => {
          changes.disconnect();
          resolve();
        });
        changes.observe(status, { characterData: true, childList: true, subtree: true });
      });
      next.click();
      await turned;
    }
  })()`);
}

/** Returns what axe finds, in short. */
async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(await readFile(AXE, 'utf8'));
  const results = (await page.evaluate('axe.run()')) as AxeResults;
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message ?? ''}`),
  );
}
