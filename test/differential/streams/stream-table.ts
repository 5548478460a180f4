import type { Chooser } from '../chooser.js';
import type { Row } from '../command-table.js';
import { described, pending } from './stream-sameness.js';

export const STREAM = '__session__';
const GROUPS = ['g', 'g', 'h', ''];
const CONSUMERS = ['alice', 'alice', 'bob', ''];
/** Ids that entries do not have, and texts that are none. */
const OTHER_IDS = [
  ...['0', '0-0', '0-1', '5', '5-', '-5', '1-1', '99999999999999', '99999999999999-3', '18446744073709551615'],
  ...['18446744073709551615-18446744073709551615', '18446744073709551616', '18446744073709551615-0', '1-2-3', ''],
  ...['abc', '*', '(', '((1', '1-*', ' 1', '+1', '01', '-', '+', '$', '>', `1-${'0'.repeat(125)}1`, '1\x002'],
];
/** More than entries can be idle while a sequence runs, so that both servers agree on which are. */
const LONG = '100000000';

const id = (c: Chooser) => {
  const roll = c.random.fraction();
  if (roll < 0.15) return c.random.pick(OTHER_IDS);
  const entry = `{${c.random.between(0, 11)}}`;
  return roll < 0.85 ? entry : roll < 0.95 ? `${entry}.ms` : `${entry}.next`;
};
const ids = (c: Chooser) => c.times(1, 4, () => [id(c)]);
const bound = (c: Chooser, end: '-' | '+') => {
  const roll = c.random.fraction();
  return roll < 0.4 ? end : roll < 0.8 ? id(c) : `(${id(c)}`;
};
const group = (c: Chooser) => c.random.pick(GROUPS);
const consumer = (c: Chooser) => c.random.pick(CONSUMERS);
const key = (c: Chooser) => (c.random.chance(0.98) ? STREAM : c.random.pick(['other', '']));
const small = (c: Chooser) => (c.random.chance(0.85) ? c.random.pick(['1', '2', '3', '5', '100']) : c.integer());
const idle = (c: Chooser) => (c.random.chance(0.85) ? c.random.pick(['0', '0', '0', LONG]) : c.integer());
const COUNT = (c: Chooser) => ['COUNT', () => small(c)] as const;
/** Short, because both servers wait. */
const BLOCK = (c: Chooser) =>
  ['BLOCK', () => c.random.pick(['1', '1', '1', '-1', 'x', '9223372036854775808'])] as const;
const threshold = (c: Chooser) =>
  c.random.pick([
    ['MAXLEN', ...c.random.pick([[], ['='], ['~']]), small(c)],
    ['MINID', ...c.random.pick([[], ['='], ['~']]), id(c)],
  ]);
const streams = (c: Chooser, ...places: string[]) => [
  c.word('STREAMS'),
  key(c),
  c.random.chance(0.5) ? c.random.pick(places) : id(c),
  ...(c.random.chance(0.02) ? [STREAM] : []),
];

/** Redis 7.0 creates a consumer only when it gets an entry, later versions and respite as soon as it asks. */
export const createConsumer = (group = '', consumer = '') => ['XGROUP', 'CREATECONSUMER', STREAM, group, consumer];

/** The commands on the stream to compare. To add one, add a row. */
export const STREAM_COMMANDS: readonly Row[] = [
  { name: 'XLEN', words: (c) => [key(c)] },
  { name: 'XRANGE', words: (c) => [key(c), bound(c, '-'), bound(c, '+'), ...c.options(0.3, COUNT(c))] },
  { name: 'XREVRANGE', words: (c) => [key(c), bound(c, '+'), bound(c, '-'), ...c.options(0.3, COUNT(c))] },
  { name: 'XREAD', words: (c) => [...c.options(0.3, COUNT(c), BLOCK(c)), ...streams(c, '0', '$', '0')] },
  {
    name: 'XREADGROUP',
    words: (c) => [
      ...(c.random.chance(0.98) ? [c.word('GROUP'), group(c), consumer(c)] : []),
      ...c.options(0.3, COUNT(c), BLOCK(c), ['NOACK']),
      ...streams(c, '>', '>', '>', '0'),
    ],
    before: (words) => createConsumer(words[2], words[3]),
  },
  {
    name: 'XGROUP',
    words: (c) => [
      c.word('CREATE'),
      key(c),
      group(c),
      c.random.chance(0.6) ? c.random.pick(['0', '$']) : id(c),
      ...c.options(0.2, ['MKSTREAM'], ['ENTRIESREAD', () => small(c)]),
    ],
  },
  {
    name: 'XGROUP',
    words: (c) => [
      ...c.random.pick([
        [c.word('SETID'), key(c), group(c), id(c), ...c.options(0.3, ['ENTRIESREAD', () => small(c)])],
        [c.word('SETID'), key(c), group(c), c.random.pick(['0', '$']), ...c.options(0.3, ['MKSTREAM'])],
        [c.word('DESTROY'), key(c), group(c)],
        [c.word('CREATECONSUMER'), key(c), group(c), consumer(c)],
        [c.word('DELCONSUMER'), key(c), group(c), consumer(c)],
        ['NOTHING', key(c), group(c)],
      ]),
    ],
  },
  { name: 'XACK', words: (c) => [key(c), group(c), ...ids(c)] },
  {
    name: 'XPENDING',
    words: (c) => [
      key(c),
      group(c),
      ...(c.random.chance(0.4)
        ? []
        : [
            ...c.options(0.3, ['IDLE', () => idle(c)]),
            bound(c, '-'),
            bound(c, '+'),
            small(c),
            ...(c.random.chance(0.3) ? [consumer(c)] : []),
          ]),
    ],
    same: pending,
  },
  {
    name: 'XCLAIM',
    words: (c) => [
      key(c),
      group(c),
      consumer(c),
      idle(c),
      ...ids(c),
      ...c.options(
        0.2,
        ['IDLE', () => idle(c)],
        ['TIME', () => idle(c)],
        ['RETRYCOUNT', () => small(c)],
        ['FORCE'],
        ['JUSTID'],
        ['LASTID', () => id(c)],
      ),
    ],
    before: (words) => createConsumer(words[2], words[3]),
  },
  {
    name: 'XAUTOCLAIM',
    words: (c) => [key(c), group(c), consumer(c), idle(c), bound(c, '-'), ...c.options(0.3, COUNT(c), ['JUSTID'])],
    before: (words) => createConsumer(words[2], words[3]),
  },
  {
    name: 'XTRIM',
    words: (c) => [
      key(c),
      ...threshold(c),
      ...c.options(0.2, ['LIMIT', () => c.random.pick(['0', '1', '2', '100', '-1', 'x'])]),
      ...(c.random.chance(0.03) ? threshold(c) : []),
    ],
  },
  {
    name: 'XINFO',
    words: (c) => [c.word('STREAM'), key(c), ...(c.random.chance(0.5) ? [] : ['FULL', ...c.options(0.5, COUNT(c))])],
    same: described,
  },
  { name: 'XINFO', words: (c) => [c.word('GROUPS'), key(c)], same: described },
  { name: 'XINFO', words: (c) => [c.word('CONSUMERS'), key(c), group(c)], same: described },
];
