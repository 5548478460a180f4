import fc from 'fast-check';
import { expect } from 'vitest';
import { Slice } from '../../src/slice.js';
import type { ConsumerGroup } from '../../src/stream/consumer-group.js';
import { compareIds, type EntryId, FIRST_ID, idText, LAST_ID } from '../../src/stream/entry-id.js';
import { EventStream } from '../../src/stream/event-stream.js';
import { type ModelGroup, StreamModel } from './stream-model.js';

export const bytes = (text: string) => Slice.of(Buffer.from(text, 'latin1'));

/** Returns the visitor that fills a list, and the list. */
function listing(): [string[], (ms: number, n: number, content: Slice | undefined) => void] {
  const list: string[] = [];
  return [list, (ms, n, content) => list.push(`${ms}-${n} ${content?.latin1() ?? 'gone'}`)];
}

export function contents(stream: EventStream, from = FIRST_ID, to = LAST_ID, count = Infinity): string[] {
  const [list, visit] = listing();
  expect(stream.range(from, to, count, visit)).toBe(list.length);
  return list;
}

/** Returns all that a group shows of itself. */
export function stateOf(group: ConsumerGroup, now: number) {
  const pending: string[] = [];
  group.visitPending(FIRST_ID, LAST_ID, Infinity, { now }, (ms, n, consumer, deliveredAt, deliveries) =>
    pending.push(`${ms}-${n} ${consumer} ${deliveredAt} ${deliveries}`),
  );
  const { lag, unread, entriesRead, lost, lastId, size } = group;
  const consumers = [...group.consumers()].map(({ name, seenAt, activeAt, pending: own }) =>
    [name, seenAt, activeAt, own].join(' '),
  );
  return { lag, unread, entriesRead, lost, lastId: idText(lastId), size, consumers: consumers.sort(), pending };
}

function modelState(model: StreamModel, group: ModelGroup) {
  const pending = group.pending.map(
    ({ ms, n, consumer, deliveredAt, deliveries }) => `${ms}-${n} ${consumer} ${deliveredAt} ${deliveries}`,
  );
  const { entriesRead, lost, lastId, consumers } = group;
  const described = [...consumers].map(([name, { seenAt, activeAt }]) =>
    [name, seenAt, activeAt, group.pending.filter(({ consumer }) => consumer === name).length].join(' '),
  );
  return {
    lag: model.lag(group),
    unread: model.entries.filter((entry) => compareIds(entry, lastId) > 0).length,
    entriesRead,
    lost,
    lastId: idText(lastId),
    size: consumers.size,
    consumers: described.sort(),
    pending,
  };
}

const index = fc.double({ min: 0, max: 1, noNaN: true });
const group = fc.constantFrom('g', 'h');
const consumer = fc.constantFrom('alice', 'bob', 'carol');
const count = fc.constantFrom(0, 1, 2, 7, 50, 400, Infinity);
const minIdle = fc.constantFrom(0, 1, 5);
const flag = fc.boolean();

