import { randomBytes } from 'node:crypto';

/** A token for a session to come: 128 random bits as 22 characters of base64url. */
export const newToken = (): string => randomBytes(16).toString('base64url');

/** Whether a text may be a token. `@name`, which opens a shared session to whoever knows its name, is none. */
export const isToken = (text: string): boolean => /^[\w-]{22}$/.test(text);
