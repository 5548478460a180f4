import type { Clock, SessionEvent } from '../../engine/index.js';
import type { SessionWatcher } from '../../execution/context/session-watcher.js';
import { redacted } from '../../execution/observing/redaction.js';
import { toJsonBytes } from '../json-bytes.js';
import type { LiveEvents } from './live-data.js';

/** The most events of each kind in a batch. A flood of one kind does not hide the others. */
const MOST_OF_A_KIND = 10;

/** The longest name, in bytes. */
const LONGEST = 512;

interface NamedEvent {
  /** Unix ms. */
  readonly at: number;
  readonly event: SessionEvent;
  readonly name: Buffer;
}

/** Some events of sessions, in order, and how many more there were. */
export interface Batch {
  readonly events: readonly NamedEvent[];
  readonly omitted: number;
}

/** Collects the events of sessions until they are taken. It keeps a limited number, and counts the rest. */
export class EventBatch implements SessionWatcher {
  readonly #clock: Clock;
  readonly #onFirst: () => void;
  #events: NamedEvent[] = [];
  #omitted = 0;
  readonly #ofKind = new Map<SessionEvent, number>();

  /** @param onFirst Called with the first event since the last `take`. */
  constructor(clock: Clock, onFirst: () => void) {
    this.#clock = clock;
    this.#onFirst = onFirst;
  }

  onEvent(event: SessionEvent, name: () => Buffer): void {
    const count = this.#ofKind.get(event) ?? 0;
    if (count === MOST_OF_A_KIND) {
      this.#omitted++;
      return;
    }
    this.#ofKind.set(event, count + 1);
    this.#events.push({ at: Math.round(this.#clock.wall()), event, name: name() });
    if (this.#events.length === 1) this.#onFirst();
  }

  /** Returns what was collected, and starts again. */
  take(): Batch {
    const batch = { events: this.#events, omitted: this.#omitted };
    this.#events = [];
    this.#omitted = 0;
    this.#ofKind.clear();
    return batch;
  }
}

/**
 * Returns a batch as it is sent.
 * @param names `redacted` removes from the names everything that could be a token.
 */
export function liveEvents({ events, omitted }: Batch, names: 'whole' | 'redacted'): LiveEvents {
  const encode = names === 'whole' ? toJsonBytes : redactedName;
  return { entries: events.map(({ at, event, name }) => ({ at, event, name: encode(name) })), omitted };
}

function redactedName(name: Buffer): string {
  return redacted(name, LONGEST);
}
