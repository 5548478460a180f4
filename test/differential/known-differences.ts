import type { Reply } from '../soak/replies.js';
import type { Request } from './sequence.js';

export interface KnownDifference {
  /** Why respite replies something else. */
  readonly reason: string;
  /** Whether it is this one: as narrow as can be, so that it hides no other. */
  readonly matches: (request: Request, respite: Reply, redis: Reply) => boolean;
}

/** What respite replies otherwise, on purpose. The README lists it. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [];
