/** Who a client is. */
export interface User {
  readonly name: string;
  /** Bits of `PERMISSIONS`. */
  readonly permissions: number;
}

/** A failed attempt to authenticate. */
export interface FailedAuthentication {
  /** Whether the password was checked, and wrong; if not, too many attempts from that origin had failed. */
  readonly lookedAt: boolean;
  /** Ms for which the answer is held back or, if the password was not checked, until the next attempt is. */
  readonly delay: number;
}
