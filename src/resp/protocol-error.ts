/** The client broke the protocol. The server sends it the reason, in Redis' words, and disconnects it. */
export class ProtocolError extends Error {
  /** Whether the client sent a larger request than it may. */
  readonly ofSize: boolean;

  constructor(reason: string, { ofSize = false } = {}) {
    super(`Protocol error: ${reason}`);
    this.name = 'ProtocolError';
    this.ofSize = ofSize;
  }
}
