import { CodedError } from '../errors.js';
import type { Slice } from '../slice.js';
import { compareIds, type EntryId, FIRST_ID, LAST_ID, nextId } from './entry-id.js';
import type { EntryLog, EntryVisitor } from './entry-log.js';
import { type ByteCount, SortedIds } from './sorted-ids.js';
import type { GroupState, PendingEntry, StreamRecorder } from './stream-recorder.js';

/** The most consumers that a group may have, because they take memory. */
export const MAX_CONSUMERS = 100_000;
/** The longest name of a group or a consumer, in bytes. */
export const MAX_GROUP_NAME = 512;
/** Roughly how many bytes a group or a consumer takes besides its name and its lists. */
const OBJECT_BYTES = 300;
/** A consumer with fewer pending entries than this is deleted without a pass through all of its group. */
const FEW = 1000;
/** XAUTOCLAIM looks at this many pending entries for each that it may claim, as in Redis. */
const LOOKS_PER_CLAIM = 10;

/** The columns of a pending entry after its id: the number of its consumer, when it was delivered, and how often. */
const CONSUMER = 2;
const DELIVERED_AT = 3;
const DELIVERIES = 4;
const PENDING_WIDTH = 5;
const ID_WIDTH = 2;

/** What a group uses of its stream. */
export interface GroupParts {
  readonly log: EntryLog;
  /** How many entries were ever appended. */
  entriesAdded(): number;
  lastId(): EntryId;
  readonly recorder: StreamRecorder | undefined;
  /** Counts what pending entries take, and what groups and consumers take besides. */
  readonly pendingMemory: ByteCount;
  readonly memory: ByteCount;
}

/** A consumer of a group. Times are Unix ms. */
export interface Consumer {
  readonly name: Buffer;
  /** When it last asked for entries, and when it last got any; -1 for never. */
  readonly seenAt: number;
  readonly activeAt: number;
  /** The number of entries that are pending for it. */
  readonly pending: number;
}

/** @param content Undefined if the entry is no longer in the stream. Valid until the next entry is visited. */
export type HistoryVisitor = (ms: number, n: number, content: Slice | undefined) => void;

/** @param consumer The name of the consumer that it was delivered to. Times are Unix ms. */
export type PendingVisitor = (ms: number, n: number, consumer: Buffer, deliveredAt: number, deliveries: number) => void;

export interface ReadOptions {
  /** The most entries. */
  readonly count: number;
  /** Whether the entries do not become pending. */
  readonly noAck: boolean;
  /** The time, in Unix ms. */
  readonly now: number;
}

export interface PendingFilter {
  /** Only entries that were last delivered at least this many ms before `now`. */
  readonly minIdle?: number;
  readonly consumer?: Slice | undefined;
  readonly now: number;
}

export interface ClaimOptions {
  /** Only entries that were last delivered at least this many ms before `now`. */
  readonly minIdle: number;
  readonly now: number;
  /** When the entries count as delivered. Default `now`. */
  readonly deliveredAt?: number | undefined;
  /** How often the entries count as delivered. Default: once more than before, or as before with `justId`. */
  readonly deliveries?: number | undefined;
  /** Whether an entry that is not pending becomes so. */
  readonly force?: boolean;
  readonly justId?: boolean;
}

export interface AutoclaimOptions {
  readonly count: number;
  readonly minIdle: number;
  readonly now: number;
  readonly justId?: boolean;
}

export interface PendingSummary {
  readonly count: number;
  /** The first and the last id; undefined if nothing is pending. */
  readonly first: EntryId | undefined;
  readonly last: EntryId | undefined;
  /** The consumers with pending entries, in the order of their names. */
  readonly consumers: readonly Consumer[];
}

class GroupConsumer implements Consumer {
  readonly name: Buffer;
  readonly number: number;
  readonly ids: SortedIds;
  seenAt: number;
  activeAt = -1;

  constructor(name: Buffer, number: number, now: number, pendingMemory: ByteCount) {
    this.name = name;
    this.number = number;
    this.seenAt = now;
    this.ids = new SortedIds(ID_WIDTH, pendingMemory);
  }

  get pending(): number {
    return this.ids.length;
  }
}

/**
 * A group of consumers, with the semantics of Redis: each entry is delivered to one of its consumers and stays pending
 * until it is acknowledged.
 *
 * Pending entries are in a list for the group and one for each consumer.
 */
