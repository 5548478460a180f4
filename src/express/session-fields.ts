import type { SessionData } from 'express-session';
import { type Changes, parse, type SessionFields } from '../field-changes.js';

/** The property that express-session itself sets. */
const COOKIE = 'cookie';

/**
 * The largest change of originalMaxAge, in ms and as a share of it, that counts as express-session's own arithmetic and
 * not as the application's.
 */
const DRIFT = 1000;
const DRIFT_PART = 0.1;

interface StoredCookie {
  readonly originalMaxAge: number | null;
  readonly expires?: unknown;
}

/**
 * Returns a session as keys and values to store. The cookie is stored without `expires`, which changes with every
 * request and follows from the session's deadline.
 * @param stored What is currently stored.
 */
export function fieldsOf(session: Partial<SessionData>, stored?: SessionFields): SessionFields {
  const fields = new Map<string, string>();
  for (const [key, value] of Object.entries(session)) {
    const json = key === COOKIE ? cookieJson(value, stored) : JSON.stringify(value);
    // JSON omits functions and undefined, so they are not stored.
    if (json !== undefined) fields.set(key, json);
  }
  return fields;
}

function cookieJson(value: unknown, stored: SessionFields | undefined): string {
  const { expires: _, ...cookie } = JSON.parse(JSON.stringify(value)) as StoredCookie;
  const now = cookie.originalMaxAge;
  const before = stored === undefined ? undefined : cookieOf(stored)?.originalMaxAge;
  // express-session reads the clock twice while it renews a cookie, and loses the time that passes in between: usually
  // a millisecond at most, but much more if the machine is busy or the garbage collector runs just then.
  const drifted =
    typeof now === 'number' &&
    typeof before === 'number' &&
    Math.abs(now - before) <= Math.min(DRIFT, before * DRIFT_PART);
  return JSON.stringify(drifted ? { ...cookie, originalMaxAge: before } : cookie);
}

function cookieOf(fields: SessionFields): StoredCookie | undefined {
  return parse(fields.get(COOKIE)) as StoredCookie | undefined;
}

/**
 * Returns how long a session lives in ms: as long as its cookie. Undefined if the cookie lives until the browser
 * closes.
 */
export function maxAgeOf(fields: SessionFields): number | undefined {
  const originalMaxAge = cookieOf(fields)?.originalMaxAge;
  return typeof originalMaxAge === 'number' ? Math.ceil(originalMaxAge) : undefined;
}

/**
 * Returns the session that is stored, or undefined if it is not a session of express-session. A key whose value is not
 * JSON belongs to another program: it is omitted, and so never changed.
 * @param expires The session's deadline in Unix ms.
 */
export function sessionOf(fields: SessionFields, expires: number): SessionData | undefined {
  const cookie = cookieOf(fields);
  if (cookie === undefined) return undefined;
  const data = Object.fromEntries([...fields].map(([key, json]) => [key, parse(json)] as const).filter(isJson));
  const ends = typeof cookie.originalMaxAge === 'number' ? new Date(expires) : null;
  return { ...data, cookie: { ...cookie, expires: ends } } as SessionData;
}

const isJson = ([, value]: readonly [string, unknown]): boolean => value !== undefined;

/** Whether the changes give the session a new lifetime. */
export const changesCookie = ({ written }: Changes): boolean => written.has(COOKIE);
