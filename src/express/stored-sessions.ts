import type { SessionData } from 'express-session';
import { MAX_SECONDS } from '../argument-checks.js';
import {
  escapeGlob,
  flatten,
  type ListedSession,
  mapOf,
  NoSessionError,
  newRequest,
  type Request,
  RequestError,
  request,
  Sessions,
  textOf,
  transaction,
} from '../client/index.js';
import { type Changes, changesBetween, type SessionFields, withChanges } from '../field-changes.js';
import { renameSession } from './rename-session.js';
import { changesCookie, maxAgeOf, sessionOf } from './session-fields.js';
import { isSessionId } from './session-id.js';
import type { StoreClient } from './store-client.js';
import type { TrackedSession } from './tracked-session.js';

interface StoredSessionsOptions {
  /** The prefix of these sessions' names. */
  readonly prefix: string;
  /** The duration of a session whose cookie has no maxAge, in seconds. */
  readonly ttl: number;
  /** In seconds. */
  readonly maxAge: number | undefined;
}

/** The sessions of express-session on a server: loads them and writes changes to them. */
export class StoredSessions {
  readonly #client: StoreClient;
  readonly #sessions: Sessions;
  readonly #options: StoredSessionsOptions;

  constructor(client: StoreClient, options: StoredSessionsOptions) {
    this.#client = client;
    this.#sessions = new Sessions(client);
    this.#options = options;
  }

  /** Returns null if there is no such session. The cookie expires when the session does. */
  async load(token: string): Promise<SessionData | null> {
    if (!isSessionId(token)) return null;
    const session = this.#sessions.withToken(token);
    try {
      const [fields, left] = await Promise.all([session.getAll(), session.pttl()]);
      // The session may have ended between the two commands.
      return left === -2 ? null : (sessionOf(new Map(Object.entries(fields)), Date.now() + left) ?? null);
    } catch (error) {
      if (error instanceof NoSessionError) return null;
      throw error;
    }
  }

