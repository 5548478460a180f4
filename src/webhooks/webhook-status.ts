/** The state of a webhook, for INFO, the metrics and the page. Counts begin with the server. */
export interface WebhookStatus {
  readonly name: string;
  /** `failing` if the last request has failed; `disabled` if the receiver has answered 410. */
  readonly state: 'ok' | 'failing' | 'disabled';
  readonly requests: number;
  /** Requests that have failed. */
  readonly failures: number;
  /** Events that the receiver has accepted. */
  readonly delivered: number;
  /** Events that were given up after the last attempt, or that retention removed before they were delivered. */
  readonly deadLetters: number;
  /** Requests that are under way. */
  readonly inFlight: number;
  /** Events that have not been delivered yet, those included that the webhook will turn out not to want. */
  readonly waiting: number;
  /** The age of the oldest event that has been read and not delivered, in ms; 0 if there is none. */
  readonly lagMs: number;
  /** When the receiver last accepted a message, in Unix ms; undefined if it has not yet. */
  readonly lastSuccess: number | undefined;
  /** Why the last request that failed has done so; empty if none has. */
  readonly lastError: string;
}