/** Something that is done with a stream. */
export const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      times: fc.constantFrom(1, 3, 40, 300),
      length: fc.constantFrom(0, 1, 5, 90, 700),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('long' as const),
      length: fc.constantFrom(65_519, 65_520, 65_521, 200_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: -3, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('range' as const), from: index, to: index, count }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim' as const), keep: index, byId: flag }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('retain' as const), keep: index, most: fc.constantFrom(1, 10, 1000) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('create' as const), group, at: index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('setId' as const), group, at: index }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('destroy' as const), group }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('createConsumer' as const), group, consumer }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteConsumer' as const), group, consumer }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), group, consumer, count, noAck: flag }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('history' as const), group, consumer, count, after: index }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('ack' as const), group, picks: fc.array(index, { maxLength: 60 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      group,
      consumer,
      picks: fc.array(index, { maxLength: 20 }),
      minIdle,
      force: flag,
      justId: flag,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('autoclaim' as const),
      group,
      consumer,
      from: index,
      count: fc.constantFrom(1, 5, 300),
      minIdle,
      justId: flag,
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A stream and its model, to which the same is done. */
export class Pair {
  readonly stream = new EventStream();
  readonly model = new StreamModel();
  now = 1000;
  /** The ids of all entries ever. */
  readonly ids: EntryId[] = [];

  do(step: Step): void {
    const { stream, model, now } = this;
    if ('group' in step && step.kind !== 'create') {
      const own = stream.group(bytes(step.group));
      const expected = model.groups.get(step.group);
      expect(own === undefined).toBe(expected === undefined);
      if (own !== undefined && expected !== undefined) this.doInGroup(step, own, expected);
      return;
    }
    switch (step.kind) {
      case 'append':
      case 'long':
        for (let i = 0; i < ('times' in step ? step.times : 1); i++) {
          const content = `${model.added}`.padEnd(step.length, '.');
          stream.append(now, bytes(content));
          model.append(now, content);
          expect(stream.lastId).toEqual(model.lastId);
          this.ids.push(model.lastId);
        }
        return;
      case 'time':
        this.now += step.ms;
        return;
      case 'range': {
        const [from, to] = [this.pick(step.from), this.pick(step.to)];
        const forward = model.range(from, to, Infinity);
        expect(contents(stream, from, to, step.count)).toEqual(forward.slice(0, step.count));
        const [back, visit] = listing();
        expect(stream.rangeBack(to, from, step.count, visit)).toBe(back.length);
        expect(back).toEqual(forward.reverse().slice(0, step.count));
        return;
      }
      case 'trim': {
        const removed = Math.floor(model.entries.length * (1 - step.keep));
        const first = model.entries[removed];
        if (step.byId && first !== undefined) expect(stream.trimBefore(first)).toBe(removed);
        else expect(stream.trimToLength(model.entries.length - removed)).toBe(removed);
        model.removeFirst(removed);
        return;
      }
      case 'retain': {
        const keep = Math.floor(model.entries.length * step.keep);
        const limits = { maxLength: keep, maxBytes: Infinity, oldest: 0 };
        while (stream.retain(limits, step.most)) expect(stream.length).toBeGreaterThan(keep);
        while (model.entries.length > keep) model.lose();
        return;
      }
      case 'create': {
        const at = this.pick(step.at);
        const made = stream.createGroup(bytes(step.group), at);
        expect(made === undefined).toBe(model.groups.has(step.group));
        if (made === undefined) return;
        model.groups.set(step.group, { lastId: at, entriesRead: -1, lost: 0, pending: [], consumers: new Map() });
      }
    }
  }

  doInGroup(step: Extract<Step, { group: string }>, own: ConsumerGroup, expected: ModelGroup): void {
    const { stream, model, now } = this;
    const [list, visit] = listing();
    switch (step.kind) {
      case 'setId':
        expected.lastId = this.pick(step.at);
        expected.entriesRead = -1;
        own.setId(expected.lastId, -1);
        return;
      case 'destroy':
        expect(stream.destroyGroup(bytes(step.group))).toBe(true);
        model.groups.delete(step.group);
        return;
      case 'createConsumer':
        expect(own.createConsumer(bytes(step.consumer), now)).toBe(!expected.consumers.has(step.consumer));
        if (!expected.consumers.has(step.consumer)) model.see(expected, step.consumer, now);
        return;
      case 'deleteConsumer': {
        const kept = expected.pending.filter(({ consumer }) => consumer !== step.consumer);
        const gone = expected.consumers.delete(step.consumer) ? expected.pending.length - kept.length : undefined;
        expect(own.deleteConsumer(bytes(step.consumer))).toBe(gone);
        expected.pending = kept;
        return;
      }
      case 'read':
        own.read(bytes(step.consumer), { count: step.count, noAck: step.noAck, now }, visit);
        expect(list).toEqual(model.read(expected, step.consumer, step.count, step.noAck, now));
        return;
      case 'history': {
        const after = this.pick(step.after);
        own.history(bytes(step.consumer), after, { count: step.count, now }, visit);
        expect(list).toEqual(model.history(expected, step.consumer, after, step.count, now));
        return;
      }
      case 'ack': {
        const ids = step.picks.map((at) => this.pick(at));
        expect(own.acknowledge(ids)).toBe(ids.filter((id) => model.forget(expected, id)).length);
        return;
      }
      case 'claim': {
        const { minIdle, force, justId } = step;
        const ids = step.picks.map((at) => this.pick(at));
        own.claim(bytes(step.consumer), ids, { minIdle, now, force, justId }, visit);
        expect(list).toEqual(model.claim(expected, step.consumer, ids, { minIdle, now, force, justId }));
        return;
      }
      case 'autoclaim': {
        const { count, minIdle, justId } = step;
        const from = this.pick(step.from);
        const { next, gone } = own.autoclaim(bytes(step.consumer), from, { count, minIdle, now, justId }, visit);
        const result = model.autoclaim(expected, step.consumer, from, { count, minIdle, now, justId });
        expect({ claimed: list, gone: gone.map(idText), next: idText(next) }).toEqual(result);
      }
    }
  }

  /** Returns an id: of an entry that is there or was, or near one. */
  pick(at: number): EntryId {
    if (at < 0.02) return FIRST_ID;
    if (at > 0.98) return LAST_ID;
    const id = this.ids[Math.floor(at * this.ids.length)] ?? FIRST_ID;
    return Math.floor(at * 1000) % 5 === 0 ? { ms: id.ms, n: id.n + 1000 } : id;
  }

  check(): void {
    const { stream, model, now } = this;
    expect(contents(stream)).toEqual(model.range(FIRST_ID, LAST_ID, Infinity));
    expect(stream.length).toBe(model.entries.length);
    expect(stream.entriesAdded).toBe(model.added);
    expect(stream.groups().map(({ name }) => name.toString())).toEqual([...model.groups.keys()].sort());
    for (const own of stream.groups()) {
      const expected = model.groups.get(own.name.toString()) as ModelGroup;
      expect(stateOf(own, now)).toEqual(modelState(model, expected));
    }
  }
}
