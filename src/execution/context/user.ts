/** The user that a client has authenticated as. */
export interface User {
  readonly name: string;
  /** Bits of `PERMISSIONS`. */
  readonly permissions: number;
}

/** A user as ACL LIST shows it. */
export interface ListedUser extends User {
  /** Whether a client can be this user. */
  readonly isEnabled: boolean;
  /** The SHA-256 of each password, in hex. None if clients need no password. */
  readonly passwords: readonly string[];
}

/** A failed attempt to authenticate. */
export interface FailedAuthentication {
  /** Whether the password was checked and wrong. If not, too many attempts from the origin had failed before. */
  readonly wasChecked: boolean;
  /** For how many ms the reply is held back or, if the password was not checked, no further attempt is checked. */
  readonly delay: number;
}
