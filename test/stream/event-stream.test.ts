import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slice } from '../../src/slice.js';
import { FIRST_ID, LAST_ID } from '../../src/stream/entry-id.js';
import { EventStream } from '../../src/stream/event-stream.js';
import { bytes, contents, Pair, step } from './stream-pair.js';

describe('EventStream', () => {
  it('does what an array with the rules of Redis does', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), (steps) => {
        const pair = new Pair();
        for (const step of steps) pair.do(step);
        pair.check();
        // All memory is given back.
        pair.do({ kind: 'trim', keep: 0, byId: false });
        for (const name of ['g', 'h']) pair.stream.destroyGroup(bytes(name));
        while (pair.stream.reclaim());
        expect(pair.stream.bytes).toBeLessThanOrEqual(64 * 1024);
      }),
      { numRuns: 60 },
    );
  });

  it('counts ids up while the clock is set back, and goes on with it afterwards', () => {
    const stream = new EventStream();
    for (const at of [5000, 5000.9, 4000, 0, 5001]) stream.append(at, bytes('x'));
    expect(contents(stream).map((entry) => entry.split(' ')[0])).toEqual([
      '5000-0',
      '5000-1',
      '5000-2',
      '5000-3',
      '5001-0',
    ]);
  });

  it('keeps bytes of any kind and length', () => {
    const stream = new EventStream();
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const long = Buffer.alloc(3_000_000, all);
    for (const content of [all, Buffer.alloc(0), long, all]) stream.append(1, Slice.of(content));
    const found: Buffer[] = [];
    stream.range(FIRST_ID, LAST_ID, Infinity, (_ms, _n, content) => found.push(content.copy()));
    expect(found.map((content) => content.length)).toEqual([256, 0, 3_000_000, 256]);
    expect(found[0].equals(all) && found[2].equals(long) && found[3].equals(all)).toBe(true);
  });

  it('calls back once who waits for an entry, and not who does no more', () => {
    const stream = new EventStream();
    const calls: string[] = [];
    stream.onAppend(() => calls.push('first'));
    stream.onAppend(() => calls.push('cancelled'))();
    stream.onAppend(() => calls.push('second'));
    stream.append(1, bytes('x'));
    stream.append(2, bytes('x'));
    expect(calls).toEqual(['first', 'second']);
  });

  it('calls back who waits when a group is destroyed', () => {
    const stream = new EventStream();
    let calls = 0;
    stream.createGroup(bytes('g'), FIRST_ID);
    stream.onAppend(() => calls++);
    expect(stream.destroyGroup(bytes('other'))).toBe(false);
    expect(calls).toBe(0);
    expect(stream.destroyGroup(bytes('g'))).toBe(true);
    expect(calls).toBe(1);
  });

  it('removes what is too old, too much or too many bytes, and counts what groups have lost', () => {
    const stream = new EventStream();
    const read = stream.createGroup(bytes('read'), FIRST_ID, 0);
    const pending = stream.createGroup(bytes('pending'), FIRST_ID, 0);
    const behind = stream.createGroup(bytes('behind'), FIRST_ID, 0);
    for (let i = 0; i < 10; i++) stream.append(i, bytes(`${i}`));
    const options = { count: Infinity, now: 10 };
    read?.read(bytes('c'), { ...options, noAck: true }, () => {});
    pending?.read(bytes('c'), { ...options, noAck: false }, () => {});
    pending?.acknowledge([{ ms: 1, n: 0 }]);
    const none = { maxLength: Infinity, maxBytes: Infinity, oldest: 0 };
    stream.retain({ ...none, maxLength: 8 }, Infinity);
    expect(stream.length).toBe(8);
    stream.retain({ ...none, maxBytes: stream.keptBytes - 1 }, Infinity);
    expect(stream.length).toBe(7);
    stream.retain({ ...none, oldest: 5 }, Infinity);
    expect(contents(stream)).toEqual(['5-0 5', '6-0 6', '7-0 7', '8-0 8', '9-0 9']);
    expect([read?.lost, pending?.lost, behind?.lost, stream.lost]).toEqual([0, 4, 5, 9]);
    expect([read?.lag, pending?.lag, behind?.lag]).toEqual([0, 0, 5]);
    expect([read?.pending, pending?.pending, behind?.pending]).toEqual([0, 5, 0]);
  });

  it('says what may not be made', () => {
    const stream = new EventStream();
    expect(() => stream.createGroup(bytes('x'.repeat(513)), FIRST_ID)).toThrow('at most 512 bytes long');
    const group = stream.createGroup(bytes('x'.repeat(512)), FIRST_ID);
    expect(() => group?.createConsumer(bytes('x'.repeat(513)), 0)).toThrow('at most 512 bytes long');
    for (let i = 1; i < 1000; i++) stream.createGroup(bytes(`${i}`), FIRST_ID);
    expect(() => stream.createGroup(bytes('one more'), FIRST_ID)).toThrow('at most 1000 consumer groups');
    expect(stream.groupCount).toBe(1000);
  });
});
