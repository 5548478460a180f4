import { Failure, type Reply } from '../soak/replies.js';
import type { Request } from './sequence.js';

export interface KnownDifference {
  /** Why respite replies something else. */
  readonly reason: string;
  /** Whether it is this one: as narrow as can be, so that it hides no other. */
  readonly matches: (request: Request, respite: Reply, redis: Reply) => boolean;
  /** The servers have something else from then on: what follows in the sequence is not compared. */
  readonly isLasting: boolean;
}

/** What respite replies otherwise, on purpose. The README lists it. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    reason: 'A key is 1 to 512 bytes, as it is the name of a session: it cannot be empty.',
    matches: (request, respite) =>
      request.includes('') && respite instanceof Failure && respite.text === 'ERR a name is 1 to 512 bytes',
    isLasting: true,
  },
];
