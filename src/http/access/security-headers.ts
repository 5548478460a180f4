import type { MiddlewareHandler } from 'hono';
import type { HttpEnv } from '../http-context.js';

/** The page loads its own files and nothing else. Nobody may embed it, and it submits no form. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Routes may overrule this one.
  'Cache-Control': 'no-store',
};

/** Sets the headers that all responses have, in Node's response, which some routes write themselves. */
export const securityHeaders: MiddlewareHandler<HttpEnv> = async (c, next) => {
  for (const [name, value] of Object.entries(HEADERS)) c.env.outgoing.setHeader(name, value);
  return next();
};
