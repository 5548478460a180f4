import type { Clock } from '../engine/index.js';
import { TimeSlices } from '../engine/time/time-slices.js';
import type { RecordSink } from '../journal/index.js';
import { Slice } from '../slice.js';
import type { ConsumerGroup } from '../stream/consumer-group.js';
import { type EntryId, FIRST_ID, LAST_ID, nextId } from '../stream/entry-id.js';
import type { EventStream } from '../stream/event-stream.js';
import type { PendingEntry } from '../stream/stream-recorder.js';
import { StreamJournal } from './stream-journal.js';

/** How many entries, or pending entries, are written between two readings of the clock. */
const BATCH = 64;
const PENDING_BATCH = 512;

/** Gathers records in memory. When `isFull`, call `write`, which writes them to the disk. */
interface Gathering {
  readonly isFull: boolean;
  readonly records: RecordSink;
  write(): Promise<void>;
}

/**
 * Writes an event stream to a base, in slices, between which it may change: all changes are also in the increment.
 *
 * Entries come first, up to the one that was the latest when this began, then the number of all entries until then, and
 * then the groups.
 */
export class StreamWriter {
  readonly #stream: EventStream;
  readonly #to: Gathering;
  readonly #journal: StreamJournal;
  readonly #slices: TimeSlices;

  constructor(stream: EventStream, clock: Clock, to: Gathering) {
    this.#stream = stream;
    this.#to = to;
    this.#journal = new StreamJournal(() => to.records);
    this.#slices = new TimeSlices(clock);
  }

  async writeAll(): Promise<void> {
    const stream = this.#stream;
    const { lastId, entriesAdded } = stream;
    await this.#inBatches(lastId, (from, visit) =>
      stream.range(from, lastId, BATCH, (ms, n, content) => {
        this.#journal.onEntry(ms, n, content);
        visit({ ms, n });
      }),
    );
    this.#to.records.append('STREAM', { ...lastId, added: entriesAdded });
    for (const group of stream.groups()) await this.#writeGroup(group);
    // What retention has removed since it was recorded last may be missing in the base, but pending in the increment.
    stream.recordRetention();
  }

  async #writeGroup(group: ConsumerGroup): Promise<void> {
    this.#journal.onGroup(group);
    const names = Array.from(group.consumers(), ({ name }) => Slice.of(name));
    for (const name of names) {
      const consumer = group.consumer(name);
      if (consumer === undefined) continue;
      this.#journal.onConsumer(group.name, consumer.name, consumer.seenAt);
      await this.#inBatches(LAST_ID, (from, visit) => {
        const pending: PendingEntry[] = [];
        const filter = { consumer: name, now: 0 };
        group.visitPending(from, LAST_ID, PENDING_BATCH, filter, (ms, n, _, deliveredAt, deliveries) => {
          pending.push({ ms, n, deliveredAt, deliveries });
          visit({ ms, n });
        });
        if (pending.length > 0) this.#journal.onPending(group.name, consumer.name, pending);
        return pending.length;
      });
    }
  }

  /**
   * Calls `write` with the id from which to write, until it has written nothing.
   * @param write Writes some, passes the id of each to the visitor, and returns how many there were.
   */
  async #inBatches(to: EntryId, write: (from: EntryId, visit: (id: EntryId) => void) => number): Promise<void> {
    let from: EntryId | undefined = FIRST_ID;
    while (from !== undefined) {
      let last: EntryId = to;
      const written = write(from, (id) => {
        last = id;
      });
      if (written === 0) return;
      from = nextId(last);
      if (this.#to.isFull) await this.#to.write();
      if (this.#slices.isOver) await this.#slices.next();
    }
  }
}
