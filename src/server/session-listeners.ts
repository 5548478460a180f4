import type { Session, SessionEvent, SessionListener } from '../engine/index.js';
import type { SlowReaders } from './slow-readers.js';

/** One who hears what happens to sessions, and who hears of it when that fails. */
export type ContainedListener = readonly [listener: SessionListener, onFault: (fault: unknown) => void];

/** Several listeners in turn. One that fails disturbs neither the others nor what it hears of. */
export class SessionListeners implements SessionListener {
  readonly #listeners: readonly ContainedListener[];
  readonly #slowReaders: SlowReaders;

  /** @param slowReaders Clients that are to be waited for. */
  constructor(listeners: readonly ContainedListener[], slowReaders: SlowReaders) {
    this.#listeners = listeners;
    this.#slowReaders = slowReaders;
  }

  isBehind(): boolean {
    if (this.#slowReaders.any) return true;
    for (const [listener, onFault] of this.#listeners) {
      try {
        if (listener.isBehind?.()) return true;
      } catch (fault) {
        onFault(fault);
      }
    }
    return false;
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
