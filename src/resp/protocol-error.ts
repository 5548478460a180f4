/** The client broke the protocol: it is told why, in Redis' words, and disconnected. */
export class ProtocolError extends Error {
  /** It sent more at a time than it may. */
  readonly ofSize: boolean;

  constructor(reason: string, { ofSize = false } = {}) {
    super(`Protocol error: ${reason}`);
    this.name = 'ProtocolError';
    this.ofSize = ofSize;
  }
}
