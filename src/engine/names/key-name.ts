import { MAX_DATABASES } from '../../databases.js';
import { Slice } from '../../slice.js';

declare const mark: unique symbol;

/**
 * The name of the session that a key of Redis is. A key of database 0 is the shared session of that name. The name of a
 * key of database n is a NUL byte, n in decimal, a colon, and the key.
 */
export type KeyName = Slice & { readonly [mark]: true };

const NUL = 0;
const COLON = 0x3a;
const ZERO = 0x30;

/** The prefix of the names of each database's keys, made when it is first used. */
const prefixes: Buffer[] = [];

/** Returns the prefix of the names of a database's keys, from 1 on. */
function prefixOf(database: number): Buffer {
  prefixes[database] ??= Buffer.from(`\0${database}:`, 'latin1');
  return prefixes[database];
}

/** Returns the name of a key of a database, from 1 on. The name does not depend on the bytes of the key. */
export function keyNameIn(database: number, key: Slice): KeyName {
  const prefix = prefixOf(database);
  const name = Buffer.allocUnsafe(prefix.length + key.length);
  prefix.copy(name);
  key.writeTo(name, prefix.length);
  return Slice.of(name) as KeyName;
}

/**
 * Returns which database the shared session of a name is a key of. Database 0 has all names that do not begin with the
 * prefix of another one.
 */
export function databaseOf({ bytes, start, end }: Slice): number {
  if (start === end || bytes[start] !== NUL) return 0;
  let database = 0;
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at];
    if (byte === COLON) return database;
    const digit = byte - ZERO;
    // A number has no leading zeros, so each database has one prefix.
    if (digit < 0 || digit > 9 || (digit === 0 && database === 0)) return 0;
    database = 10 * database + digit;
    if (database >= MAX_DATABASES) return 0;
  }
  return 0;
}

/** Returns the key in the name of a session that is a key of this database. It is a part of the name. */
export function keyIn(name: Slice, database: number): Slice {
  if (database === 0) return name;
  return new Slice(name.bytes, name.start + prefixOf(database).length, name.end);
}