  /** Lists a name's sessions, oldest first, with the values of these keys. */
  async list<Key extends string>(name: string, keys: readonly Key[]): Promise<ListedSession<Key>[]> {
    const sessions: ListedSession<Key>[] = [];
    for await (const page of this.#sessions.list(name, { keys })) sessions.push(...page);
    return sessions;
  }

  /** Ends those sessions of a name that have one of the ids. Returns how many there were. */
  endById(name: string, ids: readonly string[]): Promise<number> {
    return this.#sessions.endById(name, ids);
  }

  /** Returns a session's id, or undefined if there is no such session. */
  async id(token: string): Promise<string | undefined> {
    if (!isSessionId(token)) return undefined;
    try {
      return await this.#sessions.withToken(token).id();
    } catch (error) {
      if (error instanceof NoSessionError) return undefined;
      throw error;
    }
  }

  /** Returns the tokens of a name's sessions, oldest first. */
  tokensOf(name: string): Promise<string[]> {
    return this.#sessions.tokens(name);
  }

  /** Iterates over the tokens of all sessions, page by page. */
  async *tokens(): AsyncGenerator<string[], void> {
    const seen = new Set<string>();
    for await (const page of this.#sessions.scan({ match: `${escapeGlob(this.#options.prefix)}*` })) {
      const tokens = page.map(({ token }) => token).filter((token) => !seen.has(token));
      for (const token of tokens) seen.add(token);
      yield tokens;
    }
  }

  /** Restarts a session's duration. */
  async touch(token: string): Promise<void> {
    await this.#sessions.touch(token);
  }

  async end(...tokens: string[]): Promise<number> {
    const [first, ...others] = tokens.filter(isSessionId);
    return first === undefined ? 0 : this.#sessions.end(first, ...others);
  }

  endName(name: string): Promise<number> {
    return this.#sessions.endName(name);
  }

  /** Ends a session and returns its last data, or undefined if there was none. */
  async take(token: string): Promise<SessionFields | undefined> {
    try {
      const [fields] = await this.#transact([
        ['SESSION.GETALL', token],
        ['SESSION.END', token],
      ]);
      return new Map(Object.entries(mapOf(fields, textOf)));
    } catch (error) {
      if (error instanceof NoSessionError) return undefined;
      throw error;
    }
  }

  /**
   * Stores a session: creates it if it is new, otherwise writes what differs from what was last stored.
   * @throws NoSessionError if it has ended.
   */
  async store(tracked: TrackedSession, fields: SessionFields, name: string): Promise<void> {
    const { token, stored } = tracked;
    const duration = this.#durationOf(fields);
    if (duration <= 0) {
      await this.end(token);
      return;
    }
    if (stored === 'none') await this.#create(token, fields, name);
    else if (stored === 'unknown') await this.#run(replacement(token, fields, duration));
    else if (name === tracked.name) await this.#run(changing(token, changesBetween(stored, fields), duration));
    else await this.#rename(token, changesBetween(stored, fields), name);
    tracked.stored = fields;
    tracked.name = name;
  }

  async #create(token: string, fields: SessionFields, name: string): Promise<void> {
    try {
      await this.#run(this.#creation(token, fields, name, this.#options.maxAge));
    } catch (error) {
      // Nobody else has the token, so an earlier attempt created the session but its reply was lost.
      if (!(error instanceof RequestError) || error.code !== 'SESSIONEXISTS') throw error;
      await this.#run(replacement(token, fields, this.#durationOf(fields)));
    }
  }

  #rename(token: string, changes: Changes, name: string): Promise<void> {
    // Checked here, because in the transaction the old session would be ended before the server refuses the new one.
    const bytes = Buffer.byteLength(name);
    if (bytes > MAX_NAME_BYTES)
      throw new RangeError(`a session's name has at most ${MAX_NAME_BYTES} bytes, not ${bytes}`);
    return renameSession(this.#client, token, ({ fields, maxAge }) =>
      this.#creation(token, withChanges(fields, changes), name, maxAge),
    );
  }

  #creation(token: string, fields: SessionFields, name: string, maxAge: number | undefined): Request[] {
    const duration = this.#durationOf(fields);
    const ttl = Math.ceil(duration / 1000);
    return [
      newRequest(name, { ttl, extend: 'set', token, data: fields, ...(maxAge !== undefined && { maxAge }) }),
      // SESSION.NEW takes whole seconds.
      ...(ttl * 1000 === duration ? [] : [expiry(token, duration)]),
    ];
  }

  /** In ms. */
  #durationOf(fields: SessionFields): number {
    return Math.min(maxAgeOf(fields) ?? this.#options.ttl * 1000, MAX_DURATION);
  }

  #run(requests: readonly Request[]): Promise<unknown> {
    const [first, second] = requests;
    return first !== undefined && second === undefined ? request(this.#client, ...first) : this.#transact(requests);
  }

  async #transact(requests: readonly Request[]): Promise<unknown[]> {
    let replies: unknown[] | undefined;
    // A session that the application watches on its connection may have changed. Then nothing was done, and nothing is
    // watched any more: try again.
    while (replies === undefined) replies = await transaction(this.#client, requests);
    return replies;
  }
}

const MAX_NAME_BYTES = 512;

/** The longest duration that the server accepts, in ms. */
const MAX_DURATION = MAX_SECONDS * 1000;

const expiry = (token: string, duration: number): Request => ['SESSION.PEXPIRE', token, String(duration)];

const replacement = (token: string, fields: SessionFields, duration: number): Request[] => [
  ['SESSION.CLEARSET', token, ...flatten(fields)],
  expiry(token, duration),
];

/** Returns the requests that change a session. Sessions have EXTEND SET, so any change restarts the duration. */
function changing(token: string, changes: Changes, duration: number): Request[] {
  const { written, removed } = changes;
  const requests: Request[] = [];
  if (written.size > 0) requests.push(['SESSION.SET', token, ...flatten(written)]);
  if (removed.length > 0) requests.push(['SESSION.DEL', token, ...removed]);
  // Only if this request changed the cookie: another request may have set a different duration.
  if (changesCookie(changes)) requests.push(expiry(token, duration));
  return requests.length > 0 ? requests : [['SESSION.TOUCH', token]];
}
