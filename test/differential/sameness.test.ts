import { describe, expect, it } from 'vitest';
import { Failure, type Reply, Status } from '../tools/replies.js';
import {
  agree,
  counted,
  drawnField,
  drawnKey,
  type Exchange,
  milliseconds,
  object,
  page,
  pages,
  pairs,
  type Same,
  seconds,
  unordered,
} from './sameness.js';

const AB = ['a', '1', 'b', '2'];

function same(kind: Same | undefined, ours: Reply, theirs: Reply, exchange: Partial<Exchange> = {}): boolean {
  return agree(kind, ours, theirs, { words: [], apart: 10, ...exchange });
}

describe('replies that count as equal', () => {
  it.each<[string, Same | undefined, Reply, Reply, Partial<Exchange>?]>([
    ['equal errors', seconds, new Failure('ERR no'), new Failure('ERR no')],
    ['arrays in another order', unordered, ['b', 'a', 'a'], ['a', 'b', 'a']],
    ['flat pairs in another order', pairs, ['b', '2', 'a', '1'], AB],
    [
      'maps in another order',
      pairs,
      new Map([...'ba'].map((key) => [key, key])),
      new Map([...'ab'].map((k) => [k, k])),
    ],
    ['times close to each other', milliseconds, 5000, 5011],
    ['fewer keys', counted, 1, 2],
    ['seconds rounded the other way', seconds, '5', '6'],
    ['idle seconds', object, 0, 1],
    ['idle seconds of an integer that keys share', object, '0', '600'],
    ['complete pages', page, ['0', ['b', 'a']], ['0', ['a', 'b']], { words: ['SCAN', '0'] }],
    ['pages, one of which is not the last', page, ['7', ['b']], ['0', ['a', 'b']], { words: ['SCAN', '0'] }],
    ['pages of pairs', pages, ['0', ['b', '2', 'a', '1']], ['0', AB], { words: ['HSCAN', 'h', '0'] }],
    ['one field or another', drawnField, 'a', 'b', { words: ['HRANDFIELD', 'h'], before: AB }],
    ['fields', drawnField, ['a', 'a'], ['b', 'a'], { words: ['HRANDFIELD', 'h', '-2'], before: AB }],
    ['pairs', drawnField, ['a', '1'], ['b', '2'], { words: ['HRANDFIELD', 'h', '1', 'WITHVALUES'], before: AB }],
    ['nested pairs', drawnField, [['a', '1']], [['b', '2']], { words: ['HRANDFIELD', 'h', '1', 'x'], before: AB }],
    ['one key or another', drawnKey, 'a', 'b', { before: ['a', 'b'] }],
  ])('%s', (_, kind, ours, theirs, exchange) => {
    expect(same(kind, ours, theirs, exchange)).toBe(true);
  });
});

describe('replies that differ', () => {
  it.each<[string, Same | undefined, Reply, Reply, Partial<Exchange>?]>([
    ['a status and a text', undefined, new Status('OK'), 'OK'],
    ['an integer and a text', undefined, 1, '1'],
    ['integers that are one double', undefined, 2n ** 63n - 1n, 2n ** 63n - 2n],
    ['errors', seconds, new Failure('ERR no'), new Failure('ERR yes')],
    ['an error and a time', seconds, new Failure('ERR 1'), 1],
    ['the order of an array', undefined, ['b', 'a'], ['a', 'b']],
    ['how often an item occurs', unordered, ['a', 'a', 'b'], ['a', 'b', 'b']],
    ['values that are swapped', pairs, ['a', '2', 'b', '1'], AB],
    ['a map and flat pairs', pairs, new Map([['a', '1']]), ['a', '1']],
    ['no expiration and no key', milliseconds, -1, -2],
    ['no expiration and an expiration', seconds, -1, 0],
    ['idle seconds of a new key', object, 600, 0],
    ['an encoding and idle seconds', object, 'int', '0'],
    ['encodings', object, 'int', 'raw'],
    ['more keys', counted, 2, 1],
    ['times far from each other', milliseconds, 5000, 5012],
    ['complete pages', page, ['0', ['a']], ['0', ['a', 'b']], { words: ['SCAN', '0'] }],
    ['a reply that is not a page', page, ['0', 'a'], ['0', ['a']], { words: ['SCAN', '0'] }],
    ['a field that is not there', drawnField, 'c', 'b', { words: ['HRANDFIELD', 'h'], before: AB }],
    ['too few', drawnField, ['a'], ['b', 'a'], { words: ['HRANDFIELD', 'h', '-2'], before: AB }],
    ['one twice', drawnField, ['a', 'a'], ['b', 'a'], { words: ['HRANDFIELD', 'h', '2'], before: AB }],
    ['another value', drawnField, ['a', '2'], ['b', '2'], { words: ['HRANDFIELD', 'h', '1', 'x'], before: AB }],
    ['flat and nested', drawnField, ['a', '1'], [['b', '2']], { words: ['HRANDFIELD', 'h', '1', 'x'], before: AB }],
    ['none and one', drawnKey, null, 'a', { before: ['a'] }],
    ['a key that is not there', drawnKey, 'c', 'b', { before: ['a', 'b'] }],
  ])('%s', (_, kind, ours, theirs, exchange) => {
    expect(same(kind, ours, theirs, exchange)).toBe(false);
  });
});
