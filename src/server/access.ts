import { EVERYTHING } from '../commands/declaration/permission.js';
import { readUsers } from '../config-files.js';
import type { Clock } from '../engine/index.js';
import type { Client } from '../execution/context/client.js';
import type { FailedAuthentication, User } from '../execution/context/user.js';
import { AuthThrottle } from './auth-throttle.js';
import type { RepeatedLines } from './repeated-lines.js';
import type { Settings } from './settings.js';
import { isSamePassword, Users } from './users.js';

/** The user of a client that has not given a name, as in Redis. */
const DEFAULT_USER: User = { name: 'default', permissions: EVERYTHING };

/** Decides who may connect, and as which user: as `default` by its password, or as a named user. */
export class Access {
  readonly #settings: Settings;
  readonly #users: Users;
  readonly #throttle: AuthThrottle;
  readonly #repeatedLines: RepeatedLines;

  /** @throws ConfigError if the named users cannot be read. */
  constructor(settings: Settings, clock: Clock, repeatedLines: RepeatedLines) {
    this.#settings = settings;
    this.#throttle = new AuthThrottle(clock);
    this.#repeatedLines = repeatedLines;
    this.#users = new Users(readUsers(settings.now));
  }

  /** Whether only clients on this machine are served, because any client could connect without a password. */
  get isProtected(): boolean {
    return this.#settings.now['protected-mode'] && this.userWithoutPassword !== undefined;
  }

  /**
   * The user of a client that has not given a password, or undefined if a password is required. If there are named
   * users, a client must always authenticate.
   */
  get userWithoutPassword(): User | undefined {
    return this.#settings.now.requirepass !== '' || this.#users.size > 0 ? undefined : DEFAULT_USER;
  }

  /**
   * Returns the user of that name if the password is right, otherwise how the attempt failed. After too many failures
   * from the client's origin, the password is not checked.
   */
  authenticate(
    { origin, penalized }: Pick<Client, 'origin' | 'penalized'>,
    name: string,
    password: Buffer,
  ): User | FailedAuthentication {
    // While a failed attempt on this connection is penalized, no other is checked, not even within the same EXEC.
    const wait = penalized ? 1 : this.#throttle.delay(origin, name);
    if (wait > 0) return { wasChecked: false, delay: wait };
    const user = this.#userOf(name, password);
    if (user !== undefined) {
      this.#throttle.succeeded(origin, name);
      return user;
    }
    const delay = this.#throttle.failed(origin);
    if (delay > 0) {
      const line = `too many failed attempts to authenticate from ${origin}: the reply is delayed by ${delay / 1000} s`;
      this.#repeatedLines.warning('password guessing', line);
    }
    return { wasChecked: true, delay };
  }

  /** Returns the user of that name if the password is right. */
  #userOf(name: string, password: Buffer): User | undefined {
    if (name !== DEFAULT_USER.name) return this.#users.authenticate(name, password);
    const { requirepass } = this.#settings.now;
    if (requirepass === '') return this.userWithoutPassword;
    return isSamePassword(Buffer.from(requirepass), password) ? DEFAULT_USER : undefined;
  }
}
