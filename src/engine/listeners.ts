import type { Slice } from '../slice.js';
import type { ChangeListener } from './change-listener.js';
import { ChangeListeners } from './change-listeners.js';
import type { SessionListener } from './engine-options.js';
import type { Session, SessionEvent } from './session.js';

/** Whom the engine notifies: one listener for events, and any number of listeners for changes. */
export class Listeners {
  /** Is notified of every change; undefined if nobody listens. */
  changes: ChangeListener | undefined;

  #events: SessionListener | undefined;
  readonly #onFault: (fault: unknown) => void;
  #all: readonly ChangeListener[] = [];
  readonly #onSet: (changes: ChangeListener | undefined) => void;

  /**
   * @param onFault Called with what the listener for events throws.
   * @param onSet Called with `changes` whenever it is set.
   */
  constructor(
    events: SessionListener | undefined,
    onFault: (fault: unknown) => void,
    onSet: (changes: ChangeListener | undefined) => void,
  ) {
    this.#events = events;
    this.#onFault = onFault;
    this.#onSet = onSet;
  }

  /** See `SessionEngine.attach`. */
  attach(events: SessionListener): void {
    if (this.#events !== undefined) throw new Error('the engine has a listener already');
    this.#events = events;
  }

  /** See `SessionEngine.listen`. */
  listen(listener: ChangeListener): () => void {
    this.#set([...this.#all, listener]);
    return () => this.#set(this.#all.filter((other) => other !== listener));
  }

  #set(all: readonly ChangeListener[]): void {
    this.#all = all;
    this.changes = all.length < 2 ? all[0] : new ChangeListeners(all);
    this.#onSet(this.changes);
  }

  /** Notifies the listener for events. Its faults stop neither this operation nor later ones. */
  notify(event: SessionEvent, session: Session, key?: Slice): void {
    try {
      this.#events?.onSession(event, session, key);
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  /** Notifies the listener for events that keys have expired. */
  notifyKeysExpired(session: Session): void {
    try {
      this.#events?.onKeysExpired?.(session);
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  /** Whether the listener for events is behind with them. */
  get isBehind(): boolean {
    return this.#events?.isBehind?.() ?? false;
  }
}
