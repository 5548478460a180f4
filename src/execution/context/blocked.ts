/** A command that waits for what others do: XREAD with BLOCK. Its client runs no other command meanwhile. */
export interface Blocked {
  /** Whether it waits for a limited time. */
  readonly hasTimeout: boolean;
  /** Ends the wait as if its time were over, or with an error: CLIENT UNBLOCK. */
  unblock(how: 'timeout' | 'error'): void;
  /** Ends the wait without a reply, because the client is gone. */
  cancel(): void;
}
