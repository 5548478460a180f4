import { kindOf } from '../argument-checks.js';

/** The part that is read here of what better-auth stores under a session's token. */
export interface StoredSession {
  readonly userId: string;
  /** In Unix ms. */
  readonly createdAt: number;
  /** In Unix ms. */
  readonly expiresAt: number;
  readonly ipAddress: string;
  readonly userAgent: string;
}

/**
 * Returns the session that a value contains, or undefined if the value is not the session of `token`.
 * @throws TypeError if the session has no user, or its times are no times. As a plain key, it could not be revoked.
 */
export function storedSessionOf(token: string, value: string): StoredSession | undefined {
  const { session } = parsed(value);
  if (session === undefined || session.token !== token) return undefined;
  return {
    userId: idIn(session, 'userId'),
    createdAt: timeIn(session, 'createdAt'),
    expiresAt: timeIn(session, 'expiresAt'),
    ipAddress: String(session.ipAddress ?? ''),
    userAgent: String(session.userAgent ?? ''),
  };
}

/** Returns an id. Databases that number their rows have numbers. */
function idIn(session: Record<string, unknown>, property: string): string {
  const id = session[property];
  if ((typeof id === 'string' && id !== '') || typeof id === 'number') return String(id);
  throw new TypeError(`the session's ${property} must be a text or a number, not ${kindOf(id)}`);
}

/** Returns a time in Unix ms. JSON has times as text in the form of ISO 8601, or as Unix ms. */
function timeIn(session: Record<string, unknown>, property: string): number {
  const time = session[property];
  const ms = typeof time === 'string' ? Date.parse(time) : time;
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms;
  throw new TypeError(`the session's ${property} must be a time in the form of ISO 8601 or in Unix ms`);
}

function parsed(value: string): { session?: Record<string, unknown> } {
  try {
    const all = JSON.parse(value);
    return typeof all?.session === 'object' && all.session !== null ? all : {};
  } catch {
    return {};
  }
}
