import { type SessionData, Store } from 'express-session';
import { checkFunction, checkText, checkTexts, checkWhole, MAX_SECONDS } from '../argument-checks.js';
import {
  checkSubscriber,
  type EventOptions,
  type ListedSession,
  NoSessionError,
  onEvent,
  type RedisSubscriber,
  type SessionEvent,
} from '../client/index.js';
import { changesBetween, parse, type SessionFields, withChanges } from '../field-changes.js';
import { knownName, nameText } from '../user-name.js';
import { fieldsOf, sessionOf } from './session-fields.js';
import { isSessionId, newSessionId } from './session-id.js';
import { checkStoreClient, connectAlike, disconnect, type StoreClient } from './store-client.js';
import { StoredSessions } from './stored-sessions.js';
import { TrackedSession } from './tracked-session.js';

type ExpressRequest = Parameters<Store['regenerate']>[0];

export interface RespiteStoreOptions {
  /** The application's client of ioredis 5 or 6, or of node-redis 4 to 6. */
  readonly client: StoreClient;
  /**
   * Returns the user that a session belongs to, once known: `(session) => session.userId`. The session's name on the
   * server is `prefix` followed by this text, at most 512 bytes. `endAll` and `sessionsOf` take it as their argument.
   * By default no user is known.
   *
   * A session is renamed only when the result changes: a session stored under an older rule keeps its name.
   */
  readonly nameOf?: (session: Partial<SessionData>) => string | number | undefined;
  /**
   * The prefix of all names of this store's sessions: at least one byte, by default `express:`. Sessions without a
   * known user have it as their name.
   */
  readonly prefix?: string;
  /** How long a session lives if its cookie has no maxAge, in whole seconds from 1 to 2^31 - 1. By default one day. */
  readonly ttl?: number;
  /** Ends a session after this many whole seconds, from 1 to 2^31 - 1, however often it is used. By default never. */
  readonly maxAge?: number;
  /** The properties that `req.session.regenerate` copies into the new session. By default none. */
  readonly keep?: readonly string[];
  /** The connection on which `onExpired` subscribes. By default a duplicate of `client`. */
  readonly subscriber?: RedisSubscriber;
}

/** A session with its id, which is a credential. */
export type SessionWithId = SessionData & { id: string };

/** A session in a list, without the id in the cookie, which is a credential. `id` opens nothing: it may be shown. */
export type ListedUserSession<Key extends string> = Omit<ListedSession, 'values'> & {
  /** The properties of `req.session` that were asked for. */
  readonly values: Partial<Pick<SessionData, Key & keyof SessionData>>;
};

/**
 * A store that keeps the sessions of express-session in a respite server. Each property of `req.session` is a separate
 * key. A request writes only the properties that it changed, and never brings back a session that has ended.
 *
 *     const store = new RespiteStore({ client: redis, nameOf: (session) => session.userId });
 *     app.use(session({ store, genid: store.genid, secret, resave: false, saveUninitialized: false }));
 *
 * A save after the session has ended does nothing. It is not an error: express-session would pass an error to the error
 * handler when the response is already under way, and Express would then close the connection. Instead the store emits
 * `refused` with the session's id, which is a credential.
 *
 * No error that a callback or a rejected promise receives contains a session's id.
 */
export class RespiteStore extends Store {
  readonly #client: StoreClient;
  readonly #stored: StoredSessions;
  readonly #prefix: string;
  readonly #nameOf: (session: Partial<SessionData>) => string | number | undefined;
  readonly #keep: readonly string[];
  readonly #subscriber: RedisSubscriber | undefined;
  readonly #tracked = new WeakMap<object, TrackedSession>();
  /** The last id generated for a request. A session with this id does not exist until it is saved. */
  readonly #generated = new WeakMap<object, string>();

  /** @throws TypeError or RangeError if an option is missing or invalid. */
  constructor(options: RespiteStoreOptions) {
    super();
    checkOptions(options);
    const {
      client,
      nameOf = () => undefined,
      prefix = 'express:',
      ttl = 86_400,
      maxAge,
      keep = [],
      subscriber,
    } = options;
    this.#client = client;
    this.#stored = new StoredSessions(client, { prefix, ttl, maxAge });
    this.#prefix = prefix;
    this.#nameOf = nameOf;
    this.#keep = keep;
    this.#subscriber = subscriber;
  }

  /**
   * For the `genid` option of express-session. A session's id is its token: 128 random bits as 22 characters of
   * base64url.
   */
  readonly genid = (req: object): string => {
    const token = newSessionId();
    this.#generated.set(req, token);
    return token;
  };

  // Called by express-session

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    answer(this.#stored.load(sid), callback);
  }

  override createSession(req: ExpressRequest, data: SessionData) {
    const session = super.createSession(req, data);
    this.#tracked.set(session, new TrackedSession(req.sessionID, this.#name(session), fieldsOf(session)));
    return session;
  }

