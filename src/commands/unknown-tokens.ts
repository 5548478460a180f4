import type { SessionEngine } from '../engine/index.js';
import type { Request } from '../resp/request.js';
import type { Slice } from '../slice.js';
import type { CommandEntry } from './command-entry.js';
import { keysIn } from './key-spec.js';

/** So many tokens are derived within a millisecond: not worth waiting for. */
const MANY = 256;

/**
 * Whether a request presents a token that nobody is known to bear, while there are many shared sessions whose tokens are not
 * derived: `engine.deriveTokens` does it before, while others are served; looked up at once it would be done at once.
 */
export function presentsUnknownToken(
  engine: SessionEngine,
  { keys, takesTokens }: CommandEntry,
  request: Request,
): boolean {
  if (!takesTokens || keys === undefined || engine.tokenless <= MANY) return false;
  const words = Array.from({ length: request.length }, (_, i) => request.word(i));
  return keysIn(keys, words).some((given) => isUnknownToken(engine, given));
}

/** As `presentsUnknownToken`, of one token. */
export function isUnknownToken(engine: SessionEngine, given: Slice): boolean {
  return engine.tokenless > MANY && engine.mayBeUnderived(given);
}
