import { CodedError } from '../errors.js';
import type { Slice } from '../slice.js';
import { ConsumerGroup, checkName, type GroupParts } from './consumer-group.js';
import { compareIds, type EntryId, FIRST_ID } from './entry-id.js';
import { EntryLog, type EntryVisitor } from './entry-log.js';
import type { GroupState, StreamRecorder } from './stream-recorder.js';

/** The most groups: each entry that retention removes is compared with each group. */
export const MAX_GROUPS = 1000;

/** What retention keeps. Infinity for no limit. */
export interface Retention {
  /** The most entries. */
  readonly maxLength: number;
  /** The most bytes of entries and of what is pending. */
  readonly maxBytes: number;
  /** Entries before this time, in Unix ms, are removed. */
  readonly oldest: number;
}

/**
 * A stream of entries that are kept for readers who come later, and groups of consumers. It behaves as a stream of
 * Redis 7 from which nobody deletes single entries.
 *
 * An entry's content is any bytes. Ids never go back: if the clock does, the last millisecond is kept and counted up.
 */
export class EventStream {
  readonly #log = new EntryLog();
  readonly #parts: { -readonly [Part in keyof GroupParts]: GroupParts[Part] };
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #waiting = new Set<() => void>();
  #lastId = FIRST_ID;
  #entriesAdded = 0;
  #lost = 0;
  /** The last entry that retention has removed, if that is not recorded yet. */
  #unrecorded: EntryId | undefined;

