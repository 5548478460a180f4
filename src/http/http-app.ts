import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { accessRules } from './access/access-rules.js';
import { sameOrigin } from './access/same-origin.js';
import { securityHeaders } from './access/security-headers.js';
import { addHealth } from './health.js';
import type { HttpApp, HttpContext, HttpEnv } from './http-context.js';
import { ROUTES } from './routes.js';

const METHODS = ['GET', 'HEAD', 'POST'];

/** Returns the application that answers all requests. */
export function httpApp(context: HttpContext): HttpApp {
  const app: HttpApp = new Hono<HttpEnv>();
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    // The client has left in the middle of its request, so nobody gets this response.
    if (c.env.incoming.destroyed && !c.env.incoming.complete) return c.body(null, 400);
    context.server.reportFault(error);
    return c.text('internal error, see the log of the server\n', 500);
  });
  app.notFound((c) => c.text('there is nothing here\n', 404));
  app.use(securityHeaders);
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));
  app.use(async (c, next) => (METHODS.includes(c.req.method) ? next() : refuseMethod(c, METHODS)));
  addHealth(app, context);
  app.use(sameOrigin, accessRules(context));
  for (const add of ROUTES) add(app, context);
  return app;
}

function refuseMethod(c: Context, methods: readonly string[]): Response {
  const allowed = methods.join(', ');
  return c.text(`this method is not allowed here: use ${allowed}\n`, 405, { Allow: allowed });
}
