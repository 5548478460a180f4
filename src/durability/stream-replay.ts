import { fieldIndexes, type JournalRecord, type RecordName } from '../journal/index.js';
import type { Slice } from '../slice.js';
import type { ConsumerGroup } from '../stream/consumer-group.js';
import { compareIds, type EntryId, FIRST_ID, parseId } from '../stream/entry-id.js';
import type { EventStream } from '../stream/event-stream.js';

const EVENT = fieldIndexes('EVENT');
const STREAM = fieldIndexes('STREAM');
const TRIMMED = fieldIndexes('TRIMMED');
const GROUP = fieldIndexes('GROUP');
const CONSUMER = fieldIndexes('CONSUMER');
const CONSUMERGONE = fieldIndexes('CONSUMERGONE');
const PENDING = fieldIndexes('PENDING');
const ACKNOWLEDGED = fieldIndexes('ACKNOWLEDGED');

/** The longest id, as text: two times 2^64 - 1 with a hyphen. */
const LONGEST_ID = 41;

type Handler = (record: JournalRecord) => void;

type StreamRecord = Extract<
  RecordName,
  'EVENT' | 'STREAM' | 'TRIMMED' | 'GROUP' | 'GROUPGONE' | 'CONSUMER' | 'CONSUMERGONE' | 'PENDING' | 'ACKNOWLEDGED'
>;

/** Replays the records of the event stream. `records.ts` says what each record means. */
export class StreamReplay {
  readonly handlers: Record<StreamRecord, Handler>;
  readonly #stream: EventStream | undefined;
  #lastId: EntryId = FIRST_ID;
  #entriesAdded = 0;
  #isDropped = false;

  /** @param stream Undefined if there is no stream now. Then only the latest id is kept. */
  constructor(stream: EventStream | undefined) {
    this.#stream = stream;
    const ofGroup =
      (apply: (group: ConsumerGroup, record: JournalRecord) => void): Handler =>
      (record) => {
        const group = stream?.group(record.slice(GROUP.group));
        if (group !== undefined) apply(group, record);
      };
    this.handlers = {
      EVENT: (record) => this.#replayEntry(record),
      STREAM: (record) => this.#replayLast(record),
      TRIMMED: (record) => {
        const through = { ms: record.integer(TRIMMED.ms), n: record.integer(TRIMMED.n) };
        stream?.restoreTrimmed(through, record.integer(TRIMMED.forgets) === 1);
      },
      GROUP: (record) => {
        stream?.restoreGroup(record.slice(GROUP.group), {
          lastId: idIn(record.slice(GROUP.lastId)),
          entriesRead: record.integer(GROUP.read) - 1,
          lost: record.integer(GROUP.lost),
        });
      },
      GROUPGONE: (record) => {
        stream?.destroyGroup(record.slice(GROUP.group));
      },
      CONSUMER: ofGroup((group, record) =>
        group.createConsumer(record.slice(CONSUMER.consumer), record.integer(CONSUMER.seenAt)),
      ),
      CONSUMERGONE: ofGroup((group, record) => group.deleteConsumer(record.slice(CONSUMERGONE.consumer))),
      PENDING: ofGroup((group, record) => {
        const consumer = record.slice(PENDING.consumer);
        for (const [ms, n, deliveredAt, deliveries] of tuplesIn(record.slice(PENDING.entries), 4)) {
          group.restorePending(consumer, { ms, n, deliveredAt, deliveries });
        }
      }),
      ACKNOWLEDGED: ofGroup((group, record) =>
        group.acknowledge(tuplesIn(record.slice(ACKNOWLEDGED.entries), 2).map(([ms, n]) => ({ ms, n }))),
      ),
    };
  }

  /** The id of the latest entry that there was, and how many there were. */
  get last(): { readonly lastId: EntryId; readonly entriesAdded: number } {
    return this.#stream ?? { lastId: this.#lastId, entriesAdded: this.#entriesAdded };
  }

  /** Whether there were entries that the next compaction drops, because there is no stream now. */
  get isDropped(): boolean {
    return this.#isDropped;
  }

  #replayEntry(record: JournalRecord): void {
    const id = { ms: record.integer(EVENT.ms), n: record.integer(EVENT.n) };
    if (id.n >= 2 ** 32) throw new RangeError('the second part of an id is too large');
    if (this.#stream !== undefined) {
      this.#stream.restoreEntry(id, record.slice(EVENT.content));
      return;
    }
    this.#isDropped = true;
    if (compareIds(id, this.#lastId) > 0) {
      this.#lastId = id;
      this.#entriesAdded++;
    }
  }

  #replayLast(record: JournalRecord): void {
    const id = { ms: record.integer(STREAM.ms), n: record.integer(STREAM.n) };
    const added = record.integer(STREAM.added);
    if (this.#stream !== undefined) this.#stream.restoreLast(id, added);
    else if (compareIds(id, this.#lastId) >= 0) {
      this.#lastId = id;
      this.#entriesAdded = added;
    }
  }
}

function idIn(text: Slice): EntryId {
  if (text.length > LONGEST_ID || !/^\d+-\d+$/.test(text.latin1())) throw new RangeError('an id is invalid');
  return parseId(text.latin1());
}

/** Reads tuples of doubles that are not negative. */
function tuplesIn({ bytes, start, end }: Slice, width: number): number[][] {
  const size = width * 8;
  if ((end - start) % size !== 0) throw new RangeError('a list of entries has a wrong length');
  const tuples: number[][] = [];
  for (let at = start; at < end; at += size) {
    const tuple = Array.from({ length: width }, (_, i) => bytes.readDoubleLE(at + i * 8));
    if (!tuple.every((number) => number >= 0)) throw new RangeError('a list of entries has an invalid number');
    tuples.push(tuple);
  }
  return tuples;
}
