import { accepts } from 'hono/accepts';
import { CONTENT_TYPES, Exposition } from '../metrics/exposition.js';
import { Runtime } from '../metrics/runtime.js';
import { failedChecks, READY_CHECKS } from './health.js';
import type { HttpApp, HttpContext } from './http-context.js';

const OPENMETRICS = 'application/openmetrics-text';

/**
 * Adds /metrics: in OpenMetrics if the client prefers that, as Prometheus does, otherwise in Prometheus' own format.
 */
export function addMetrics(app: HttpApp, { engine, server, closing }: HttpContext): void {
  const runtime = new Runtime();
  closing.addEventListener('abort', () => runtime.stop());
  const exposition = new Exposition({
    engine,
    server,
    runtime,
    readiness: () => {
      const failed = failedChecks(server);
      return new Map(READY_CHECKS.map((check) => [check, !failed.has(check)]));
    },
  });
  app.get('/metrics', async (c) => {
    const wanted = accepts(c, { header: 'Accept', supports: [OPENMETRICS, 'text/plain'], default: 'text/plain' });
    const format = wanted === OPENMETRICS ? 'openmetrics' : 'prometheus';
    await server.store?.refreshStats();
    return c.body(await exposition.text(format), 200, { 'Content-Type': CONTENT_TYPES[format] });
  });
}
