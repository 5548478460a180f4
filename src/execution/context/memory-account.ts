/** What is used of memory, in bytes. */
export interface MemoryAccount {
  /** By the process before it had a session. */
  readonly startup: number;
  /** By the sessions, overhead included. */
  readonly sessions: number;
  /** By the buffers of connections. */
  readonly clients: number;
  /** All of that. */
  readonly used: number;
  readonly peak: number;
}
