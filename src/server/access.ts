import { EVERYTHING, type User } from '../commands/permission.js';
import { readUsers } from '../config-files.js';
import type { Settings } from './settings.js';
import { isSamePassword, Users } from './users.js';

/** The user that a client is without a name: as in Redis. */
const DEFAULT_USER: User = { name: 'default', permissions: EVERYTHING };

/** Who gets in, and as whom: by the password of the user `default`, or as a named user. */
export class Access {
  readonly #settings: Settings;
  readonly #users: Users;

  /** @throws ConfigError if the named users cannot be read. */
  constructor(settings: Settings) {
    this.#settings = settings;
    this.#users = new Users(readUsers(settings.now));
  }

  /** Whether only this machine is served: anybody else would get in without a password. */
  get isProtected(): boolean {
    return this.#settings.now['protected-mode'] && this.userWithoutPassword !== undefined;
  }

  /**
   * Who a client is that has not given a password; undefined if it must give one. Where there are named users
   * nobody is let in without a name for the lack of a password.
   */
  get userWithoutPassword(): User | undefined {
    return this.#settings.now.requirepass !== '' || this.#users.size > 0 ? undefined : DEFAULT_USER;
  }

  /** The user of that name, if the password is his. */
  authenticate(name: string, password: Buffer): User | undefined {
    if (name !== DEFAULT_USER.name) return this.#users.authenticate(name, password);
    const { requirepass } = this.#settings.now;
    if (requirepass === '') return this.userWithoutPassword;
    return isSamePassword(Buffer.from(requirepass), password) ? DEFAULT_USER : undefined;
  }
}
