import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { PACKAGE } from '../version.js';
import type { HttpApp } from './http-context.js';

/** Where `npm run build` puts the page. */
const DIRECTORY = join(PACKAGE, 'dist/page');

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** Vite puts files whose names change with their contents here. */
const HASHED = 'assets/';

/**
 * Serves the page.
 * @param directory Where its files are. They must exist before the first request.
 */
export function addPage(app: HttpApp, _?: unknown, directory = DIRECTORY): void {
  let files: ReadonlySet<string> | undefined;
  app.get('*', async (c) => {
    files ??= filesOf(directory);
    const name = c.req.path === '/' ? 'index.html' : c.req.path.slice(1);
    if (!files.has(name)) {
      return name === 'index.html' ? c.text('the page is not built: run npm run build\n') : c.notFound();
    }
    return c.body(await readFile(join(directory, name)), 200, {
      'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
      'Cache-Control': name.startsWith(HASHED) ? 'private, max-age=31536000, immutable' : 'no-cache',
    });
  });
}

/** Returns the paths of all files in a directory, relative to it. */
function filesOf(directory: string): ReadonlySet<string> {
  try {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return new Set(
      files.map(({ parentPath, name }) =>
        join(parentPath, name)
          .slice(directory.length + 1)
          .replaceAll('\\', '/'),
      ),
    );
  } catch {
    return new Set();
  }
}