  /** Writes what has changed since the session was loaded or last saved. */
  override set(sid: string, session: SessionData, callback?: (error?: unknown) => void): void {
    answer(this.#save(sid, session), callback);
  }

  /** Restarts the session's duration. If the cookie's lifetime has changed, writes the cookie. */
  override touch(sid: string, session: SessionData, callback?: (error?: unknown) => void): void {
    answer(this.#touch(sid, session), callback);
  }

  override destroy(sid: string, callback?: (error?: unknown) => void): void {
    answer(this.#stored.end(sid), (error) => callback?.(error));
  }

  /**
   * Ends the session and starts another one with a new id and the properties named in `keep`. Their values are the
   * latest: this request's own changes, and what other requests have saved. If the session has already ended, nothing
   * is kept.
   */
  override regenerate(req: ExpressRequest, callback: (error?: unknown) => void): void {
    answer(this.#endAndKeep(req), (error, kept) => {
      req.sessionStore.generate(req);
      Object.assign(req.session, kept);
      callback(error);
    });
  }

  override all(callback: (error: unknown, sessions?: SessionWithId[]) => void): void {
    answer(this.#all(), callback);
  }

  override length(callback: (error: unknown, length?: number) => void): void {
    answer(
      this.#ids().then((ids) => ids.length),
      callback,
    );
  }

  /** Ends all sessions. */
  override clear(callback?: (error?: unknown) => void): void {
    answer(this.#clear(), callback);
  }

  // For applications

  /**
   * Passes the ids of all sessions to the callback. If the server has named users, this requires the permission
   * `admin`, as do `all`, `length` and `clear`.
   */
  ids(callback: (error: unknown, ids?: string[]) => void): void {
    answer(this.#ids(), callback);
  }

  /**
   * Ends all sessions of a user ("log out everywhere"). Returns how many there were.
   * @param name As `nameOf` returns it.
   * @throws TypeError if it is neither a string nor a number. RangeError if it is empty, because sessions without a
   *   known user belong to nobody.
   */
  async endAll(name: string | number): Promise<number> {
    return this.#stored.endName(this.#prefix + knownName(name));
  }

  /**
   * Lists the sessions of a user, oldest first, without the ids in their cookies: for a page that shows the user's
   * devices.
   * @param name As `nameOf` returns it.
   * @param options.keys The properties of `req.session` whose values to return. By default none.
   * @throws TypeError if the name is neither a string nor a number, RangeError if it is empty.
   */
  async list<Key extends keyof SessionData & string = never>(
    name: string | number,
    { keys = [] }: { readonly keys?: readonly Key[] } = {},
  ): Promise<ListedUserSession<Key>[]> {
    checkTexts('keys', keys);
    const sessions = await this.#stored.list(this.#prefix + knownName(name), keys);
    return sessions.map(({ values, ...session }) => {
      const parsed = Object.entries(values).map(([key, json]) => [key, parse(json as string | null)] as const);
      return { ...session, values: Object.fromEntries(parsed) as ListedUserSession<Key>['values'] };
    });
  }

  /**
   * Ends those sessions of a user that have one of the ids. Returns how many there were.
   * @param name As `nameOf` returns it.
   * @param ids Ids that `list` or `id` returned.
   * @throws TypeError if the name is neither a string nor a number or an id is not a string, RangeError if the name is
   *   empty.
   */
  async endById(name: string | number, ids: readonly string[]): Promise<number> {
    return this.#stored.endById(this.#prefix + knownName(name), ids);
  }

  /**
   * Returns the id by which `list` shows a session, or undefined if the session has ended or has not been saved yet.
   * @param sid The id in the cookie: `req.sessionID`.
   */
  async id(sid: string): Promise<string | undefined> {
    checkText('the session id', sid);
    return this.#stored.id(sid);
  }

  /**
   * Returns all sessions of a user, oldest first. If the server has named users, this requires the permission `admin`.
   * @param name As `nameOf` returns it.
   * @throws TypeError if it is neither a string nor a number, RangeError if it is empty.
   */
  async sessionsOf(name: string | number): Promise<SessionWithId[]> {
    return this.#loadAll(await this.#stored.tokensOf(this.#prefix + knownName(name)));
  }

  /**
   * Listens for sessions that end because their duration or maximum age is over. Resolves, once subscribed, with a
   * function that stops listening. Events are lost while the connection is down.
   * @param listener Receives the session's id and its last data, or undefined if the data is larger than the server
   *   puts into an event (`event-data-max-bytes`).
   * @param options.onError Called with any error of the listener, as in `onEvent` of `respite/client`.
   */
  async onExpired(
    listener: (sid: string, session: SessionData | undefined) => void,
    { onError }: Pick<EventOptions, 'onError'> = {},
  ): Promise<() => Promise<void>> {
    checkFunction('listener', listener);
    const own = this.#subscriber === undefined ? await connectAlike(this.#client) : undefined;
    const subscriber = this.#subscriber ?? (own as StoreClient);
    const notify = ({ token, at, keys }: SessionEvent) => {
      if (keys === undefined) return listener(token, undefined);
      const session = sessionOf(new Map(Object.entries(keys).map(([key, value]) => [key, String(value)])), at);
      if (session !== undefined) return listener(token, session);
    };
    const stops: (() => Promise<void>)[] = [];
    const stop = async () => {
      for (const each of stops.splice(0)) await each();
      if (own !== undefined) await disconnect(own);
    };
    try {
      for (const event of ['expired', 'maxage'] as const) {
        stops.push(
          await onEvent(subscriber, event, notify, { prefix: this.#prefix, ...(onError !== undefined && { onError }) }),
        );
      }
    } catch (error) {
      await stop();
      throw error;
    }
    return stop;
  }

  #name(session: Partial<SessionData>): string {
    return this.#prefix + nameText('what nameOf returns', this.#nameOf(session) ?? '');
  }

  /** Returns what is known about the session behind an object. */
  #track(sid: string, session: Partial<SessionData> & { readonly req?: object }): TrackedSession {
    const known = this.#tracked.get(session);
    if (known?.token === sid) return known;
    const isNew = session.req !== undefined && this.#generated.get(session.req) === sid;
    const tracked = new TrackedSession(sid, this.#name(session), isNew ? 'none' : 'unknown');
    this.#tracked.set(session, tracked);
    return tracked;
  }

  async #save(sid: string, session: SessionData): Promise<void> {
    if (!isSessionId(sid)) {
      throw new TypeError('session ids must come from the store: session({ store, genid: store.genid, … })');
    }
    const tracked = this.#track(sid, session);
    const fields = fieldsOf(session, tracked.fields);
    const name = this.#name(session);
    await tracked.inTurn(() => this.#store(tracked, fields, name));
  }

  async #touch(sid: string, session: SessionData): Promise<void> {
    const tracked = this.#track(sid, session);
    await tracked.inTurn(async () => {
      if (tracked.stored === 'unknown') await this.#stored.touch(sid);
      if (tracked.fields === undefined) return;
      const cookie = fieldsOf({ cookie: session.cookie }, tracked.fields);
      await this.#store(tracked, new Map([...tracked.fields, ...cookie]), tracked.name);
    });
  }

  async #store(tracked: TrackedSession, fields: SessionFields, name: string): Promise<void> {
    try {
      await this.#stored.store(tracked, fields, name);
    } catch (error) {
      if (!(error instanceof NoSessionError)) throw error;
      this.emit('refused', tracked.token);
    }
  }

  async #endAndKeep(req: ExpressRequest): Promise<object> {
    const { session, sessionID } = req;
    if (session === undefined) return {};
    const tracked = this.#track(sessionID, session);
    return tracked.inTurn(async () => {
      const mine = fieldsOf(session, tracked.fields);
      const theirs = tracked.stored === 'none' ? new Map() : await this.#stored.take(sessionID);
      const before = tracked.fields ?? new Map();
      // A later save of the old object must not create a session with the old id.
      tracked.stored = 'unknown';
      if (theirs === undefined) return {};
      const latest = withChanges(theirs, changesBetween(before, mine));
      return Object.fromEntries(
        this.#keep.flatMap((key) => {
          const json = latest.get(key);
          return json === undefined ? [] : [[key, JSON.parse(json)]];
        }),
      );
    });
  }

  async #all(): Promise<SessionWithId[]> {
    const sessions: SessionWithId[] = [];
    for await (const tokens of this.#stored.tokens()) sessions.push(...(await this.#loadAll(tokens)));
    return sessions;
  }

  async #loadAll(tokens: readonly string[]): Promise<SessionWithId[]> {
    const sessions = await Promise.all(
      tokens.map(async (id) => {
        const session = await this.#stored.load(id);
        return session === null ? [] : [{ ...session, id }];
      }),
    );
    return sessions.flat();
  }

