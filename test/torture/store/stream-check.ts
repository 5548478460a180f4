import { eventually } from '../../tools/eventually.js';
import { guarded } from './auditor.js';
import type { OutboxEvent, RawStore } from './raw-store.js';
import { counts } from './subscriber.js';

/** Checks that the stream has each event of the outboxes. */
export class StreamCheck {
  readonly #store: RawStore;
  /** How often the stream has each event that has not been checked. */
  readonly #streamed = new Map<string, number>();

  constructor(store: RawStore) {
    this.#store = store;
  }

  /**
   * Waits until the stream has everything.
   * @param events What has happened since the last check, according to the outboxes.
   * @param isExact Whether it may have nothing else. A failover may lose what was forwarded already.
   * @throws Error if it has an event twice, or one that is in no outbox.
   */
  async check(events: readonly OutboxEvent[], isExact: boolean): Promise<void> {
    const expected = counts(events);
    let missing: string[] = [];
    await guarded(
      () => `the stream has ${missing.length} of ${expected.size} events: ${missing.slice(0, 5).join(', ')}`,
      eventually(async () => {
        for (const event of await this.#store.streamed()) {
          this.#streamed.set(event, (this.#streamed.get(event) ?? 0) + 1);
        }
        missing = [...expected].flatMap(([event, count]) => ((this.#streamed.get(event) ?? 0) < count ? [event] : []));
        return missing.length === 0;
      }),
    );
    for (const [event, count] of this.#streamed) {
      const most = expected.get(event) ?? 0;
      if (count > most && (most > 0 || isExact)) {
        throw new Error(`the stream has ${event} ${count} times, and the outboxes have it ${most} times`);
      }
    }
    this.#streamed.clear();
  }
}
