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

/** Returns the session that a value contains, or undefined if the value is not the session of `token`. */
export function storedSessionOf(token: string, value: string): StoredSession | undefined {
  const { session } = parsed(value);
  if (session === undefined || session.token !== token || typeof session.userId !== 'string') return undefined;
  return {
    userId: session.userId,
    createdAt: Date.parse(String(session.createdAt)),
    expiresAt: Date.parse(String(session.expiresAt)),
    ipAddress: String(session.ipAddress ?? ''),
    userAgent: String(session.userAgent ?? ''),
  };
}

function parsed(value: string): { session?: Record<string, unknown> } {
  try {
    const all = JSON.parse(value);
    return typeof all?.session === 'object' && all.session !== null ? all : {};
  } catch {
    return {};
  }
}
