import type { Slice } from '../slice.js';
import type { ChangeListener } from './change-listener.js';
import type { Session } from './session.js';

/** Notifies several listeners of every change, one after the other. */
export class ChangeListeners implements ChangeListener {
  readonly #all: readonly ChangeListener[];

  constructor(all: readonly ChangeListener[]) {
    this.#all = all;
  }

  onCreated(session: Session): void {
    for (const one of this.#all) one.onCreated(session);
  }

  onSet(session: Session, key: Slice, value: Slice): void {
    for (const one of this.#all) one.onSet(session, key, value);
  }

  onWritten(session: Session, key: Slice, offset: number, bytes: Slice, lengthBefore: number): void {
    for (const one of this.#all) one.onWritten(session, key, offset, bytes, lengthBefore);
  }

  onKeyDeadline(session: Session, key: Slice, deadline: number): void {
    for (const one of this.#all) one.onKeyDeadline(session, key, deadline);
  }

  onDeleted(session: Session, key: Slice): void {
    for (const one of this.#all) one.onDeleted(session, key);
  }

  onEmptied(session: Session): void {
    for (const one of this.#all) one.onEmptied(session);
  }

  onChanged(session: Session): void {
    for (const one of this.#all) one.onChanged(session);
  }

  onExtended(session: Session): void {
    for (const one of this.#all) one.onExtended(session);
  }

  onRotated(session: Session, old: Slice): void {
    for (const one of this.#all) one.onRotated(session, old);
  }

  onEnded(session: Session): void {
    for (const one of this.#all) one.onEnded(session);
  }

  onEndedAll(): void {
    for (const one of this.#all) one.onEndedAll();
  }
}
