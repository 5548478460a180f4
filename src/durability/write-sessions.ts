import { type Clock, NO_SESSION, type Session, type SessionEngine } from '../engine/index.js';
import { Slice } from '../slice.js';
import { Slices } from './slices.js';

/** Slots looked at between two looks at the clock. */
const SLOTS = 16;

/** What is written is gathered, and goes to the disk when it is full. */
export interface Gathering {
  readonly isFull: boolean;
  write(): Promise<void>;
}

/**
 * Writes every session that lives throughout, while others are served: each as it is in one turn of the event loop.
 * @param write Is given each session.
 */
export async function writeSessions(
  engine: SessionEngine,
  clock: Clock,
  to: Gathering,
  write: (session: Session) => void,
): Promise<void> {
  const slices = new Slices(clock);
  let cursor = 0;
  do {
    do {
      cursor = engine.scan(cursor, SLOTS, write);
    } while (cursor !== 0 && !to.isFull && !slices.isOver);
    if (to.isFull) await to.write();
    await slices.next();
  } while (cursor !== 0);
}

/** As `writeSessions`, those of the tokens that then still live. */
export async function writeSessionsOf(
  tokens: readonly Buffer[],
  engine: SessionEngine,
  clock: Clock,
  to: Gathering,
  write: (session: Session) => void,
): Promise<void> {
  const slices = new Slices(clock);
  for (const token of tokens) {
    const session = engine.find(Slice.of(token));
    if (session !== NO_SESSION) write(session);
    if (to.isFull) await to.write();
    if (slices.isOver) await slices.next();
  }
}
