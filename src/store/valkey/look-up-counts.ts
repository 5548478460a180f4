import { NO_SUCH_SESSION } from '../../engine/index.js';
import { CodedError } from '../../errors.js';

/** How many operations were for a session that exists, and how many for one that does not. */
export class LookUpCounts {
  asked = 0;
  missed = 0;

  /** Counts an operation that has failed. Rethrows the error. */
  readonly failed = (error: unknown): never => {
    if (error instanceof CodedError && error.code === NO_SUCH_SESSION.code) this.missed++;
    throw error;
  };
}
