import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import session, { type SessionOptions } from 'express-session';

declare module 'express-session' {
  interface SessionData {
    userId?: string;
    cart?: string[];
    theme?: string;
    views?: number;
  }
}

/** An Express application that listens, and browsers that visit it. */

const servers: Server[] = [];
const agent = new Agent({ keepAlive: true });

export interface Application {
  readonly app: Express;
  readonly port: number;
  /** Errors that reached Express' error handler. */
  readonly errors: unknown[];
}

/** @param routes Adds the routes, after the session middleware. */
export async function startApp(options: Partial<SessionOptions>, routes: (app: Express) => void): Promise<Application> {
  const app = express();
  const errors: unknown[] = [];
  app.use(session({ secret: 'correct horse', resave: false, saveUninitialized: false, ...options }));
  routes(app);
  app.use((error: unknown, _req: express.Request, _res: express.Response, next: express.NextFunction) => {
    errors.push(error);
    next(error);
  });
  app.set('env', 'test');
  const server = app.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { app, port: (server.address() as AddressInfo).port, errors };
}

/** Call this after each test. */
export async function stopApps(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

export interface Page {
  readonly status: number;
  readonly body: string;
  /** The Set-Cookie header, if there is one. */
  readonly setCookie: string | undefined;
}

/** A browser, which keeps the session's cookie. */
export class Browser {
  readonly #port: number;
  cookie: string | undefined;

  constructor({ port }: Pick<Application, 'port'>, cookie?: string) {
    this.#port = port;
    this.cookie = cookie;
  }

  /** The session's id, from the cookie. */
  get sid(): string {
    return /^connect\.sid=s:(.*)\./.exec(decodeURIComponent(this.cookie ?? ''))?.[1] ?? '';
  }

  async get(path: string): Promise<Page> {
    const headers = this.cookie === undefined ? {} : { cookie: this.cookie };
    const sent = request({ host: '127.0.0.1', port: this.#port, path, headers, agent }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of response) body += chunk;
    const setCookie = response.headers['set-cookie']?.[0];
    this.cookie = setCookie?.split(';', 1)[0] ?? this.cookie;
    return { status: response.statusCode ?? 0, body, setCookie };
  }
}

/** Makes requests wait until the test lets them continue. */
export class Gate {
  #open: () => void = () => {};
  #arrive: () => void = () => {};
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });
  /** Resolves when a request waits here. */
  readonly reached = new Promise<void>((resolve) => {
    this.#arrive = resolve;
  });

  /** Waits until the gate is opened. */
  async pass(): Promise<void> {
    this.#arrive();
    await this.#opened;
  }

  open(): void {
    this.#open();
  }
}
