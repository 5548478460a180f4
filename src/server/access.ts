import { EVERYTHING, type User } from '../commands/declaration/permission.js';
import { readUsers } from '../config-files.js';
import type { Clock } from '../engine/index.js';
import type { Client, FailedAuthentication } from '../execution/context/context.js';
import { AuthThrottle } from './auth-throttle.js';
import type { RepeatedLines } from './repeated-lines.js';
import type { Settings } from './settings.js';
import { isSamePassword, Users } from './users.js';

/** The user that a client is without a name: as in Redis. */
const DEFAULT_USER: User = { name: 'default', permissions: EVERYTHING };

/** Who gets in, and as whom: by the password of the user `default`, or as a named user. */
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

  /** The user of that name, if the password is his and not too many have been guessed where the client comes from. */
  authenticate({ origin, penalized }: Client, name: string, password: Buffer): User | FailedAuthentication {
    // One after the other on a connection, also within one EXEC.
    const wait = penalized ? 1 : this.#throttle.delay(origin, name);
    if (wait > 0) return { lookedAt: false, delay: wait };
    const user = this.#userOf(name, password);
    if (user !== undefined) {
      this.#throttle.succeeded(origin, name);
      return user;
    }
    const delay = this.#throttle.failed(origin);
    if (delay > 0) {
      const line = `too many attempts to authenticate from ${origin} have failed: the answer waits for ${delay / 1000} s`;
      this.#repeatedLines.warning('password guessing', line);
    }
    return { lookedAt: true, delay };
  }

  /** The user of that name, if the password is his. */
  #userOf(name: string, password: Buffer): User | undefined {
    if (name !== DEFAULT_USER.name) return this.#users.authenticate(name, password);
    const { requirepass } = this.#settings.now;
    if (requirepass === '') return this.userWithoutPassword;
    return isSamePassword(Buffer.from(requirepass), password) ? DEFAULT_USER : undefined;
  }
}
