import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpEnv } from '../../src/http/http-context.js';
import { addPage } from '../../src/http/page.js';
import { startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { send } from './send.js';

afterEach(stopServers);

describe('the page', () => {
  it('is served as it was built: files with hashed names may be kept, the others must be asked for again', async () => {
    const server = await startServer({ 'http-port': 0 });
    const page = await send(server, '/');
    expect(page).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
    });
    const [, script = ''] = /src="\.(\/assets\/[^"]+\.js)"/.exec(page.text) ?? [];
    expect(await send(server, script)).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'private, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
      },
    });
    expect(await send(server, '/nosuch')).toMatchObject({ status: 404, headers: { 'cache-control': 'no-store' } });
    const head = await send(server, '/', { method: 'HEAD' });
    expect([head.status, head.text, head.headers['content-type']]).toEqual([200, '', 'text/html; charset=utf-8']);
  });

  it('is served byte by byte, whatever its files are', async () => {
    const directory = temporaryDirectory();
    const bytes = Buffer.from([0, 0xff, 0xfe, 10]);
    mkdirSync(join(directory, 'assets', 'deep'), { recursive: true });
    for (const name of ['index.html', 'assets/deep/x.woff2', 'unknown.kind'])
      writeFileSync(join(directory, name), bytes);
    const app = new Hono<HttpEnv>();
    addPage(app, undefined, directory);
    const types = {
      '/': 'text/html; charset=utf-8',
      '/assets/deep/x.woff2': 'font/woff2',
      '/unknown.kind': 'application/octet-stream',
    };
    for (const [path, type] of Object.entries(types)) {
      const response = await app.request(path);
      expect([Buffer.from(await response.arrayBuffer()), response.headers.get('content-type')]).toEqual([bytes, type]);
    }
  });

  it('says what to do if it is not built', async () => {
    const app = new Hono<HttpEnv>();
    addPage(app, undefined, join(temporaryDirectory(), 'missing'));
    const response = await app.request('/');
    expect([response.status, await response.text()]).toEqual([200, 'the page is not built: run npm run build\n']);
    expect((await app.request('/index.html')).status).toBe(200);
    expect((await app.request('/assets/x.js')).status).toBe(404);
  });
});
