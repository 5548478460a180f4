import { NO_SUCH_SESSION } from '../../../engine/index.js';
import { CodedError } from '../../../errors.js';

/** How many operations asked for a session, and how many of these found none. */
export class LookUpCounts {
  asked = 0;
  missed = 0;

  /** Counts a failed operation if there was no such session. Rethrows the error. */
  readonly failed = (error: unknown): never => {
    if (error instanceof CodedError && error.code === NO_SUCH_SESSION.code) this.missed++;
    throw error;
  };
}
