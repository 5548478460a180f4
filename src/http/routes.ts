import type { HttpApp, HttpContext } from './http-context.js';
import { addLive } from './live/live.js';
import { addMetrics } from './metrics.js';
import { addPage } from './page.js';
import { addSessionApi } from './sessions/session-api.js';

/**
 * The routes of the listener, besides the health checks. Their requests have passed the access rules
 * (`access/access-rules.ts`), so `c.var.user` is set and has the permission `monitor`. A route that changes something
 * also checks the permission that the command for it needs. The page comes last, because it answers all other paths.
 */
export const ROUTES: readonly ((app: HttpApp, context: HttpContext) => void)[] = [
  addMetrics,
  addLive,
  addSessionApi,
  addPage,
];