export class ConsumerGroup implements GroupState {
  readonly name: Buffer;
  readonly #parts: GroupParts;
  readonly #pending: SortedIds;
  readonly #consumers = new Map<string, GroupConsumer>();
  /** By number, which pending entries have. */
  readonly #byNumber: (GroupConsumer | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
  #lastId: EntryId;
  #entriesRead: number;
  #lost = 0;
  /** Whether it lost entries that are not recorded yet. */
  #hasUnrecordedLoss = false;

  /** The stream makes groups. */
  constructor(name: Buffer, lastId: EntryId, entriesRead: number, parts: GroupParts) {
    this.name = name;
    this.#parts = parts;
    this.#pending = new SortedIds(PENDING_WIDTH, parts.pendingMemory);
    this.#lastId = lastId;
    this.#entriesRead = entriesRead;
    parts.memory.bytes += OBJECT_BYTES + name.length;
  }

  get lastId(): EntryId {
    return this.#lastId;
  }

  get entriesRead(): number {
    return this.#entriesRead;
  }

  get lost(): number {
    return this.#lost;
  }

  /** How many entries are pending. */
  get pending(): number {
    return this.#pending.length;
  }

  /** How many entries of the stream were not delivered yet. */
  get unread(): number {
    return this.#parts.log.countAfter(this.#lastId);
  }

  /**
   * How many entries were not delivered yet, as Redis counts them: undefined where it does not know, and together with
   * those that XTRIM has removed.
   */
  get lag(): number | undefined {
    const added = this.#parts.entriesAdded();
    if (added === 0) return 0;
    const read = this.#entriesRead >= 0 ? this.#entriesRead : this.#countUpTo(this.#lastId);
    return read < 0 ? undefined : added - read;
  }

  /** The number of consumers. */
  get size(): number {
    return this.#consumers.size;
  }

  /** Returns the consumers. */
  consumers(): IterableIterator<Consumer> {
    return this.#consumers.values();
  }

  consumer(name: Slice): Consumer | undefined {
    return this.#consumers.get(name.latin1());
  }

  /** Notes that a consumer asked for entries. Does nothing if there is no such consumer. */
  see(name: Slice, now: number): void {
    const consumer = this.#consumers.get(name.latin1());
    if (consumer !== undefined) consumer.seenAt = now;
  }

