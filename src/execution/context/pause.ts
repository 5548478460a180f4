/** What CLIENT PAUSE can do. */
export interface Pause {
  /** How many clients wait for its end. */
  readonly waiting: number;
  /**
   * Holds back the commands of all clients, or only those that may write. A pause that is under way becomes longer or
   * holds more, never less.
   */
  begin(ms: number, what: 'all' | 'write'): void;
  end(): void;
}
