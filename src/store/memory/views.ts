import { NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import type { Fields, Keys, Values } from '../session-store.js';

// Each store has one object of each class, and points it at one session after the other, so that reading allocates
// nothing. An object is valid until the next operation.

class View {
  protected readonly data: SessionEngine['data'];
  protected session: Session = NO_SESSION;

  constructor(engine: SessionEngine) {
    this.data = engine.data;
  }

  /** Points it at a session. */
  of(session: Session): this {
    this.session = session;
    return this;
  }

  /** The number of keys of the session. */
  get size(): number {
    return this.data.count(this.session);
  }
}

export class FieldsView extends View implements Fields {
  forEach(visit: (key: Slice, value: Slice) => void): void {
    this.data.peek(this.session, visit);
  }
}

export class KeysView extends View implements Keys {
  forEach(visit: (key: Slice) => void): void {
    this.data.forEachKey(this.session, visit);
  }
}

export class ValuesView implements Values {
  readonly #data: SessionEngine['data'];
  #session: Session = NO_SESSION;
  #keys: readonly Slice[] = [];

  constructor(engine: SessionEngine) {
    this.#data = engine.data;
  }

  /** Points it at the values of some keys of a session. */
  of(session: Session, keys: readonly Slice[]): this {
    this.#session = session;
    this.#keys = keys;
    return this;
  }

  get length(): number {
    return this.#keys.length;
  }

  forEach(visit: (value: Slice | undefined) => void): void {
    for (const key of this.#keys) visit(this.#data.peekValue(this.#session, key));
  }
}
