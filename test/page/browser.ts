import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { isThere } from '../tools/external-tool.js';

/** Runs the page in Debian's Chromium. */

const CHROMIUM = '/usr/bin/chromium';
const ARGUMENTS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

export const hasChromium = isThere('chromium', 'chromium', existsSync(CHROMIUM));

/** @param environment Variables in addition to those of this process. */
export const launch = (environment: Record<string, string> = {}): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: ARGUMENTS.split(' '),
    // It only guards against hanging.
    timeout: 120_000,
    env: { ...(process.env as Record<string, string>), ...environment },
  });

export interface OpenOptions extends BrowserContextOptions {
  readonly user?: string;
  readonly password?: string;
}

/** A page, and what went wrong on it: errors of scripts, and what the content security policy has blocked. */
export interface Visit {
  readonly page: Page;
  readonly errors: string[];
}

/** Opens a page. It moves little, because drawing takes time on machines without a graphics processor. */
export async function open(browser: Browser, url: string, options: OpenOptions = {}): Promise<Visit> {
  const { user, password = '', ...others } = options;
  const context = await browser.newContext({
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 900 },
    ...(user !== undefined && { httpCredentials: { username: user, password } }),
    ...others,
  });
  // These only guard against hanging.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors };
}
