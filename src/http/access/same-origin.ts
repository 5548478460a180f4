import type { MiddlewareHandler } from 'hono';

/**
 * Refuses requests that another site's page makes a browser send. They would come with the passwords that the browser
 * remembers, and a wrong password among them would count against the browser's address. A request without
 * `Sec-Fetch-Site` and `Origin` does not come from a page, or is a GET that the page cannot read. For a POST, the
 * content type JSON is a second barrier: a browser asks for permission before it sends JSON to another site, and the
 * listener never gives it.
 */
export const sameOrigin: MiddlewareHandler = async (c, next) => {
  const isPost = c.req.method === 'POST';
  const site = c.req.header('sec-fetch-site');
  // A link on another site may lead here, and an address may be typed.
  const isWelcome = !isPost && (site === 'none' || c.req.header('sec-fetch-mode') === 'navigate');
  if (!isWelcome && !isSameOrigin(site, c.req.header('origin'), c.req.header('host'))) {
    return c.text('requests from pages of other sites are refused\n', 403);
  }
  if (!isPost) return next();
  if (!/^application\/json\s*(?:;|$)/i.test(c.req.header('content-type') ?? '')) {
    return c.text('expected the content type application/json\n', 415);
  }
  return next();
};

/** @param site What a browser says, if its connection is secure. It holds even if a proxy has changed the host. */
function isSameOrigin(site: string | undefined, origin: string | undefined, host: string | undefined): boolean {
  if (site !== undefined) return site === 'same-origin';
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
