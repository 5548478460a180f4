import { compareIds, type EntryId, idText } from '../../src/stream/entry-id.js';

interface ModelEntry extends EntryId {
  readonly content: string;
}

interface ModelPending extends EntryId {
  consumer: string;
  deliveredAt: number;
  deliveries: number;
}

export interface ModelGroup {
  lastId: EntryId;
  entriesRead: number;
  lost: number;
  pending: ModelPending[];
  /** When each consumer was last seen and last active. */
  readonly consumers: Map<string, { seenAt: number; activeAt: number }>;
}

/** A stream as a plain array, with the rules of Redis 7, written as plainly as possible. */
export class StreamModel {
  entries: ModelEntry[] = [];
  lastId: EntryId = { ms: 0, n: 0 };
  added = 0;
  readonly groups = new Map<string, ModelGroup>();

  append(at: number, content: string): void {
    const ms = Math.max(at, this.lastId.ms);
    const n = ms === this.lastId.ms ? this.lastId.n + 1 : 0;
    this.lastId = { ms, n };
    this.added++;
    this.entries.push({ ms, n, content });
  }

  range(from: EntryId, to: EntryId, count: number): string[] {
    const found = this.entries.filter((entry) => compareIds(entry, from) >= 0 && compareIds(entry, to) <= 0);
    return found.slice(0, count).map(({ ms, n, content }) => `${ms}-${n} ${content}`);
  }

  find(id: EntryId): ModelEntry | undefined {
    return this.entries.find((entry) => compareIds(entry, id) === 0);
  }

  removeFirst(count: number): void {
    this.entries = this.entries.slice(count);
  }

  /** Removes the first entry as retention does. */
  lose(): void {
    const [first] = this.entries.splice(0, 1);
    for (const group of this.groups.values()) {
      const wasPending = group.pending.some((entry) => compareIds(entry, first) === 0);
      const before = group.pending.length;
      group.pending = group.pending.filter((entry) => compareIds(entry, first) > 0);
      const isNew = compareIds(group.lastId, first) < 0;
      if (isNew && group.entriesRead >= 0) group.entriesRead++;
      if (isNew || wasPending || before > group.pending.length) group.lost++;
    }
  }

  countUpTo(id: EntryId): number {
    if (this.added === 0) return 0;
    if (compareIds(id, this.lastId) > 0) return -1;
    if (compareIds(id, this.lastId) === 0 || this.entries.length === 0) return this.added;
    const [first] = this.entries;
    if (compareIds(id, first) < 0) return this.added - this.entries.length;
    return compareIds(id, first) === 0 ? this.added - this.entries.length + 1 : -1;
  }

  lag(group: ModelGroup): number | undefined {
    if (this.added === 0) return 0;
    const read = group.entriesRead >= 0 ? group.entriesRead : this.countUpTo(group.lastId);
    return read < 0 ? undefined : this.added - read;
  }

  see(group: ModelGroup, name: string, now: number): { seenAt: number; activeAt: number } {
    const consumer = group.consumers.get(name) ?? { seenAt: now, activeAt: -1 };
    consumer.seenAt = now;
    group.consumers.set(name, consumer);
    return consumer;
  }

  read(group: ModelGroup, name: string, count: number, noAck: boolean, now: number): string[] {
    const consumer = this.see(group, name, now);
    const found = this.entries.filter((entry) => compareIds(entry, group.lastId) > 0).slice(0, count);
    for (const entry of found) {
      group.lastId = { ms: entry.ms, n: entry.n };
      group.entriesRead = group.entriesRead >= 0 ? group.entriesRead + 1 : this.countUpTo(entry);
      if (!noAck) this.deliver(group, entry, name, now, 1);
      consumer.activeAt = now;
    }
    return found.map(({ ms, n, content }) => `${ms}-${n} ${content}`);
  }

  history(group: ModelGroup, name: string, after: EntryId, count: number, now: number): string[] {
    this.see(group, name, now);
    const own = group.pending.filter((entry) => entry.consumer === name && compareIds(entry, after) > 0);
    return own.slice(0, count).map((pending) => {
      const entry = this.find(pending);
      if (entry === undefined) return `${idText(pending)} gone`;
      pending.deliveredAt = now;
      pending.deliveries++;
      return `${idText(entry)} ${entry.content}`;
    });
  }

  deliver(group: ModelGroup, { ms, n }: EntryId, consumer: string, deliveredAt: number, deliveries: number): void {
    group.pending = group.pending.filter((entry) => compareIds(entry, { ms, n }) !== 0);
    group.pending.push({ ms, n, consumer, deliveredAt, deliveries });
    group.pending.sort(compareIds);
  }

  forget(group: ModelGroup, id: EntryId): boolean {
    const before = group.pending.length;
    group.pending = group.pending.filter((entry) => compareIds(entry, id) !== 0);
    return group.pending.length < before;
  }

  claim(
    group: ModelGroup,
    name: string,
    ids: readonly EntryId[],
    { minIdle, now, force, justId }: { minIdle: number; now: number; force: boolean; justId: boolean },
  ): string[] {
    const claimed: string[] = [];
    for (const id of ids) {
      const entry = this.find(id);
      const pending = group.pending.find((other) => compareIds(other, id) === 0);
      if (entry === undefined) {
        this.forget(group, id);
        continue;
      }
      if (pending === undefined ? !force : minIdle > 0 && now - pending.deliveredAt < minIdle) continue;
      this.see(group, name, now).activeAt = now;
      this.deliver(group, id, name, now, (pending?.deliveries ?? 1) + (justId ? 0 : 1));
      claimed.push(`${idText(id)} ${entry.content}`);
    }
    return claimed;
  }

  autoclaim(
    group: ModelGroup,
    name: string,
    from: EntryId,
    { count, minIdle, now, justId }: { count: number; minIdle: number; now: number; justId: boolean },
  ): { claimed: string[]; gone: string[]; next: string } {
    const claimed: string[] = [];
    const gone: string[] = [];
    const rest = group.pending.filter((entry) => compareIds(entry, from) >= 0);
    for (let looks = count * 10; looks > 0 && rest.length > 0 && claimed.length + gone.length < count; looks--) {
      const [pending] = rest.splice(0, 1);
      const entry = this.find(pending);
      if (entry === undefined) {
        this.forget(group, pending);
        gone.push(idText(pending));
      } else if (minIdle === 0 || now - pending.deliveredAt >= minIdle) {
        this.see(group, name, now).activeAt = now;
        this.deliver(group, pending, name, now, pending.deliveries + (justId ? 0 : 1));
        claimed.push(`${idText(entry)} ${entry.content}`);
      }
    }
    return { claimed, gone, next: rest.length > 0 ? idText(rest[0]) : '0-0' };
  }
}
