import { type SessionData, Store } from 'express-session';
import { checkFunction, checkText, checkWhole, kindOf, MAX_SECONDS } from '../client/argument-checks.js';
import {
  type EventOptions,
  NoSessionError,
  onEvent,
  type RedisSubscriber,
  type SessionEvent,
} from '../client/index.js';
import { checkSubscriber } from '../client/on-event.js';
import { changesBetween, fieldsOf, type SessionFields, sessionOf, withChanges } from './session-fields.js';
import { isToken, newToken } from './session-token.js';
import { checkClient, connectAlike, disconnect, type StoreClient } from './store-client.js';
import { StoredSessions } from './stored-sessions.js';
import { TrackedSession } from './tracked-session.js';

type ExpressRequest = Parameters<Store['regenerate']>[0];

export interface RespiteStoreOptions {
  /** A client of ioredis 5 or 6, or of node-redis 4 to 6, that the application has. */
  readonly client: StoreClient;
  /**
   * Whom a session belongs to, once that is known: `(session) => session.userId`. Behind `prefix` it is the session's
   * name in the server, at most 512 bytes; `endAll` and `sessionsOf` take it. Without it nobody is ever known. It is
   * given to a session when what this returns has changed, so a session that was stored keeps the name of an older rule.
   */
  readonly nameOf?: (session: Partial<SessionData>) => string | number | undefined;
  /** What the names of this store's sessions begin with, at least one byte: `express:` if left out. Sessions of nobody known have it alone. */
  readonly prefix?: string;
  /** How many whole seconds a session lives whose cookie has no maxAge, from 1 to 2^31 - 1. A day if left out. */
  readonly ttl?: number;
  /** A session is ended after so many whole seconds, from 1 to 2^31 - 1, however often it is used. Never, if left out. */
  readonly maxAge?: number;
  /** The properties that `req.session.regenerate` takes over into the new session. None, if left out. */
  readonly keep?: readonly string[];
  /** A connection that subscribes, for `onExpired`. A duplicate of `client`, if left out. */
  readonly subscriber?: RedisSubscriber;
}

/** A session with its id, which is a credential. */
export type SessionWithId = SessionData & { id: string };

/**
 * A store for express-session whose sessions are respite's: each property of `req.session` is a key of its own, of
 * which is written what a request has changed, and a session that was ended stays that way.
 *
 *     const store = new RespiteStore({ client: redis, nameOf: (session) => session.userId });
 *     app.use(session({ store, genid: store.genid, secret, resave: false, saveUninitialized: false }));
 *
 * A save that comes after the session's end is not done. It is not an error either, because express-session would pass
 * that to an error handler when the response is on its way already, and Express breaks such a connection off. The store
 * emits `refused` instead, with the session's id, which is a credential.
 *
 * Errors that callbacks get, and promises reject with, never say a session's id.
 */
export class RespiteStore extends Store {
  readonly #client: StoreClient;
  readonly #stored: StoredSessions;
  readonly #prefix: string;
  readonly #nameOf: (session: Partial<SessionData>) => string | number | undefined;
  readonly #keep: readonly string[];
  readonly #subscriber: RedisSubscriber | undefined;
  readonly #tracked = new WeakMap<object, TrackedSession>();
  /** The last id that was made for a request. There is no session of that id before it is saved. */
  readonly #generated = new WeakMap<object, string>();

  /** @throws TypeError or RangeError for an option that is missing or cannot be what it is. */
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

  /** The `genid` of express-session: a session's id is its token, 128 random bits as 22 characters of base64url. */
  readonly genid = (req: object): string => {
    const token = newToken();
    this.#generated.set(req, token);
    return token;
  };

  // What express-session calls

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    answer(this.#stored.load(sid), callback);
  }

  override createSession(req: ExpressRequest, data: SessionData) {
    const session = super.createSession(req, data);
    this.#tracked.set(session, new TrackedSession(req.sessionID, this.#name(session), fieldsOf(session)));
    return session;
  }

