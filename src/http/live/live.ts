import { failedChecks } from '../health.js';
import type { HttpApp, HttpContext } from '../http-context.js';
import { LiveFeed } from './live-feed.js';

/** Adds `GET /live`: server-sent events for the page. `live-data.ts` says what they contain. */
export function addLive(app: HttpApp, { engine, server, closing, onUsersChanged }: HttpContext): void {
  const feed = new LiveFeed({ engine, server, notReady: () => [...failedChecks(server).values()] });
  closing.addEventListener('abort', () => feed.close());
  // Browsers connect again by themselves, and are authenticated again.
  onUsersChanged(() => feed.close());
  app.get('/live', (c) => {
    const headers = { 'Content-Type': 'text/event-stream' };
    // The stream of a HEAD request would never be read.
    if (c.req.method === 'HEAD') return c.body(null, 200, headers);
    const body = feed.watch(c.var.user);
    if (body === undefined) return c.text('too many are watching already\n', 503, { 'Retry-After': '10' });
    return c.body(body, 200, headers);
  });
}
