import type { Slice } from '../slice.js';
import type { EntryId } from './entry-id.js';

/** The state of a consumer group, as it is recorded. */
export interface GroupState {
  readonly name: Buffer;
  /** The last entry that was delivered as new. */
  readonly lastId: EntryId;
  /** How many entries were, counted from the stream's first; -1 if unknown. */
  readonly entriesRead: number;
  /** How many entries retention has removed that the group had not acknowledged. */
  readonly lost: number;
}

/** An entry that was delivered and not acknowledged. */
export interface PendingEntry extends EntryId {
  /** When it was last delivered, in Unix ms, and how often it was. */
  readonly deliveredAt: number;
  readonly deliveries: number;
}

/** Is notified of every change of a stream as it happens, to record it. Each call says what is true from then on. */
export interface StreamRecorder {
  onEntry(ms: number, n: number, content: Slice): void;
  /** There are no entries up to this one. If `forgets`, none of them is pending either. */
  onTrimmed(through: EntryId, forgets: boolean): void;
  onGroup(group: GroupState): void;
  onGroupGone(name: Buffer): void;
  onConsumer(group: Buffer, consumer: Buffer, seenAt: number): void;
  /** The consumer is gone, with all that was pending for it. */
  onConsumerGone(group: Buffer, consumer: Buffer): void;
  /** These entries are pending for the consumer. */
  onPending(group: Buffer, consumer: Buffer, entries: readonly PendingEntry[]): void;
  /** These entries are not pending in the group. */
  onAcknowledged(group: Buffer, ids: readonly EntryId[]): void;
}