  /** Writes what has changed since the session was loaded, or saved last. */
  override set(sid: string, session: SessionData, callback?: (error?: unknown) => void): void {
    answer(this.#save(sid, session), callback);
  }

  /** Starts the session's duration again, and writes a cookie that is to live shorter or longer than it was. */
  override touch(sid: string, session: SessionData, callback?: (error?: unknown) => void): void {
    answer(this.#touch(sid, session), callback);
  }

  override destroy(sid: string, callback?: (error?: unknown) => void): void {
    answer(this.#stored.end(sid), (error) => callback?.(error));
  }

  /**
   * Ends the session and begins another, of a new id, with the properties that `keep` names: as other requests have
   * left them, or as this one has where it changed them. Of a session that was ended meanwhile nothing is kept.
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

  // What else applications call

  /** Gives the ids of all sessions. With named users that takes the right `admin`, as `all`, `length` and `clear` do. */
  ids(callback: (error: unknown, ids?: string[]) => void): void {
    answer(this.#ids(), callback);
  }

  /**
   * Ends all sessions of a name, as `nameOf` gives it: "log out everywhere". Returns how many there were.
   * @throws TypeError if that is no name, RangeError if it is empty: sessions of nobody known are nobody's.
   */
  async endAll(name: string | number): Promise<number> {
    return this.#stored.endName(this.#prefix + knownName(name));
  }

  /**
   * All sessions of a name, as `nameOf` gives it, oldest first. With named users it takes the right `admin`.
   * @throws TypeError if that is no name, RangeError if it is empty.
   */
  async sessionsOf(name: string | number): Promise<SessionWithId[]> {
    return this.#loadAll(await this.#stored.tokensOf(this.#prefix + knownName(name)));
  }

  /**
   * Listens to the ends of sessions that time brings, by their duration or their maximum age. Resolves when it is
   * listening, with what ends it. Events are lost while the connection is.
   * @param listener Gets a session's id and its data, as it last was; undefined if that is more than the server puts into an event
   *   (`event-data-max-bytes`).
   * @param options.onError As with `onEvent` of `respite/client`: called with what the listener fails with.
   */
  async onExpired(
    listener: (sid: string, session: SessionData | undefined) => void,
    { onError }: Pick<EventOptions, 'onError'> = {},
  ): Promise<() => Promise<void>> {
    checkFunction('listener', listener);
    const own = this.#subscriber === undefined ? await connectAlike(this.#client) : undefined;
    const subscriber = this.#subscriber ?? (own as StoreClient);
    const hear = ({ token, at, keys }: SessionEvent) => {
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
          await onEvent(subscriber, event, hear, { prefix: this.#prefix, ...(onError !== undefined && { onError }) }),
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

  /** What is known of the session behind an object. */
  #track(sid: string, session: Partial<SessionData> & { readonly req?: object }): TrackedSession {
    const known = this.#tracked.get(session);
    if (known?.token === sid) return known;
    const isNew = session.req !== undefined && this.#generated.get(session.req) === sid;
    const tracked = new TrackedSession(sid, this.#name(session), isNew ? 'none' : 'unknown');
    this.#tracked.set(session, tracked);
    return tracked;
  }

  async #save(sid: string, session: SessionData): Promise<void> {
    if (!isToken(sid)) {
      throw new TypeError('session ids must be of the store: session({ store, genid: store.genid, … })');
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
      // Whoever saves the old object yet does not create the session of the old id.
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

/** A user's number does for a name as well. @throws TypeError for anything else but a string. */
function nameText(what: string, name: string | number): string {
  if (Number.isFinite(name)) return String(name);
  checkText(what, name);
  return name as string;
}

/** @throws TypeError if it is no name, RangeError if it is empty. */
function knownName(name: string | number): string {
  const text = nameText('a name', name);
  if (text === '') throw new RangeError('a name must not be empty');
  return text;
}

/** @throws TypeError or RangeError for an option that plain JavaScript left out, or that cannot be what it is. */
function checkOptions(options: RespiteStoreOptions): void {
  const { client, nameOf, prefix, ttl, maxAge, keep, subscriber } = options ?? {};
  checkClient(client);
  if (nameOf !== undefined) checkFunction('nameOf', nameOf);
  if (prefix !== undefined) checkText('prefix', prefix);
  if (prefix === '') throw new RangeError('prefix must not be empty: sessions of nobody known have it for a name');
  if (ttl !== undefined) checkWhole('ttl', ttl, 1, MAX_SECONDS);
  if (maxAge !== undefined) checkWhole('maxAge', maxAge, 1, MAX_SECONDS);
  if (keep !== undefined) {
    if (!Array.isArray(keep)) throw new TypeError(`keep must be an array of strings, not ${kindOf(keep)}`);
    for (const key of keep) checkText('each of keep', key);
  }
  if (subscriber !== undefined) checkSubscriber(subscriber);
}

/** Gives a callback what a promise comes to. Who gives none does not want to know. */
function answer<T>(promise: Promise<T>, callback: ((error: unknown, result?: T) => void) | undefined): void {
  promise.then(
    (result) => callback?.(null, result),
    (error) => callback?.(error),
  );
}
