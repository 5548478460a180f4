import type { GroupedEvent } from './event-group.js';

/** The events of a session that wait, oldest first. */
interface Line {
  readonly events: GroupedEvent[];
  /** Whether earlier events of the session are on their way. */
  isBusy: boolean;
}

/**
 * Events that wait to be sent. Those of one session are sent one after the other, in their order; those of different
 * sessions do not wait for each other.
 */
export class SessionOrder {
  readonly #lines = new Map<string, Line>();
  /** Lines with events that are not busy, in the order in which they became so. */
  readonly #ready: Line[] = [];

  add(event: GroupedEvent): void {
    const line = this.#lines.get(event.session);
    if (line !== undefined) {
      line.events.push(event);
      return;
    }
    const added = { events: [event], isBusy: false };
    this.#lines.set(event.session, added);
    this.#ready.push(added);
  }

  /** Whether there is anything to take. */
  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  /**
   * Takes events that can be sent together. Later ones of the same sessions wait until `done`.
   * @param most How many, 1 or more.
   * @param bytes The most bytes of data. The first event is taken in any case.
   */
  take(most: number, bytes: number): GroupedEvent[] {
    const taken: GroupedEvent[] = [];
    let left = bytes;
    while (this.#ready.length > 0 && taken.length < most) {
      const [line] = this.#ready;
      if (taken.length > 0 && line.events[0].bytes > left) break;
      this.#ready.shift();
      line.isBusy = true;
      while (line.events.length > 0 && taken.length < most) {
        if (taken.length > 0 && line.events[0].bytes > left) break;
        const event = line.events.shift() as GroupedEvent;
        left -= event.bytes;
        taken.push(event);
      }
    }
    return taken;
  }

  /** Lets later events of these sessions follow. Call this when the events that `take` returned are settled. */
  done(events: readonly GroupedEvent[]): void {
    for (const { session } of events) {
      const line = this.#lines.get(session);
      if (line === undefined || !line.isBusy) continue;
      line.isBusy = false;
      if (line.events.length === 0) this.#lines.delete(session);
      else this.#ready.push(line);
    }
  }
}
