/** The client broke the protocol: it is told why, in Redis' words, and disconnected. */
export class ProtocolError extends Error {
  constructor(reason: string) {
    super(`Protocol error: ${reason}`);
    this.name = 'ProtocolError';
  }
}
