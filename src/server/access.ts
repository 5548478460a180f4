import { EVERYTHING } from '../commands/declaration/permission.js';
import type { Clock } from '../engine/index.js';
import type { Client } from '../execution/context/client.js';
import type { FailedAuthentication, ListedUser, User } from '../execution/context/user.js';
import { AuthThrottle } from './auth-throttle.js';
import type { Incidents } from './incidents.js';
import { isProtectedBy } from './protected-mode.js';
import type { Settings } from './settings.js';
import { digestOf, isSamePassword, type Users } from './users.js';

/** The user of a client that has not given a name, as in Redis. */
const DEFAULT_USER: User = { name: 'default', permissions: EVERYTHING };

/** Decides who may connect, and as which user: as `default` by its password, or as a named user. */
export class Access {
  readonly #settings: Settings;
  #users: Users;
  readonly #onUsersChanged: (() => void)[] = [];
  readonly #throttle: AuthThrottle;
  readonly #incidents: Incidents;

  constructor(settings: Settings, users: Users, clock: Clock, incidents: Incidents) {
    this.#settings = settings;
    this.#throttle = new AuthThrottle(clock);
    this.#incidents = incidents;
    this.#users = users;
  }

  /** Whether only clients on this machine are served, because any client could connect without a password. */
  get isProtected(): boolean {
    return isProtectedBy(this.#settings.now, this.#users);
  }

  /** Replaces the named users. Clients that have authenticated keep their user. Returns whether anything differs. */
  replaceUsers(users: Users): boolean {
    const isNew = !users.equals(this.#users);
    this.#users = users;
    if (isNew) for (const listener of this.#onUsersChanged) listener();
    return isNew;
  }

  /** Calls back when the named users have been replaced by others. See `HttpContext.onUsersChanged`. */
  onUsersChanged(listener: () => void): void {
    this.#onUsersChanged.push(listener);
  }

  /** Returns the user of that name with its current permissions; undefined if nobody can log in as that user. */
  userNamed(name: string): User | undefined {
    if (name !== DEFAULT_USER.name) return this.#users.get(name);
    return this.#hasDefaultUser ? DEFAULT_USER : undefined;
  }

  /** All users, sorted by name. */
  get listedUsers(): ListedUser[] {
    const { requirepass } = this.#settings.now;
    const passwords = requirepass === '' ? [] : [digestOf(Buffer.from(requirepass)).toString('hex')];
    const byDefault = { ...DEFAULT_USER, isEnabled: this.#hasDefaultUser, passwords };
    const named = [...this.#users.all].map(({ user, digest }) => ({
      ...user,
      isEnabled: true,
      passwords: [digest.toString('hex')],
    }));
    return [byDefault, ...named].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Whether clients can be the user `default`. With named users that takes a password. */
  get #hasDefaultUser(): boolean {
    return this.#users.size === 0 || this.#settings.now.requirepass !== '';
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
    if (wait > 0) {
      this.#reportFailure(origin);
      return { wasChecked: false, delay: wait };
    }
    const user = this.#userOf(name, password);
    if (user !== undefined) {
      this.#throttle.succeeded(origin, name);
      return user;
    }
    const delay = this.#throttle.failed(origin);
    this.#reportFailure(origin);
    if (delay > 0) {
      const message = `too many failed attempts to authenticate from ${origin}: the reply is delayed by ${delay / 1000} s`;
      this.#incidents.report('password-guessing', { message, subject: origin, fields: { from: origin } });
    }
    return { wasChecked: true, delay };
  }

  /** The name of the user is left out: people type their password there by mistake. */
  #reportFailure(origin: string): void {
    const message = `an attempt to authenticate from ${origin} failed`;
    this.#incidents.report('failed-authentication', { message, subject: origin, fields: { from: origin } });
  }

  /** Returns the user of that name if the password is right. */
  #userOf(name: string, password: Buffer): User | undefined {
    if (name !== DEFAULT_USER.name) return this.#users.authenticate(name, password);
    const { requirepass } = this.#settings.now;
    if (requirepass === '') return this.userWithoutPassword;
    return isSamePassword(Buffer.from(requirepass), password) ? DEFAULT_USER : undefined;
  }
}
