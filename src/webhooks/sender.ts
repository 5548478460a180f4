/** The headers of a request, without those that HTTP itself needs. */
export type Headers = Readonly<Record<string, string>>;

/** How a request ended. */
export interface Outcome {
  /** Whether the receiver has accepted the message: it answered with 2xx, completely. */
  readonly ok: boolean;
  /** The status, if there was an answer. */
  readonly status?: number | undefined;
  /** Why it failed, for a person, without anything of the URL that could be a credential. Empty if it did not. */
  readonly reason: string;
  /** How long the receiver wants to be left alone, in ms. */
  readonly retryAfterMs?: number | undefined;
}

/** Sends messages to the receiver of a webhook. */
export interface Sender {
  /** Sends a message once. Never rejects. */
  send(headers: Headers, body: Buffer): Promise<Outcome>;
  /** Breaks off what is under way, and closes all connections. */
  close(): void;
}
