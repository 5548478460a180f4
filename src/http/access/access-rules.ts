import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import type { Context, MiddlewareHandler } from 'hono';
import { PERMISSIONS } from '../../commands/declaration/permission.js';
import { counted } from '../../counted.js';
import type { User } from '../../execution/context/user.js';
import { isLoopback, originOf } from '../../origin.js';
import type { HttpContext, HttpEnv } from '../http-context.js';
import { basicCredentials } from './basic-credentials.js';

/** A browser shows it when somebody has cancelled the login. */
const HOW_TO_LOG_IN =
  'reload and log in as a user with the permission monitor, or as default with the password of requirepass';

/**
 * Decides which requests are served, and as which user. If the server has a password or users, requests log in with
 * HTTP Basic. Otherwise all have the user that every client has.
 */
export function accessRules(context: HttpContext): MiddlewareHandler<HttpEnv> {
  const penalized = new WeakSet<Socket>();
  return async (c, next) => {
    if (context.closing.aborted) return c.text('the server is stopping\n', 503);
    const user = context.userWithoutPassword;
    const outcome = user === undefined ? await logIn(context, c, penalized) : (strangersRefusal(context, c) ?? user);
    if (outcome instanceof Response) return outcome;
    if ((outcome.permissions & PERMISSIONS.monitor) === 0) {
      return c.text(`the user ${outcome.name} does not have the permission monitor\n`, 403);
    }
    c.set('user', outcome);
    return next();
  };
}

/**
 * Refuses requests without a password that come from another machine, or that are for another host. The Host matters
 * because of DNS rebinding: a page on the internet can give its own name the address 127.0.0.1, and then read what the
 * browser gets from there. It cannot do that with a Host that is an address. With a password the Host may be any,
 * so that people can use any name of the server: a browser keeps a password for the name and port that it was typed
 * for, and does not send it to another name that has the same address.
 */
function strangersRefusal(context: HttpContext, c: Context<HttpEnv>): Response | undefined {
  const { remoteAddress } = c.env.incoming.socket;
  if (context.isProtected && !isLoopback(remoteAddress ?? '')) {
    context.reportProtectedMode(originOf(remoteAddress, false));
    return c.text('respite has no password, so it serves only its own machine: set requirepass or users\n', 403);
  }
  if (!isOwnHost(c.req.header('host') ?? '', context.server.config['http-bind'])) {
    const hosts = 'an address, localhost or a name in http-bind';
    return c.text(`respite has no password, so it serves only ${hosts}: use one, or set requirepass or users\n`, 403);
  }
  return undefined;
}

/** Whether a request's Host is an address, `localhost` or a name in `http-bind`. */
function isOwnHost(host: string, bind: string): boolean {
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
  if (isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0 || name === 'localhost' || name.endsWith('.localhost')) return true;
  return bind.split(/\s+/).some((address) => address.replace(/^-/, '').toLowerCase() === name && name !== '');
}

/** Returns the user of a request, or the refusal. */
async function logIn(
  { authenticate, server, closing }: HttpContext,
  c: Context<HttpEnv>,
  penalized: WeakSet<Socket>,
): Promise<User | Response> {
  const credentials = basicCredentials(c.req.header('authorization'));
  if (credentials === undefined) return challenge(c, 'respite needs a password');
  const { socket } = c.env.incoming;
  const from = { origin: originOf(socket.remoteAddress, false), penalized: penalized.has(socket) };
  const outcome = authenticate(from, credentials.name, credentials.password);
  if ('permissions' in outcome) return outcome;
  server.counters.deniedAuthentications++;
  if (!outcome.wasChecked) {
    const seconds = Math.ceil(outcome.delay / 1000);
    const text = `too many failed attempts to log in from your address: wait ${counted(seconds, 'second')}, then reload\n`;
    return c.text(text, 429, { 'Retry-After': String(seconds) });
  }
  if (outcome.delay > 0) {
    penalized.add(socket);
    await new Promise<void>((resolve) => {
      const over = () => {
        cancel();
        socket.off('close', over);
        closing.removeEventListener('abort', over);
        resolve();
      };
      const cancel = server.clock.after(outcome.delay, over);
      socket.once('close', over);
      closing.addEventListener('abort', over);
    });
    penalized.delete(socket);
  }
  return challenge(c, 'wrong user or password');
}

function challenge(c: Context<HttpEnv>, reason: string): Response {
  return c.text(`${reason}: ${HOW_TO_LOG_IN}\n`, 401, { 'WWW-Authenticate': 'Basic realm="respite", charset="UTF-8"' });
}
