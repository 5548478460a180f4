import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
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
    // The stream of a HEAD request would never be read.
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
    if (!feed.hasRoom) return c.text('too many are watching already\n', 503, { 'Retry-After': '10' });
    feed.watch(c.var.user, c.env.outgoing);
    return RESPONSE_ALREADY_SENT;
  });
}
