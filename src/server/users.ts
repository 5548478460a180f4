import { createHash, timingSafeEqual } from 'node:crypto';
import { PERMISSIONS, type Permission } from '../commands/declaration/permission.js';
import { ConfigError } from '../config.js';
import type { UserLine } from '../credential-files.js';
import type { User } from '../execution/context/user.js';

/** A named user and its password. */
interface Account {
  readonly user: User;
  /** SHA-256 of the password. */
  readonly digest: Buffer;
}

/** The named users, their permissions and the digests of their passwords. */
export class Users {
  readonly #accounts = new Map<string, Account>();

  /**
   * @param lines One line per user: a name, permissions separated by commas, and a password or `#` followed by its
   *   SHA-256 in hex.
   * @throws ConfigError for an invalid line. The message contains no password.
   */
  constructor(lines: readonly UserLine[]) {
    for (const { text, where } of lines) {
      const account = readAccount(text, where);
      const { name } = account.user;
      if (name === 'default') {
        throw new ConfigError(
          `${where}: the user "default" cannot be set here; its password is the option requirepass`,
        );
      }
      if (this.#accounts.has(name)) throw new ConfigError(`${where}: this user name is already taken`);
      this.#accounts.set(name, account);
    }
  }

  get size(): number {
    return this.#accounts.size;
  }

  /** Returns the user of that name. */
  get(name: string): User | undefined {
    return this.#accounts.get(name)?.user;
  }

  /** All users, each with the SHA-256 of its password. */
  get all(): Iterable<Account> {
    return this.#accounts.values();
  }

  /** Whether users, permissions and passwords are the same. */
  equals(other: Users): boolean {
    if (this.size !== other.size) return false;
    for (const { user, digest } of this.all) {
      const account = other.#accounts.get(user.name);
      if (account?.user.permissions !== user.permissions || !account.digest.equals(digest)) return false;
    }
    return true;
  }

  /** Returns the user of that name if the password is right. The time it takes reveals nothing. */
  authenticate(name: string, password: Buffer): User | undefined {
    const account = this.#accounts.get(name);
    const given = digestOf(password);
    return timingSafeEqual(given, account?.digest ?? NOBODY) ? account?.user : undefined;
  }
}

/** Whether two passwords are the same. All digests have the same length, so the time it takes reveals nothing. */
export function isSamePassword(one: Buffer, other: Buffer): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}

/** Compared with the given password if there is no such user. No password has this digest. */
const NOBODY = Buffer.alloc(32);

/** Returns the SHA-256 of a password. */
export function digestOf(password: Buffer): Buffer {
  return createHash('sha256').update(password).digest();
}

function readAccount(line: string, where: string): Account {
  const [, name, permissions, password] = /^([!-~]+)\s+(\S+)\s+(\S+)$/.exec(line) ?? [];
  if (password === undefined) {
    throw new ConfigError(
      `${where}: expected a name, permissions and a password, separated by spaces, such as: shop read,write s3cret`,
    );
  }
  let bits = 0;
  for (const word of permissions.split(',')) {
    if (!Object.hasOwn(PERMISSIONS, word)) {
      throw new ConfigError(
        `${where}: the second word must be permissions joined by ",": any of ${Object.keys(PERMISSIONS).join(', ')}`,
      );
    }
    bits |= PERMISSIONS[word as Permission];
  }
  const hex = /^#([0-9a-f]{64})$/i.exec(password)?.[1];
  if (hex === undefined && password.startsWith('#')) {
    throw new ConfigError(
      `${where}: "#" must be followed by the SHA-256 of the password, 64 hexadecimal digits; a password itself cannot start with "#"`,
    );
  }
  const digest = hex === undefined ? digestOf(Buffer.from(password, 'latin1')) : Buffer.from(hex, 'hex');
  return { user: { name, permissions: bits }, digest };
}