  async #ids(): Promise<string[]> {
    const ids: string[] = [];
    for await (const tokens of this.#stored.tokens()) ids.push(...tokens);
    return ids;
  }

  async #clear(): Promise<void> {
    for await (const tokens of this.#stored.tokens()) await this.#stored.end(...tokens);
  }
}

/** @throws TypeError or RangeError if an option is missing or invalid. Plain JavaScript may pass anything. */
function checkOptions(options: RespiteStoreOptions): void {
  const { client, nameOf, prefix, ttl, maxAge, keep, subscriber } = options ?? {};
  checkStoreClient(client);
  if (nameOf !== undefined) checkFunction('nameOf', nameOf);
  if (prefix !== undefined) checkText('prefix', prefix);
  if (prefix === '') throw new RangeError('prefix must not be empty: it is the name of sessions without a known user');
  if (ttl !== undefined) checkWhole('ttl', ttl, 1, MAX_SECONDS);
  if (maxAge !== undefined) checkWhole('maxAge', maxAge, 1, MAX_SECONDS);
  if (keep !== undefined) checkTexts('keep', keep);
  if (subscriber !== undefined) checkSubscriber(subscriber);
}

/** Passes a promise's result or error to a callback, if there is one. */
function answer<T>(promise: Promise<T>, callback: ((error: unknown, result?: T) => void) | undefined): void {
  promise.then(
    (result) => callback?.(null, result),
    (error) => callback?.(error),
  );
}
