import type { SessionData } from 'express-session';

/** An express session as keys and values: each of its properties as JSON. */
export type SessionFields = ReadonlyMap<string, string>;

/** The property that is express-session's own. */
const COOKIE = 'cookie';

/** Milliseconds by which express-session's arithmetic changes an originalMaxAge without anybody's doing, at most. */
const DRIFT = 10;

interface StoredCookie {
  readonly originalMaxAge: number | null;
  readonly expires?: unknown;
}

/**
 * A session as it is to be stored. Of its cookie all but `expires`, which changes with every request and follows from
 * the session's deadline.
 * @param stored What is stored now.
 */
export function fieldsOf(session: Partial<SessionData>, stored?: SessionFields): SessionFields {
  const fields = new Map<string, string>();
  for (const [key, value] of Object.entries(session)) {
    const json = key === COOKIE ? cookieJson(value, stored) : JSON.stringify(value);
    // Of a function or undefined nothing is stored, as in JSON of the whole.
    if (json !== undefined) fields.set(key, json);
  }
  return fields;
}

function cookieJson(value: unknown, stored: SessionFields | undefined): string {
  const { expires: _, ...cookie } = JSON.parse(JSON.stringify(value)) as StoredCookie;
  const now = cookie.originalMaxAge;
  const before = stored === undefined ? undefined : cookieOf(stored)?.originalMaxAge;
  // express-session takes the time twice while it renews a cookie, and loses the millisecond that may lie between.
  const drifted = typeof now === 'number' && typeof before === 'number' && Math.abs(now - before) <= DRIFT;
  return JSON.stringify(drifted ? { ...cookie, originalMaxAge: before } : cookie);
}

function cookieOf(fields: SessionFields): StoredCookie | undefined {
  return parse(fields.get(COOKIE)) as StoredCookie | undefined;
}

/** How long a session is to live, in ms: as long as its cookie, undefined if that lives as long as the browser runs. */
export function maxAgeOf(fields: SessionFields): number | undefined {
  const originalMaxAge = cookieOf(fields)?.originalMaxAge;
  return typeof originalMaxAge === 'number' ? Math.ceil(originalMaxAge) : undefined;
}

/**
 * A session from what is stored; undefined if that is none of express-session's. A key whose value is not JSON is
 * another program's: it is left out, and so left alone.
 * @param expires When it is due, in unix ms.
 */
export function sessionOf(fields: SessionFields, expires: number): SessionData | undefined {
  const cookie = cookieOf(fields);
  if (cookie === undefined) return undefined;
  const data = Object.fromEntries([...fields].map(([key, json]) => [key, parse(json)] as const).filter(isJson));
  const ends = typeof cookie.originalMaxAge === 'number' ? new Date(expires) : null;
  return { ...data, cookie: { ...cookie, expires: ends } } as SessionData;
}

const isJson = ([, value]: readonly [string, unknown]): boolean => value !== undefined;

function parse(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** What is to be written and removed to make one of the other. */
export interface Changes {
  readonly written: SessionFields;
  readonly removed: readonly string[];
}

export function changesBetween(before: SessionFields, after: SessionFields): Changes {
  return {
    written: new Map([...after].filter(([key, json]) => before.get(key) !== json)),
    removed: [...before.keys()].filter((key) => !after.has(key)),
  };
}

export function withChanges(fields: SessionFields, { written, removed }: Changes): SessionFields {
  const changed = new Map([...fields, ...written]);
  for (const key of removed) changed.delete(key);
  return changed;
}

/** Whether changes are such that the session lives shorter or longer from now on. */
export const changesCookie = ({ written }: Changes): boolean => written.has(COOKIE);
