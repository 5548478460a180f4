import type { Comparison, Difference } from './comparison.js';
import type { Request } from './sequence.js';

/** The result of a sequence. */
export interface Outcome {
  difference: Difference | undefined;
  readonly comparison: Comparison;
}

/** Sends sequences of requests to both servers, which are emptied before each. */
export interface Runner {
  /** Names the clients. */
  readonly kind: string;
  run(sequences: readonly (readonly Request[])[]): Promise<Outcome[]>;
  close(): void;
}