  constructor() {
    this.#parts = {
      log: this.#log,
      entriesAdded: () => this.#entriesAdded,
      lastId: () => this.#lastId,
      recorder: undefined,
      pendingMemory: { bytes: 0 },
      memory: { bytes: 0 },
    };
  }

  /** Notifies a recorder of all changes from now on. */
  record(recorder: StreamRecorder): void {
    this.#parts.recorder = recorder;
  }

  /** The number of entries. */
  get length(): number {
    return this.#log.length;
  }

  /** Bytes of entries and groups, and of memory that is not given back yet. */
  get bytes(): number {
    return this.#log.bytes + this.#parts.pendingMemory.bytes + this.#parts.memory.bytes;
  }

  /** Bytes of entries and of what is pending, which `Retention.maxBytes` limits. */
  get keptBytes(): number {
    return this.#log.entryBytes + this.#parts.pendingMemory.bytes;
  }

  /** The id of the latest entry ever; 0-0 before the first. */
  get lastId(): EntryId {
    return this.#lastId;
  }

  /** The id of the first entry; 0-0 if there is none. */
  get firstId(): EntryId {
    return this.#log.firstId;
  }

  /** How many entries were ever appended. */
  get entriesAdded(): number {
    return this.#entriesAdded;
  }

  /** How many entries retention has removed before a group had acknowledged them, added up over all groups ever. */
  get lost(): number {
    return this.#lost;
  }

  /** The number of groups. */
  get groupCount(): number {
    return this.#groups.size;
  }

  /**
   * Appends an entry, and calls the callbacks that wait for one.
   * @param at When it happened, in Unix ms.
   * @throws RangeError if the system has no memory. Nothing has changed then.
   */
  append(at: number, content: Slice): void {
    const last = this.#lastId;
    const ms = Math.max(Math.floor(at), last.ms);
    const n = ms === last.ms ? last.n + 1 : 0;
    this.#log.append(ms, n, content);
    this.#lastId = { ms, n };
    this.#entriesAdded++;
    this.#parts.recorder?.onEntry(ms, n, content);
    if (this.#waiting.size > 0) this.#wake();
  }

  /** Restores an entry that was recorded. Does nothing if there was one with this id or a later one. */
  restoreEntry(id: EntryId, content: Slice): void {
    if (compareIds(id, this.#lastId) <= 0) return;
    this.#log.append(id.ms, id.n, content);
    this.#lastId = id;
    this.#entriesAdded++;
  }

  /** Restores the id of the latest entry ever, and how many there were, unless there are later entries. */
  restoreLast(lastId: EntryId, entriesAdded: number): void {
    if (compareIds(lastId, this.#lastId) < 0) return;
    this.#lastId = lastId;
    this.#entriesAdded = entriesAdded;
  }

  /** Removes the entries up to an id and, if `forgets`, from what is pending. */
  restoreTrimmed(through: EntryId, forgets: boolean): void {
    this.#log.removeBefore(through);
    while (this.#log.length > 0 && compareIds(this.#log.firstId, through) <= 0) this.#log.removeFirst();
    if (forgets) for (const group of this.#groups.values()) group.forgetThrough(through);
  }

  /** Restores a group that was recorded. */
  restoreGroup(name: Slice, state: Omit<GroupState, 'name'>): void {
    const group = this.group(name) ?? this.#addGroup(name, state.lastId, state.entriesRead);
    group.restore(state);
  }

  /** Visits up to `count` entries from one id to another, both included, in their order. Returns how many. */
  range(from: EntryId, to: EntryId, count: number, visit: EntryVisitor): number {
    return this.#log.range(from, to, count, visit);
  }

  /** Visits up to `count` entries from one id back to another, both included. Returns how many. */
  rangeBack(from: EntryId, to: EntryId, count: number, visit: EntryVisitor): number {
    return this.#log.rangeBack(from, to, count, visit);
  }

  /** Returns the content of an entry, valid until the stream changes, or undefined if there is no such entry. */
  find(id: EntryId): Slice | undefined {
    return this.#log.find(id);
  }

  /**
   * Calls back once, when the next entry is appended or a group is destroyed. Nothing may be done with the stream
   * within the call.
   * @returns A function that cancels this.
   */
  onAppend(callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => this.#waiting.delete(callback);
  }

  /** Removes the first entries until `length` are left. Pending entries stay pending. Returns how many. */
  trimToLength(length: number): number {
    return this.#trim((log) => log.removeUntil(length));
  }

  /** Removes the entries before an id. Pending entries stay pending. Returns how many. */
  trimBefore(id: EntryId): number {
    return this.#trim((log) => log.removeBefore(id));
  }

  #trim(remove: (log: EntryLog) => number): number {
    const removed = remove(this.#log);
    if (removed > 0) this.#parts.recorder?.onTrimmed(this.#beforeFirst(), false);
    return removed;
  }

  /**
   * Removes entries that are not to be kept, and up to `most` at a time. They are not pending from then on either, and
   * are counted as lost for each group that had not acknowledged them.
   * @returns Whether there are more to remove.
   */
  retain({ maxLength, maxBytes, oldest }: Retention, most: number): boolean {
    const log = this.#log;
    for (let removed = 0; log.length > 0; removed++) {
      const { firstId } = log;
      if (log.length <= maxLength && this.keptBytes <= maxBytes && firstId.ms >= oldest) return false;
      if (removed === most) return true;
      for (const group of this.#groups.values()) if (group.lose(firstId)) this.#lost++;
      this.#unrecorded = firstId;
      // A record for each entry would be a fifth of the journal. What is not recorded is removed again after a restart.
      if (log.removeFirst()) this.recordRetention();
    }
    return false;
  }

  /** Records what retention has removed, if that is not recorded yet. */
  recordRetention(): void {
    const through = this.#unrecorded;
    if (through === undefined) return;
    this.#unrecorded = undefined;
    this.#parts.recorder?.onTrimmed(through, true);
    for (const group of this.#groups.values()) group.recordLoss();
  }

  /** Gives a little unused memory back. Returns whether there is more of it. */
  reclaim(): boolean {
    return this.#log.reclaim();
  }

  /** Returns the groups, in the order of their names. */
  groups(): ConsumerGroup[] {
    return [...this.#groups.values()].sort((a, b) => a.name.compare(b.name));
  }

  group(name: Slice): ConsumerGroup | undefined {
    return this.#groups.get(name.latin1());
  }

  /**
   * Makes a group.
   * @param lastId It reads the entries after this one.
   * @param entriesRead How many entries there were up to that one, -1 if unknown.
   * @returns The group, or undefined if there is one of that name.
   * @throws CodedError if the name is too long, or there are too many groups.
   */
  createGroup(name: Slice, lastId: EntryId, entriesRead = -1): ConsumerGroup | undefined {
    if (this.#groups.has(name.latin1())) return undefined;
    checkName(name, 'consumer group');
    if (this.#groups.size === MAX_GROUPS) {
      throw new CodedError('ERR', `a stream has at most ${MAX_GROUPS} consumer groups`);
    }
    const group = this.#addGroup(name, lastId, entriesRead);
    this.#parts.recorder?.onGroup(group);
    return group;
  }

  /** Removes a group and all that is pending in it. Returns false if there is none. */
  destroyGroup(name: Slice): boolean {
    const group = this.#removeGroup(name);
    if (group === undefined) return false;
    this.#parts.recorder?.onGroupGone(group.name);
    if (this.#waiting.size > 0) this.#wake();
    return true;
  }

  #addGroup(name: Slice, lastId: EntryId, entriesRead: number): ConsumerGroup {
    const group = new ConsumerGroup(name.copy(), lastId, entriesRead, this.#parts);
    this.#groups.set(name.latin1(), group);
    return group;
  }

  #removeGroup(name: Slice): ConsumerGroup | undefined {
    const group = this.group(name);
    group?.dispose();
    this.#groups.delete(name.latin1());
    return group;
  }

  /** Returns an id from which on all entries are, and which is not an entry's itself. */
  #beforeFirst(): EntryId {
    if (this.#log.length === 0) return this.#lastId;
    const { ms, n } = this.#log.firstId;
    return n > 0 ? { ms, n: n - 1 } : { ms: ms - 1, n: 2 ** 32 };
  }

  #wake(): void {
    const callbacks = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of callbacks) callback();
  }
}
