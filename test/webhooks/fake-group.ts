import type { EventContent, EventGroup, GroupedEvent } from '../../src/webhooks/event-group.js';

/** Event 0 happened then, in Unix ms: just before the test's clock begins. */
const EPOCH = Date.UTC(2029, 11, 31, 23);

/** A consumer group in memory. It outlives the webhook that reads it, as the real one outlives the process. */
export class FakeGroup implements EventGroup {
  readonly acknowledged: string[] = [];
  readonly #unread: EventContent[] = [];
  readonly #pending = new Map<string, EventContent>();
  lost = 0;

  /** @param entry Its number in the stream, which also says when it happened: that many ms after event 0. */
  add(entry: number, session: string, event = 'expired', name = 'basket', data?: Buffer): void {
    const bytes = data?.length ?? 0;
    this.#unread.push({ entry: `${entry}-0`, event, name, session, at: EPOCH + entry, bytes, created: 1, data });
  }

  /** Removes an entry, as retention does. */
  drop(entry: number): void {
    if (this.#pending.delete(`${entry}-0`)) this.lost++;
  }

  take(count: number): readonly GroupedEvent[] {
    const taken = this.#unread.splice(0, count);
    for (const event of taken) this.#pending.set(event.entry, event);
    return taken;
  }

  pending(after: string | undefined, count: number): readonly GroupedEvent[] {
    const all = [...this.#pending.values()];
    const start = after === undefined ? 0 : all.findIndex(({ at }) => numberOf(at) > Number.parseInt(after, 10));
    return start === -1 ? [] : all.slice(start, start + count);
  }

  contents(entries: readonly string[]): (EventContent | undefined)[] {
    return entries.map((entry) => this.#pending.get(entry));
  }

  acknowledge(entries: readonly string[]): void {
    for (const entry of entries) {
      this.#pending.delete(entry);
      this.acknowledged.push(entry);
    }
  }

  get unread(): number {
    return this.#unread.length;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }
}

/** Returns the number of the event that happened at a time in Unix ms. */
export function numberOf(at: number): number {
  return at - EPOCH;
}
