import type { Clock } from '../engine/index.js';
import { Slice } from '../slice.js';
import type { ConsumerGroup } from '../stream/consumer-group.js';
import { FIRST_ID, idText, parseId } from '../stream/entry-id.js';
import { EventEntry } from '../stream/event-entry.js';
import type { EventStream } from '../stream/event-stream.js';
import type { EventContent, EventGroup, EventGroups, GroupedEvent } from './event-group.js';

const PREFIX = 'webhook:';
/** The name of the one consumer in each group. */
const CONSUMER = Slice.of('respite');

/** The consumer groups of webhooks in the stream of this process. */
export class LocalGroups implements EventGroups {
  readonly #stream: EventStream;
  readonly #clock: Clock;

  constructor(stream: EventStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  keep(webhooks: readonly string[]): void {
    const kept = new Set(webhooks.map((webhook) => PREFIX + webhook));
    for (const { name } of this.#stream.groups()) {
      const text = name.toString('latin1');
      if (text.startsWith(PREFIX) && !kept.has(text)) this.#stream.destroyGroup(Slice.of(name));
    }
    for (const name of kept) groupAtEnd(this.#stream, Slice.of(name));
  }

  open(webhook: string): EventGroup {
    return new LocalGroup(this.#stream, Slice.of(PREFIX + webhook), this.#clock);
  }

  onAppend(callback: () => void): () => void {
    let cancel: () => void = () => {};
    // The stream calls back once. Within one turn of the event loop, once is enough.
    const wait = () => {
      cancel = this.#stream.onAppend(() => {
        cancel = this.#clock.after(0, wait);
        callback();
      });
    };
    wait();
    return () => cancel();
  }
}

class LocalGroup implements EventGroup {
  readonly #stream: EventStream;
  readonly #name: Slice;
  readonly #clock: Clock;
  readonly #entry = new EventEntry();

  constructor(stream: EventStream, name: Slice, clock: Clock) {
    this.#stream = stream;
    this.#name = name;
    this.#clock = clock;
  }

  take(count: number): GroupedEvent[] {
    const events: GroupedEvent[] = [];
    // A client may have destroyed it. Then it begins again.
    groupAtEnd(this.#stream, this.#name).read(
      CONSUMER,
      { count, noAck: false, now: this.#clock.wall() },
      (ms, n, content) => {
        events.push(this.#eventOf(idText({ ms, n }), content));
      },
    );
    return events;
  }

  pending(after: string | undefined, count: number): GroupedEvent[] {
    const events: GroupedEvent[] = [];
    const gone: string[] = [];
    const from = after === undefined ? FIRST_ID : parseId(after);
    const now = this.#clock.wall();
    this.#group?.history(CONSUMER, from, { count, now }, (ms, n, content) => {
      const entry = idText({ ms, n });
      if (content === undefined) gone.push(entry);
      else events.push(this.#eventOf(entry, content));
    });
    // XTRIM leaves them pending. What follows them is found after they are gone.
    this.acknowledge(gone);
    return events.length === 0 && gone.length > 0 ? this.pending(after, count) : events;
  }

  contents(entries: readonly string[]): (EventContent | undefined)[] {
    return entries.map((entry) => this.#content(entry));
  }

  #content(entry: string): EventContent | undefined {
    const id = parseId(entry);
    const content = this.#group?.pendingEntry(id) && this.#stream.find(id);
    if (content === undefined) return undefined;
    const event = this.#eventOf(entry, content);
    return { ...event, created: this.#entry.created, data: this.#entry.data(false) };
  }

  acknowledge(entries: readonly string[]): void {
    if (entries.length > 0) this.#group?.acknowledge(entries.map(parseId));
  }

  get unread(): number {
    return this.#group?.unread ?? 0;
  }

  get lost(): number {
    return this.#group?.lost ?? 0;
  }

  get #group(): ConsumerGroup | undefined {
    return this.#stream.group(this.#name);
  }

  /** Leaves `#entry` at the event. */
  #eventOf(entry: string, content: Slice): GroupedEvent {
    const { event, name, id: session, at } = this.#entry.read(content);
    return { entry, event, name: name.latin1(), session, at, bytes: content.length };
  }
}

/** Returns a group. If there is none, it is made and begins with the next event. */
function groupAtEnd(stream: EventStream, name: Slice): ConsumerGroup {
  const { lastId, entriesAdded } = stream;
  return stream.group(name) ?? (stream.createGroup(name, lastId, entriesAdded) as ConsumerGroup);
}
