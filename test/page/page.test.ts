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
    await newSession('user:2', 30);
    await vital(page, 'sessions').getByText('2', { exact: true }).waitFor();
    const wheel = page.getByRole('img', { name: 'Timing wheel: 2 timers, 1 due within a minute.' });
    await wheel.waitFor();
    await redis.call('CONFIG', 'SET', 'maxmemory', '1');
    await page.locator('.verdict').getByText('commands that need more are refused with OOM').waitFor();
    await redis.call('CONFIG', 'SET', 'maxmemory', '0');
    await page.locator('.verdict').getByText('refused with OOM').waitFor({ state: 'detached' });
    expect(errors).toEqual([]);
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
    expect(first).toMatch(/^(10:00|9:\d\d) left$/);
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
    const shown = page.locator('.names li');
    await expect.poll(() => shown.count(), { timeout: 120_000 }).toBeGreaterThan(0);
    await moreUntilEnd(page, shown, 131);
    await page.getByRole('searchbox').fill('bask?t');
    await page.keyboard.press('Enter');
    await page.getByText('1 name.').waitFor();
    await page.getByRole('link', { name: 'basket' }).click();
    const cards = page.locator('.session');
    await expect.poll(() => cards.count(), { timeout: 120_000 }).toBeGreaterThan(0);
    await moreUntilEnd(page, cards, 120);
    expect(new Set(await page.locator('.session-id').allInnerTexts()).size).toBe(120);
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
    expect(await page.locator(':focus').getAttribute('id')).toBe('pattern');
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
    expect(await focused.innerText()).toBe('End all');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'End all');
    await page.keyboard.press('Enter');
    await page.getByText('No session has this name.').waitFor();
    expect(await redis.call('SESSION.EXISTS', token)).toBe(0);
    // The button is gone. Without a place for the focus, the next Tab would start at the top of the page.
    expect(await focused.innerText()).toBe('user:9');
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
    const theme = () => page.locator('html').getAttribute('data-theme');
    await page.getByRole('button', { name: 'Switch to dark colours' }).click();
    expect(await theme()).toBe('dark');
    await page.reload();
    await page.getByRole('button', { name: 'Switch to light colours' }).click();
    expect(await theme()).toBe('light');
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

/** Presses "Show more" until there is no more. */
async function moreUntilEnd(page: Page, shown: Locator, count: number): Promise<void> {
  const more = page.getByRole('button', { name: 'Show more' });
  for (let before = await shown.count(); await more.isVisible(); before = await shown.count()) {
    await more.click();
    await expect
      .poll(async () => (await shown.count()) > before || !(await more.isVisible()), { timeout: 120_000 })
      .toBe(true);
  }
  expect(await shown.count()).toBe(count);
}

/** Returns what axe finds, in short. */
async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(await readFile(AXE, 'utf8'));
  const results = (await page.evaluate('axe.run()')) as AxeResults;
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message ?? ''}`),
  );
}
