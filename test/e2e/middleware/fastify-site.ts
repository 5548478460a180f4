import cookie from '@fastify/cookie';
import session from '@fastify/session';
import { fastify } from 'fastify';
import { type Content, MAX_AGE, SECRET, type Site } from './site.js';
import type { Store } from './stores.js';

declare module 'fastify' {
  interface Session extends Content {}
}

export async function startFastify(store: Store): Promise<Site> {
  const app = fastify({ forceCloseConnections: true });
  await app.register(cookie);
  await app.register(session, {
    store,
    secret: SECRET,
    cookie: { maxAge: MAX_AGE, secure: false },
    rolling: true,
    saveUninitialized: false,
  });
  app.get('/', async ({ session }) => ({ user: session.user ?? null }));
  app.post('/visits', async ({ session }) => {
    session.visits = (session.visits ?? 0) + 1;
    return { visits: session.visits };
  });
  app.post<{ Body: { user: string } }>('/login', async (request) => {
    await request.session.regenerate();
    request.session.user = request.body.user;
    return {};
  });
  app.post('/logout', async ({ session }) => {
    await session.destroy();
    return {};
  });
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), stop: () => app.close() };
}
