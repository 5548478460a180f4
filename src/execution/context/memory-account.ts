/** The memory in use, in bytes. */
export interface MemoryAccount {
  /** Memory of the process before it had sessions. */
  readonly startup: number;
  /** Memory of sessions, including overhead. */
  readonly sessions: number;
  /** Memory of the stream of events and its readers. */
  readonly events: number;
  /** Memory of the connections' buffers. */
  readonly clients: number;
  /** The sum. */
  readonly used: number;
  readonly peak: number;
}
