import type { Session, SessionEvent, SessionListener } from '../engine/index.js';

/** One who hears what happens to sessions, and who hears of it when that fails. */
export type ContainedListener = readonly [listener: SessionListener, onFault: (fault: unknown) => void];

/** Several listeners in turn. One that fails disturbs neither the others nor what it hears of. */
export class SessionListeners implements SessionListener {
  readonly #listeners: readonly ContainedListener[];

  constructor(listeners: readonly ContainedListener[]) {
    this.#listeners = listeners;
  }

  onSession(event: SessionEvent, session: Session): void {
    for (const [listener, onFault] of this.#listeners) {
      try {
        listener.onSession(event, session);
      } catch (fault) {
        onFault(fault);
      }
    }
  }
}
