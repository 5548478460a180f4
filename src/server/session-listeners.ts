import type { Session, SessionEvent, SessionListener } from '../engine/index.js';
import type { Slice } from '../slice.js';
import type { SlowReaders } from './slow-readers.js';

/** A session listener and the function that receives its faults. */
export type ContainedListener = readonly [listener: SessionListener, onFault: (fault: unknown) => void];

/** Notifies several listeners, one after the other. A fault of one affects neither the others nor the operation. */
export class SessionListeners implements SessionListener {
  #listeners: readonly ContainedListener[];
  readonly #slowReaders: SlowReaders;

  /** @param slowReaders Clients to wait for. */
  constructor(listeners: readonly ContainedListener[], slowReaders: SlowReaders) {
    this.#listeners = listeners;
    this.#slowReaders = slowReaders;
  }

  /** Notifies another listener from now on, after the others. Returns a function that stops this. */
  add(listener: ContainedListener): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
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

  /** Runs for each event, so it makes no closure that `onKeysExpired` could share. */
  onSession(event: SessionEvent, session: Session, key?: Slice): void {
    for (const [listener, onFault] of this.#listeners) {
      try {
        listener.onSession(event, session, key);
      } catch (fault) {
        onFault(fault);
      }
    }
  }

  onKeysExpired(session: Session): void {
    for (const [listener, onFault] of this.#listeners) {
      try {
        listener.onKeysExpired?.(session);
      } catch (fault) {
        onFault(fault);
      }
    }
  }
}
