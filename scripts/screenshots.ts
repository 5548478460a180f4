import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launch, open } from '../test/page/browser.js';

/**
 * Takes the pictures of docs/page.md: watches the demo until the charts are full, in Debian's Chromium.
 *
 *     npm run screenshots              # takes about five minutes
 *     npm run screenshots -- 20        # after 20 seconds
 *
 * The font is Inter if it is installed (Debian: fonts-inter).
 */

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const IMAGES = join(ROOT, 'docs/images');
/** The most bytes of a picture. */
const MAX_SIZE = 200_000;
const seconds = Number(process.argv[2] ?? 305);

const demo = spawn(process.execPath, [join(ROOT, 'dist/cli.js'), 'demo'], { stdio: ['ignore', 'pipe', 'inherit'] });
// The browser, which draws without a graphics processor, must not make the demo late.
setPriority(constants.priority.PRIORITY_LOW);
const browser = await launch({ FONTCONFIG_FILE: fontConfiguration() });
try {
  const url = await pageUrl();
  const desktop = { viewport: { width: 1280, height: 860 } } as const;
  const [light, dark, phone, sessions] = await Promise.all([
    open(browser, url, { ...desktop, colorScheme: 'light', viewport: { width: 1280, height: 1150 } }),
    open(browser, url, { ...desktop, colorScheme: 'dark' }),
    open(browser, url, { ...desktop, colorScheme: 'dark', viewport: { width: 390, height: 800 } }),
    open(browser, `${url}#/sessions/name/user%3Aada`, { ...desktop, colorScheme: 'light' }),
  ]);
  await sleep(seconds * 1000);
  await take(light.page, 'overview-light');
  await take(dark.page, 'overview-dark');
  await take(phone.page, 'phone-dark');
  await sessions.page.getByRole('button', { name: 'Show values' }).click();
  // There may be no login at the moment.
  await sessions.page.locator('.session').nth(1).waitFor();
  await take(sessions.page, 'sessions-light');
} finally {
  await browser.close();
  demo.kill();
}

async function pageUrl(): Promise<string> {
  let output = '';
  for await (const text of demo.stdout) {
    output += text;
    const url = /http:\/\/\S+\//.exec(output)?.[0];
    if (url !== undefined) {
      demo.stdout.resume();
      return url;
    }
  }
  const [code] = await once(demo, 'close');
  throw new Error(`the demo ended with ${code}`);
}

/**
 * Takes a picture when all is well, because on a busy machine the page rightly says that sessions expire late.
 * WebP is half as large as PNG, and what shows Markdown shows it.
 */
async function take(page: Page, name: string): Promise<void> {
  await page.locator('.verdict.good').waitFor();
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  // The hand throws off a spark for each session that expires. It takes a moment until they are seen.
  await sleep(2000);
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: 90 });
  mkdirSync(IMAGES, { recursive: true });
  const file = join(IMAGES, `${name}.webp`);
  writeFileSync(file, Buffer.from(data, 'base64'));
  const { size } = statSync(file);
  if (size > MAX_SIZE) throw new Error(`${file} has ${size} bytes, more than ${MAX_SIZE}`);
  console.log(`${file}: ${size} bytes`);
}

/** Returns a configuration of fontconfig that takes Inter for the system's font. */
function fontConfiguration(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'respite-fonts-')), 'fonts.conf');
  const families = ['system-ui', 'sans-serif'].map(
    (family) => `<alias binding="strong"><family>${family}</family><prefer><family>Inter</family></prefer></alias>`,
  );
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><include>/etc/fonts/fonts.conf</include>${families.join('')}</fontconfig>`,
  );
  return file;
}
