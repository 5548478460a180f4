/** The memory in use, in bytes. */
export interface MemoryAccount {
  /** The process' own, before there was a session. */
  readonly startup: number;
  /** Of sessions, with overhead. */
  readonly sessions: number;
  /** Of the connections' buffers. */
  readonly clients: number;
  /** The sum. */
  readonly used: number;
  readonly peak: number;
}
