import type { Clock, Session, SessionEngine } from '../engine/index.js';

/** A slice of work is over after this many ms; requests are served before the next one. */
const SLICE_MS = 1;
/** Slots looked at between two looks at the clock. */
const SLOTS = 64;

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
  let cursor = 0;
  do {
    const until = clock.now() + SLICE_MS;
    do {
      cursor = engine.scan(cursor, SLOTS, write);
    } while (cursor !== 0 && !to.isFull && clock.now() < until);
    if (to.isFull) await to.write();
    else await new Promise<void>((resolve) => clock.after(0, resolve));
  } while (cursor !== 0);
}
