import type { SessionEngine } from '../engine/index.js';
import type { Request } from '../resp/request.js';
import type { CommandEntry } from './command-entry.js';
import { keysIn } from './key-spec.js';

/** So many tokens are derived within a millisecond: not worth waiting for. */
const MANY = 256;

/**
 * Whether a request presents a token that nobody is known to bear, while there are many shared sessions whose tokens are not
 * derived: `engine.deriveTokens` does it before, while others are served; looked up at once it would be done at once.
 */
export function presentsUnknownToken(engine: SessionEngine, { tokens }: CommandEntry, request: Request): boolean {
  if (tokens === undefined || engine.tokenless <= MANY) return false;
  const words = Array.from({ length: request.length }, (_, i) => request.word(i));
  return keysIn(tokens, words).some((given) => given.bytes[given.start] !== AT && !engine.knows(given));
}

/** What `@name` begins with. */
const AT = 0x40;
