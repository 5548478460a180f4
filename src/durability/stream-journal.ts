import type { RecordSink } from '../journal/index.js';
import { Slice } from '../slice.js';
import { type EntryId, idText } from '../stream/entry-id.js';
import type { GroupState, PendingEntry, StreamRecorder } from '../stream/stream-recorder.js';

/** Appends all changes of the event stream to the journal, or its state to a base. `records.ts` says what each means. */
export class StreamJournal implements StreamRecorder {
  readonly #records: () => RecordSink;

  /** @param records Returns where records are appended. */
  constructor(records: () => RecordSink) {
    this.#records = records;
  }

  onEntry(ms: number, n: number, content: Slice): void {
    this.#records().append('EVENT', { ms, n, content });
  }

  onTrimmed({ ms, n }: EntryId, forgets: boolean): void {
    this.#records().append('TRIMMED', { ms, n, forgets: forgets ? 1 : 0 });
  }

  onGroup({ name, lastId, entriesRead, lost }: GroupState): void {
    const read = Math.min(entriesRead + 1, Number.MAX_SAFE_INTEGER);
    this.#records().append('GROUP', { group: Slice.of(name), lastId: Slice.of(idText(lastId)), read, lost });
  }

  onGroupGone(group: Buffer): void {
    this.#records().append('GROUPGONE', { group: Slice.of(group) });
  }

  onConsumer(group: Buffer, consumer: Buffer, seenAt: number): void {
    this.#records().append('CONSUMER', {
      group: Slice.of(group),
      consumer: Slice.of(consumer),
      seenAt: Math.max(0, Math.floor(seenAt)),
    });
  }

  onConsumerGone(group: Buffer, consumer: Buffer): void {
    this.#records().append('CONSUMERGONE', { group: Slice.of(group), consumer: Slice.of(consumer) });
  }

  onPending(group: Buffer, consumer: Buffer, pending: readonly PendingEntry[]): void {
    const entries = doubles(pending.flatMap(({ ms, n, deliveredAt, deliveries }) => [ms, n, deliveredAt, deliveries]));
    this.#records().append('PENDING', { group: Slice.of(group), consumer: Slice.of(consumer), entries });
  }

  onAcknowledged(group: Buffer, ids: readonly EntryId[]): void {
    const entries = doubles(ids.flatMap(({ ms, n }) => [ms, n]));
    this.#records().append('ACKNOWLEDGED', { group: Slice.of(group), entries });
  }
}

function doubles(numbers: readonly number[]): Slice {
  const bytes = Buffer.allocUnsafe(numbers.length * 8);
  for (const [i, number] of numbers.entries()) bytes.writeDoubleLE(number, i * 8);
  return Slice.of(bytes);
}
