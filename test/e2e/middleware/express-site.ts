import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import { type Content, MAX_AGE, SECRET, type Site } from './site.js';
import type { Store } from './stores.js';

declare module 'express-session' {
  interface SessionData extends Content {}
}

export async function startExpress(store: Store): Promise<Site> {
  const app = express();
  app.use(express.json());
  app.use(
    session({
      store,
      secret: SECRET,
      cookie: { maxAge: MAX_AGE },
      rolling: true,
      resave: false,
      saveUninitialized: false,
    }),
  );
  app.get('/', (request, response) => {
    response.json({ user: request.session.user ?? null });
  });
  app.post('/visits', (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.json({ visits: request.session.visits });
  });
  app.post('/login', (request, response, next) => {
    request.session.regenerate((error) => {
      if (error) return next(error);
      request.session.user = request.body.user;
      response.json({});
    });
  });
  app.post('/logout', (request, response, next) => {
    request.session.destroy((error) => (error ? next(error) : response.json({})));
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
