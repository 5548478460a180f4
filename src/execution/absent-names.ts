import type { Session, SessionEngine, SessionEvent, SessionListener } from '../engine/index.js';

/** Notified of each shared session that is created with a watched name, even if the session soon ends. */
interface Watcher {
  markChanged(): void;
}

/**
 * Names that are watched and had no shared session when the watch began. A session that is created and ended again
 * leaves no other trace. Names are texts with one character per byte.
 */
export class AbsentNames implements SessionListener {
  readonly #engine: SessionEngine;
  readonly #watchers = new Map<string, Set<Watcher>>();

  constructor(engine: SessionEngine) {
    this.#engine = engine;
  }

  /** How many names are watched. */
  get size(): number {
    return this.#watchers.size;
  }

  watch(name: string, watcher: Watcher): void {
    const watchers = this.#watchers.get(name);
    if (watchers === undefined) this.#watchers.set(name, new Set([watcher]));
    else watchers.add(watcher);
  }

  unwatch(name: string, watcher: Watcher): void {
    const watchers = this.#watchers.get(name);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#watchers.delete(name);
  }

  onSession(event: SessionEvent, session: Session): void {
    if (this.size === 0 || !(event === 'new' || event === 'renamed')) return;
    const engine = this.#engine;
    if (!engine.isShared(session)) return;
    for (const watcher of this.#watchers.get(engine.nameText(session)) ?? []) watcher.markChanged();
  }
}
