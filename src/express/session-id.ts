import { randomBytes } from 'node:crypto';

/** Returns a new session id, which is the session's token: 128 random bits as 22 characters of base64url. */
export const newSessionId = (): string => randomBytes(16).toString('base64url');

/**
 * Whether the text has the form of a session id: 22 characters, the last of which stands for two bits. `@name` is not
 * accepted, because anyone who knows a name could then open its shared session.
 */
export const isSessionId = (text: string): boolean => /^[\w-]{21}[AQgw]$/.test(text);
