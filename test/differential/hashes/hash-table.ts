import type { Chooser } from '../chooser.js';
import { COMMANDS, type Row } from '../command-table.js';
import { milliseconds, type Same, seconds } from '../sameness.js';

// The commands for the expiration of fields, which Redis has from 8.0 on.

/** FIELDS, their number, mostly the right one, and fields, or with `withValues` fields and values. */
const numbered = (c: Chooser, withValues = false): string[] => {
  const items = withValues ? c.times(1, 3, () => [c.field(), c.value()]) : c.someFields();
  const number = String(withValues ? items.length / 2 : items.length);
  return [
    c.random.chance(0.97) ? c.word('FIELDS') : c.random.pick(['FIELD', 'NX', 'EX', '']),
    c.random.chance(0.94) ? number : c.random.pick(['0', '-1', '1', '9', 'x', '', '01', '2147483648']),
    ...items,
  ];
};

/** At most one of the options, now and then two. */
const oneOf = (c: Chooser, ...options: readonly (readonly [string, ...(() => string)[]])[]): string[] => [
  ...c.options(1, c.random.pick(options)),
  ...(c.random.chance(0.04) ? c.options(1, c.random.pick(options)) : []),
];
const maybe = (c: Chooser, share: number, words: () => string[]) => (c.random.chance(share) ? words() : []);

const condition = (c: Chooser) => maybe(c, 0.4, () => oneOf(c, ['NX'], ['XX'], ['GT'], ['LT']));
const expiration = (c: Chooser, word: string) =>
  oneOf(
    c,
    ['EX', () => c.seconds()],
    ['PX', () => c.milliseconds()],
    ['EXAT', () => c.unixSeconds()],
    ['PXAT', () => c.unixMilliseconds()],
    [word],
  );

/** Arrays of which each item is the same. */
const each =
  (same: Same): Same =>
  (ours, theirs, exchange) =>
    Array.isArray(ours) &&
    Array.isArray(theirs) &&
    ours.length === theirs.length &&
    ours.every((item, i) => same(item, theirs[i], exchange));

export const FIELD_COMMANDS: readonly Row[] = [
  { name: 'HEXPIRE', words: (c) => [c.key(), c.seconds(), ...condition(c), ...numbered(c)] },
  { name: 'HPEXPIRE', words: (c) => [c.key(), c.milliseconds(), ...condition(c), ...numbered(c)] },
  { name: 'HEXPIREAT', words: (c) => [c.key(), c.unixSeconds(), ...condition(c), ...numbered(c)] },
  { name: 'HPEXPIREAT', words: (c) => [c.key(), c.unixMilliseconds(), ...condition(c), ...numbered(c)] },
  { name: 'HTTL', words: (c) => [c.key(), ...numbered(c)], same: each(seconds) },
  { name: 'HPTTL', words: (c) => [c.key(), ...numbered(c)], same: each(milliseconds) },
  { name: 'HEXPIRETIME', words: (c) => [c.key(), ...numbered(c)], same: each(seconds) },
  { name: 'HPEXPIRETIME', words: (c) => [c.key(), ...numbered(c)], same: each(milliseconds) },
  { name: 'HPERSIST', words: (c) => [c.key(), ...numbered(c)] },
  {
    name: 'HSETEX',
    words: (c) => [
      c.key(),
      ...maybe(c, 0.3, () => oneOf(c, ['FNX'], ['FXX'])),
      ...maybe(c, 0.8, () => expiration(c, 'KEEPTTL')),
      ...numbered(c, true),
    ],
  },
  { name: 'HGETEX', words: (c) => [c.key(), ...maybe(c, 0.8, () => expiration(c, 'PERSIST')), ...numbered(c)] },
  { name: 'HGETDEL', words: (c) => [c.key(), ...numbered(c)] },
];

/** Commands on the same keys. Redis 8 checks the cursor of HSCAN in another order. */
const OTHERS = /^(H(?!ELLO|SCAN)|COPY|DEL|EXISTS|MOVE|PERSIST|P?EXPIRE|P?TTL|RENAME|TYPE|SET$|UNLINK|WATCH)/;

/** All commands for hashes. */
export const HASH_COMMANDS: readonly Row[] = [...FIELD_COMMANDS, ...COMMANDS.filter(({ name }) => OTHERS.test(name))];
