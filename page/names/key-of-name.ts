import type { JsonBytes } from '../../src/http/json-bytes.js';
import { nameText } from './readable-name.js';

/** A key of Redis: its database, and its bytes. */
interface Key {
  readonly database: number;
  readonly key: JsonBytes;
}

/** What the name of a key of database n, from 1 on, begins with: NUL, n and a colon (docs/plain-keys.md). */
const PREFIX = /^\0([1-9]\d{0,3}):/;

/** The server's MAX_DATABASES. */
const MAX_DATABASES = 1024;

/** Returns the key that a session is, by the session's name. Any session may be a key of database 0. */
export function keyOfName(name: JsonBytes): Key {
  const bytes = typeof name === 'string' ? name : atob(name.base64);
  const [prefix, digits] = PREFIX.exec(bytes) ?? [''];
  const database = Number(digits);
  if (!(database < MAX_DATABASES)) return { database: 0, key: name };
  const key = bytes.slice(prefix.length);
  return { database, key: typeof name === 'string' ? key : { base64: btoa(key) } };
}

/** Returns the name of a session as plain text, for labels and titles. */
export function sessionNameText(name: JsonBytes): string {
  const { database, key } = keyOfName(name);
  return database === 0 ? nameText(key) : `${databaseText(database)}: ${nameText(key)}`;
}

export const databaseText = (database: number): string => `database ${database}`;
