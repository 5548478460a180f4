import {
  checkClient,
  checkFunction,
  checkNoOtherOptions,
  checkText,
  checkWhole,
  MAX_SECONDS,
} from '../argument-checks.js';
import {
  flatten,
  type ListedSession,
  NoSessionError,
  type Request,
  RequestError,
  Sessions,
  type TransactionClient,
  transaction,
} from '../client/index.js';
import { derivedToken } from '../derived-token.js';
import { changesBetween, parse, type SessionFields } from '../field-changes.js';
import { knownName, nameText } from '../user-name.js';

/** A client of ioredis 5 or 6, or of node-redis 4 to 6, connected to a respite server. */
export type StoreClient = TransactionClient;

/** The properties of `ctx.session`. */
export type KoaSession = Record<string, unknown>;

export interface KoaStoreOptions {
  readonly client: StoreClient;
  /** Returns the user to whom a new session belongs, once known: `(session) => session.user`. */
  readonly nameOf?: (session: KoaSession) => string | number | undefined;
  /** The prefix of the names of all sessions. Sessions without a known user have it as their name. Default: `koa:`. */
  readonly prefix?: string;
  /** How long a session lives whose cookie lasts until the browser closes, in whole seconds. Default: one day. */
  readonly ttl?: number;
  /** Ends a session after this many whole seconds, however often it is used. Default: never. */
  readonly maxAge?: number;
}

/** What koa-session passes to a store besides the session: `ctx` is the same for all calls of one request. */
interface Call {
  readonly ctx: object;
}

/** The functions that koa-session calls, and those with which an application lists and ends sessions. */
export interface KoaStore {
  /** @param maxAge Not needed: the session has it. */
  get(key: string, maxAge: unknown, call: Call): Promise<KoaSession | undefined>;
  set(key: string, session: KoaSession, maxAge: number | 'session', call: Call): Promise<void>;
  destroy(key: string): Promise<void>;
  /** Ends all sessions of a user ("log out everywhere"). Returns how many there were. @param user As from `nameOf`. */
  endAll(user: string | number): Promise<number>;
  /**
   * Lists the sessions of a user, oldest first.
   * @param options.keys The properties of `ctx.session` to return in `values`. By default none.
   */
  list(user: string | number, options?: { readonly keys?: readonly string[] }): Promise<ListedKoaSession[]>;
  /** Returns the id by which `list` shows a session. @param key `ctx.session.externalKey` @throws NoSessionError */
  id(key: string): Promise<string>;
  /** Ends those sessions of a user that have one of the ids. Returns how many there were. */
  endById(user: string | number, ids: readonly string[]): Promise<number>;
}

/** A session in a list. Its id is not a credential, so the user may see it. */
export type ListedKoaSession = Omit<ListedSession, 'values'> & { readonly values: KoaSession };

/**
 * Keeps the sessions of koa-session in a respite server:
 *
 *     app.use(session({ store: koaStore({ client: redis, nameOf: (session) => session.user }) }, app));
 *
 * Each property of `ctx.session` is a separate key. A request writes only the properties that it changed, and never
 * brings back a session that has ended. No error contains the key of a session, which is a credential.
 *
 * @throws TypeError or RangeError if an option is invalid.
 */
export function koaStore(options: KoaStoreOptions): KoaStore {
  const { client, nameOf = () => undefined, prefix = 'koa:', ttl = 86_400, maxAge, ...others } = options;
  checkNoOtherOptions(others, ['client', 'nameOf', 'prefix', 'ttl', 'maxAge']);
  checkClient(client, 'koaStore({ client: redis })');
  checkFunction('nameOf', nameOf);
  checkText('prefix', prefix);
  if (prefix === '') throw new RangeError('prefix must not be empty: it is the name of sessions without a known user');
  checkWhole('ttl', ttl, 1, MAX_SECONDS);
  if (maxAge !== undefined) checkWhole('maxAge', maxAge, 1, MAX_SECONDS);
  const sessions = new Sessions(client);
  /** The session that each request has read or written last. */
  const known = new WeakMap<object, { readonly key: string; readonly fields: SessionFields }>();

  return {
    async get(key, _, { ctx }) {
      const fields = await orNone(sessions.withToken(derivedToken(key)).getAll());
      if (fields === undefined) return undefined;
      known.set(ctx, { key, fields: new Map(Object.entries(fields)) });
      return sessionOf(fields);
    },

    async set(key, session, cookieAge, { ctx }) {
      const token = derivedToken(key);
      const fields = fieldsOf(session);
      const seconds =
        typeof cookieAge === 'number' ? Math.min(Math.max(1, Math.ceil(cookieAge / 1000)), MAX_SECONDS) : ttl;
      const before = known.get(ctx);
      if (before?.key === key) {
        // If it has ended meanwhile, it must not come back.
        await orNone(change(client, token, before.fields, fields, seconds));
      } else {
        const name = prefix + nameText('what nameOf returns', nameOf(session) ?? '');
        const limits = { ttl: seconds, ...(maxAge !== undefined && { maxAge }) };
        await unlessCreated(sessions.create(name, { ...limits, extend: 'set', token, data: fields }));
      }
      known.set(ctx, { key, fields });
    },

    async destroy(key) {
      await sessions.end(derivedToken(key));
    },

    endAll: async (user) => sessions.endName(prefix + knownName(user)),
    async list(user, { keys = [] } = {}) {
      const listed: ListedKoaSession[] = [];
      for await (const page of sessions.list(prefix + knownName(user), { keys })) {
        listed.push(...page.map((each) => ({ ...each, values: sessionOf(each.values) })));
      }
      return listed;
    },
    id: async (key) => sessions.withToken(derivedToken(key)).id(),
    endById: async (user, ids) => sessions.endById(prefix + knownName(user), ids),
  };
}

/** Writes the changes to a session, and starts its duration. @throws NoSessionError if it has ended. */
async function change(
  client: StoreClient,
  token: string,
  before: SessionFields,
  after: SessionFields,
  seconds: number,
): Promise<void> {
  const { written, removed } = changesBetween(before, after);
  const requests: Request[] = [['SESSION.EXPIRE', token, String(seconds)]];
  if (removed.length > 0) requests.unshift(['SESSION.DEL', token, ...removed]);
  if (written.size > 0) requests.unshift(['SESSION.SET', token, ...flatten(written)]);
  let replies: unknown[] | undefined;
  // If the application watches a session on this connection that has changed, nothing was done, so try again.
  while (replies === undefined) replies = await transaction(client, requests);
}

/** Resolves to undefined if there is no such session. */
async function orNone<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof NoSessionError) return undefined;
    throw error;
  }
}

/** Waits for a session to be created. If it exists, the client has sent the request again after losing the reply. */
async function unlessCreated(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!(error instanceof RequestError) || error.code !== 'SESSIONEXISTS') throw error;
  }
}

function fieldsOf(session: KoaSession): SessionFields {
  const fields = Object.entries(session).map(([key, value]) => [key, JSON.stringify(value)] as const);
  // JSON has no functions and no undefined, so they are not stored.
  return new Map(fields.filter(([, json]) => json !== undefined));
}

function sessionOf(fields: Readonly<Record<string, string | null>>): KoaSession {
  return Object.fromEntries(Object.entries(fields).map(([key, json]) => [key, parse(json)]));
}