  /**
   * Makes a consumer. Returns false if there was one of that name.
   * @throws CodedError if the name is too long, or the group has too many consumers.
   */
  createConsumer(name: Slice, now: number): boolean {
    const key = name.latin1();
    if (this.#consumers.has(key)) return false;
    checkName(name, 'consumer');
    if (this.#consumers.size === MAX_CONSUMERS) {
      throw new CodedError('ERR', `a consumer group has at most ${MAX_CONSUMERS} consumers`);
    }
    const { recorder } = this.#parts;
    const consumer = this.#addConsumer(key, name.copy(), now);
    recorder?.onConsumer(this.name, consumer.name, now);
    return true;
  }

  /**
   * Deletes a consumer and what is pending for it. Takes 5 ms for each million entries that are pending in the group.
   * @returns How many entries were pending for it, or undefined if there is no such consumer.
   */
  deleteConsumer(name: Slice): number | undefined {
    const key = name.latin1();
    const consumer = this.#consumers.get(key);
    if (consumer === undefined) return undefined;
    const { ids } = consumer;
    const count = ids.length;
    if (count < FEW) {
      for (ids.seekFirst(); !ids.isAtEnd; ids.next()) if (this.#pending.seek(ids.id())) this.#pending.remove();
    } else {
      this.#pending.removeAll(CONSUMER, consumer.number);
    }
    ids.clear();
    this.#consumers.delete(key);
    this.#byNumber[consumer.number] = undefined;
    this.#freeNumbers.push(consumer.number);
    this.#parts.memory.bytes -= OBJECT_BYTES + consumer.name.length;
    this.#parts.recorder?.onConsumerGone(this.name, consumer.name);
    return count;
  }

  /** Sets the last delivered id. `entriesRead` is -1 if unknown. */
  setId(id: EntryId, entriesRead: number): void {
    this.#lastId = id;
    this.#entriesRead = entriesRead;
    this.#parts.recorder?.onGroup(this);
  }

  /**
   * Delivers new entries to a consumer, which is made if there is none.
   * @returns How many.
   * @throws CodedError as `createConsumer` does.
   */
  read(name: Slice, { count, noAck, now }: ReadOptions, visit: EntryVisitor): number {
    const { log, recorder } = this.#parts;
    const consumer = this.#seen(name, now);
    const from = nextId(this.#lastId);
    if (from === undefined) return 0;
    const delivered: PendingEntry[] = [];
    const read = log.range(from, LAST_ID, count, (ms, n, content) => {
      const id = { ms, n };
      this.#lastId = id;
      this.#entriesRead = this.#entriesRead >= 0 ? this.#entriesRead + 1 : this.#countUpTo(id);
      if (!noAck) {
        this.#deliver(consumer, id, now, 1);
        if (recorder !== undefined) delivered.push({ ms, n, deliveredAt: now, deliveries: 1 });
      }
      visit(ms, n, content);
    });
    if (read === 0) return 0;
    consumer.activeAt = now;
    if (delivered.length > 0) recorder?.onPending(this.name, consumer.name, delivered);
    recorder?.onGroup(this);
    return read;
  }

  /**
   * Visits what is pending for a consumer after an id, and counts those that are still in the stream as delivered
   * again. The consumer is made if there is none.
   * @returns How many were visited.
   * @throws CodedError as `createConsumer` does.
   */
  history(name: Slice, after: EntryId, { count, now }: Omit<ReadOptions, 'noAck'>, visit: HistoryVisitor): number {
    const { log, recorder } = this.#parts;
    const consumer = this.#seen(name, now);
    const { ids } = consumer;
    const again: PendingEntry[] = [];
    if (ids.seek(after)) ids.next();
    let visited = 0;
    for (; visited < count && !ids.isAtEnd; ids.next(), visited++) {
      const id = ids.id();
      const content = log.find(id);
      if (content !== undefined) {
        const pending = this.#pending;
        pending.seek(id);
        const deliveries = pending.get(DELIVERIES) + 1;
        pending.set(DELIVERED_AT, now);
        pending.set(DELIVERIES, deliveries);
        if (recorder !== undefined) again.push({ ...id, deliveredAt: now, deliveries });
      }
      visit(id.ms, id.n, content);
    }
    if (again.length > 0) recorder?.onPending(this.name, consumer.name, again);
    return visited;
  }

  /** Acknowledges entries. Returns how many of them were pending. */
  acknowledge(ids: readonly EntryId[]): number {
    const acknowledged = ids.filter((id) => this.#forget(id));
    if (acknowledged.length > 0) this.#parts.recorder?.onAcknowledged(this.name, acknowledged);
    return acknowledged.length;
  }

  /** Returns the entry's place among those that are pending, or undefined if it is not. */
  pendingEntry(id: EntryId): (PendingEntry & { readonly consumer: Buffer }) | undefined {
    const pending = this.#pending;
    if (!pending.seek(id)) return undefined;
    const consumer = this.#consumerAt().name;
    return { ...id, consumer, deliveredAt: pending.get(DELIVERED_AT), deliveries: pending.get(DELIVERIES) };
  }

  summary(): PendingSummary {
    const pending = this.#pending;
    const consumers = [...this.#consumers.values()].filter(({ ids }) => ids.length > 0);
    consumers.sort((a, b) => a.name.compare(b.name));
    if (pending.length === 0) return { count: 0, first: undefined, last: undefined, consumers };
    pending.seekFirst();
    const first = pending.id();
    pending.seekLast();
    return { count: pending.length, first, last: pending.id(), consumers };
  }

  /** Visits up to `count` pending entries from one id to another, both included. Returns how many. */
  visitPending(from: EntryId, to: EntryId, count: number, filter: PendingFilter, visit: PendingVisitor): number {
    const { minIdle = 0, consumer: name, now } = filter;
    const pending = this.#pending;
    const consumer = name === undefined ? undefined : this.#consumers.get(name.latin1());
    if (name !== undefined && consumer === undefined) return 0;
    const ids = consumer?.ids ?? pending;
    let visited = 0;
    for (ids.seek(from); visited < count && !ids.isAtEnd; ids.next()) {
      const id = ids.id();
      if (compareIds(id, to) > 0) break;
      if (ids !== pending) pending.seek(id);
      const deliveredAt = pending.get(DELIVERED_AT);
      if (minIdle > 0 && now - deliveredAt < minIdle) continue;
      visited++;
      visit(id.ms, id.n, this.#consumerAt().name, deliveredAt, pending.get(DELIVERIES));
    }
    return visited;
  }

  /**
   * Makes pending entries those of another consumer, which is made if there is none and something is claimed. An entry
   * that is no longer in the stream is not pending from then on.
   * @returns How many were claimed.
   * @throws CodedError as `createConsumer` does.
   */
  claim(name: Slice, ids: readonly EntryId[], options: ClaimOptions, visit: EntryVisitor): number {
    const { minIdle, now, deliveredAt = now, force = false } = options;
    const { log } = this.#parts;
    const pending = this.#pending;
    const claimed: PendingEntry[] = [];
    const gone: EntryId[] = [];
    let consumer: GroupConsumer | undefined;
    for (const id of ids) {
      const content = log.find(id);
      const isPending = pending.seek(id);
      if (content === undefined) {
        if (isPending) gone.push(id);
        if (isPending) this.#forget(id);
        continue;
      }
      if (!isPending && !force) continue;
      if (isPending && minIdle > 0 && now - pending.get(DELIVERED_AT) < minIdle) continue;
      consumer ??= this.#seen(name, now);
      const before = isPending ? pending.get(DELIVERIES) : 1;
      const deliveries = options.deliveries ?? (options.justId ? before : before + 1);
      this.#deliver(consumer, id, deliveredAt, deliveries);
      claimed.push({ ...id, deliveredAt, deliveries });
      visit(id.ms, id.n, content);
    }
    this.#recordClaim(consumer, claimed, gone, now);
    return claimed.length;
  }

  /**
   * Claims pending entries from an id on, in their order, as `claim` does.
   * @returns Where to continue, 0-0 if that was all, and the ids that are no longer pending because their entries are
   *   no longer in the stream.
   * @throws CodedError as `createConsumer` does.
   */
  autoclaim(
    name: Slice,
    from: EntryId,
    options: AutoclaimOptions,
    visit: EntryVisitor,
  ): { readonly next: EntryId; readonly gone: readonly EntryId[] } {
    const { minIdle, now, justId } = options;
    const { log } = this.#parts;
    const pending = this.#pending;
    const claimed: PendingEntry[] = [];
    const gone: EntryId[] = [];
    let consumer: GroupConsumer | undefined;
    let looks = options.count * LOOKS_PER_CLAIM;
    pending.seek(from);
    while (looks-- > 0 && claimed.length + gone.length < options.count && !pending.isAtEnd) {
      const id = pending.id();
      const content = log.find(id);
      if (content === undefined) {
        gone.push(id);
        this.#forget(id);
        continue;
      }
      if (minIdle === 0 || now - pending.get(DELIVERED_AT) >= minIdle) {
        consumer ??= this.#seen(name, now);
        const deliveries = pending.get(DELIVERIES) + (justId ? 0 : 1);
        this.#deliver(consumer, id, now, deliveries);
        claimed.push({ ...id, deliveredAt: now, deliveries });
        visit(id.ms, id.n, content);
      }
      pending.next();
    }
    const next = pending.isAtEnd ? FIRST_ID : pending.id();
    this.#recordClaim(consumer, claimed, gone, now);
    return { next, gone };
  }

  /** Moves the last delivered id forward, as `LASTID` of XCLAIM does. */
  advance(id: EntryId): void {
    if (compareIds(id, this.#lastId) <= 0) return;
    this.#lastId = id;
    this.#parts.recorder?.onGroup(this);
  }

  /** Notes that retention has removed the stream's first entry. Returns whether the group had needed it. */
  lose(id: EntryId): boolean {
    let isLost = this.forgetThrough(id) > 0;
    if (compareIds(this.#lastId, id) < 0) {
      isLost = true;
      if (this.#entriesRead >= 0) this.#entriesRead++;
    }
    if (isLost) {
      this.#lost++;
      this.#hasUnrecordedLoss = true;
    }
    return isLost;
  }

  /** Records what the group has lost, if that is not recorded yet. */
  recordLoss(): void {
    if (!this.#hasUnrecordedLoss) return;
    this.#hasUnrecordedLoss = false;
    this.#parts.recorder?.onGroup(this);
  }

  /** Makes entries up to an id not pending. Returns how many were. */
  forgetThrough(id: EntryId): number {
    const pending = this.#pending;
    let count = 0;
    for (pending.seekFirst(); !pending.isAtEnd; count++) {
      const first = pending.id();
      if (compareIds(first, id) > 0) break;
      this.#forget(first);
    }
    return count;
  }

  /** Frees the memory of the group, which is not used any more. */
  dispose(): void {
    const { memory } = this.#parts;
    for (const { name, ids } of this.#consumers.values()) {
      ids.clear();
      memory.bytes -= OBJECT_BYTES + name.length;
    }
    this.#pending.clear();
    memory.bytes -= OBJECT_BYTES + this.name.length;
  }

  /** Restores the state that was recorded. */
  restore({ lastId, entriesRead, lost }: Omit<GroupState, 'name'>): void {
    this.#lastId = lastId;
    this.#entriesRead = entriesRead;
    this.#lost = lost;
  }

  /** Restores an entry that was recorded as pending. */
  restorePending(name: Slice, { ms, n, deliveredAt, deliveries }: PendingEntry): void {
    const key = name.latin1();
    const consumer = this.#consumers.get(key) ?? this.#addConsumer(key, name.copy(), deliveredAt);
    consumer.seenAt = Math.max(consumer.seenAt, deliveredAt);
    consumer.activeAt = Math.max(consumer.activeAt, deliveredAt);
    this.#deliver(consumer, { ms, n }, deliveredAt, deliveries);
  }

  /** Makes an entry pending for a consumer, whoever it was pending for. The position is at the entry afterwards. */
  #deliver(consumer: GroupConsumer, id: EntryId, deliveredAt: number, deliveries: number): void {
    const pending = this.#pending;
    const isNew = pending.insert(id);
    if (isNew || pending.get(CONSUMER) !== consumer.number) {
      if (!isNew) removeFrom(this.#consumerAt(), id);
      consumer.ids.insert(id);
      pending.set(CONSUMER, consumer.number);
    }
    pending.set(DELIVERED_AT, deliveredAt);
    pending.set(DELIVERIES, deliveries);
  }

  /** Makes an entry not pending, and moves to the one after it. Returns whether it was pending. */
  #forget(id: EntryId): boolean {
    if (!this.#pending.seek(id)) return false;
    removeFrom(this.#consumerAt(), id);
    this.#pending.remove();
    return true;
  }

  #consumerAt(): GroupConsumer {
    return this.#byNumber[this.#pending.get(CONSUMER)] as GroupConsumer;
  }

  #seen(name: Slice, now: number): GroupConsumer {
    this.createConsumer(name, now);
    const consumer = this.#consumers.get(name.latin1()) as GroupConsumer;
    consumer.seenAt = now;
    return consumer;
  }

  #addConsumer(key: string, name: Buffer, now: number): GroupConsumer {
    const { memory, pendingMemory } = this.#parts;
    const number = this.#freeNumbers.pop() ?? this.#byNumber.length;
    const consumer = new GroupConsumer(name, number, now, pendingMemory);
    this.#byNumber[number] = consumer;
    this.#consumers.set(key, consumer);
    memory.bytes += OBJECT_BYTES + name.length;
    return consumer;
  }

  #recordClaim(
    consumer: GroupConsumer | undefined,
    claimed: readonly PendingEntry[],
    gone: readonly EntryId[],
    now: number,
  ): void {
    const { recorder } = this.#parts;
    if (gone.length > 0) recorder?.onAcknowledged(this.name, gone);
    if (consumer === undefined || claimed.length === 0) return;
    consumer.activeAt = now;
    recorder?.onPending(this.name, consumer.name, claimed);
  }

  /**
   * Returns how many entries were appended up to an id, or -1 if that is unknown. It is known where Redis knows it: at
   * the ends of the stream.
   */
  #countUpTo(id: EntryId): number {
    const { log, entriesAdded, lastId } = this.#parts;
    const added = entriesAdded();
    if (added === 0) return 0;
    const toLast = compareIds(id, lastId());
    if (toLast === 0 || (log.length === 0 && toLast < 0)) return added;
    if (toLast > 0) return -1;
    const toFirst = compareIds(id, log.firstId);
    if (toFirst < 0) return added - log.length;
    return toFirst === 0 ? added - log.length + 1 : -1;
  }
}

/**
 * Checks the length of the name of a group or a consumer.
 * @throws CodedError if it is too long.
 */
export function checkName(name: Slice, of: 'consumer' | 'consumer group'): void {
  if (name.length <= MAX_GROUP_NAME) return;
  throw new CodedError('ERR', `the name of a ${of} is at most ${MAX_GROUP_NAME} bytes long`);
}

function removeFrom({ ids }: GroupConsumer, id: EntryId): void {
  if (ids.seek(id)) ids.remove();
}
