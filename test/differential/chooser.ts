import type { Random } from '../tools/random.js';

/** In database 0. */
export const LONGEST_KEY = 'x'.repeat(512);
const KEYS = ['a', 'b', 'key', 'user:42', 'user:43', 'k*y[1]?', '\x00\xff\r\n', 'KEY', '12', LONGEST_KEY];
/** The databases that are used. */
export const DATABASES = ['0', '0', '1', '2'];
const FIELDS = ['f', 'g', '', 'name', '\x00\xfe', '7', 'long'.repeat(20), 'field-0', 'field-129'];
const LIMITS = [
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  '-9223372036854775809',
  '9223372036854775806',
  '-9223372036854775807',
  '4611686018427387904',
  '-4611686018427387904',
  '9007199254740993',
];
/** The limits of 64 bits. The smaller ones are possible times from now, which must not be chosen twice. */
const ENDS = LIMITS.slice(0, 6);
/** In milliseconds, these are just within 64 bits or just beyond. */
const ENDS_OF_SECONDS = ['9223372036854775', '9223372036854776', '-9223372036854775', '-9223372036854776'];
const NO_INTEGERS = [
  '',
  'abc',
  '1.5',
  ' 1',
  '1 ',
  '+1',
  '01',
  '-0',
  '-',
  '0x10',
  '1e3',
  '1\x00',
  '99999999999999999999',
];
const FLOATS = [
  ...['0.1', '0.2', '-0.3', '10.50', '5.0e3', '3.0', '.5', '5.', '1e-17', '0.5e-17', '-0', '-0.0', '+1.5', '0x1.8p1'],
  ...['1e22', '123456789012345678', '18446744073709551617', '1.18e4932', '3e-4951', 'inf', '-inf', 'Infinity', 'nan'],
  ...['1e4932', '1e5000', '1e-5000', '1e', '.', '1,5', '0x'],
];
const TEXTS = [
  '',
  'v',
  'value',
  '\x00\xff\r\n',
  'Grüße',
  'x'.repeat(44),
  'x'.repeat(45),
  'y'.repeat(64),
  'y'.repeat(65),
];
const PATTERNS = [
  ...[
    '*',
    '**',
    '?',
    '??',
    'a',
    'user:*',
    'u*4?',
    '[ab]',
    '[^a]',
    '[a-k]*',
    '[k-a]*',
    '[',
    '[]',
    '[a',
    '\\a',
    'k\\*y*',
  ],
  ...['', '*\\', 'K*', '*[0-9]', '[^', '[\\]]*', '[a-', '???????*', '*x*x*', '\x00*', '*\xff*'],
];
/** See `Chooser.lexKey`. */
export const LEX_KEY = 'lex';
/** More than a listpack holds. */
const MANY = 130;

/**
 * Chooses arguments. Most are valid, so that something happens. Some are at a limit or invalid. A sequence has few keys
 * and fields, so that its commands affect each other.
 *
 * No key expires while its sequence runs, because the two servers would not get there at the same time. So durations
 * end immediately or much later. No relative time is chosen twice, because `GT` would show which server was slower.
 */
export class Chooser {
  readonly random: Random;
  readonly keys: readonly string[];
  readonly fields: readonly string[];

  constructor(random: Random) {
    this.random = random;
    this.keys = this.#several(KEYS, 1, 5);
    this.fields = this.#several(FIELDS, 1, 4);
  }

  key(): string {
    return this.random.pick(this.keys);
  }

  someKeys(): string[] {
    return this.times(1, 4, () => [this.key()]);
  }

  /** The number of a database. */
  database(): string {
    if (this.random.chance(0.9)) return this.random.pick(DATABASES);
    return this.random.pick(['16', '-1', '2147483648', ...NO_INTEGERS, ...LIMITS]);
  }

  field(): string {
    return this.random.pick(this.fields);
  }

  someFields(): string[] {
    return this.times(1, 3, () => [this.field()]);
  }

  /** Fields with their values. */
  entries(): string[] {
    if (this.random.chance(0.98)) return this.times(1, 3, () => [this.field(), this.value()]);
    const value = this.value();
    return Array.from({ length: MANY }, (_, i) => [`field-${i}`, value]).flat();
  }

  value(): string {
    const roll = this.random.fraction();
    if (roll < 0.4) return String(this.random.between(-20, 20));
    if (roll < 0.5) return this.random.pick(LIMITS);
    if (roll < 0.6) return this.random.pick(FLOATS);
    if (roll < 0.7) return this.random.pick(NO_INTEGERS);
    return this.random.pick(TEXTS);
  }

  integer(): string {
    const roll = this.random.fraction();
    if (roll < 0.75) return String(this.random.between(-20, 20));
    return this.random.pick(roll < 0.93 ? LIMITS : NO_INTEGERS);
  }

  float(): string {
    const { random } = this;
    const roll = random.fraction();
    if (roll < 0.4) return random.pick(FLOATS);
    if (roll < 0.5) return this.integer();
    return (random.between(-1e9, 1e9) / 10 ** random.between(0, 12)).toString();
  }

  /** A score of a sorted set. Few differ, so that some are equal. */
  score(): string {
    return this.random.chance(0.75) ? String(this.random.between(-3, 3)) : this.float();
  }

  /** One end of a range of scores. */
  scoreBound(): string {
    const roll = this.random.fraction();
    if (roll < 0.25)
      return this.random.pick(['-inf', '+inf', '(inf', '(', '((1', '( 1', ' 1', '1 ', '(abc', '-', '+', '[1']);
    return roll < 0.6 ? this.score() : `(${this.score()}`;
  }

  /** A key whose members all have the score 0, because ranges of bytes need that; or any key. */
  lexKey(): string {
    return this.random.chance(0.85) ? LEX_KEY : this.key();
  }

  /** One end of a range of members. */
  lexBound(): string {
    const roll = this.random.fraction();
    if (roll < 0.25) return this.random.pick(['-', '+', '[', '(', '', '-inf', '[-', '(+']);
    return roll < 0.3 ? this.field() : `${this.random.pick(['[', '('])}${this.field()}`;
  }

  /** Members with scores, many now and then. */
  scored(): string[] {
    if (this.random.chance(0.97)) return this.times(1, 3, () => [this.score(), this.field()]);
    return Array.from({ length: MANY }, (_, i) => [String(i % 7), `field-${i}`]).flat();
  }

  /** Members, many now and then. */
  members(): string[] {
    if (this.random.chance(0.97)) return this.someFields();
    return Array.from({ length: MANY }, (_, i) => `field-${i}`);
  }

  /** An index into a short string. */
  place(): string {
    return this.random.chance(0.85) ? String(this.random.between(-8, 8)) : this.integer();
  }

  /** An offset at which to write, but not one that would take gigabytes. */
  offset(): string {
    const roll = this.random.fraction();
    if (roll < 0.85) return String(this.random.between(0, 12));
    // The limit is 1 MB in this test.
    if (roll < 0.87) return this.random.pick(['1048575', '1048576']);
    return this.random.pick(['-1', '536870912', '4294967296', ...LIMITS, ...NO_INTEGERS]);
  }

  /** From now on. */
  seconds(): string {
    return this.#time(String(this.random.between(100, 1e9)), [...ENDS_OF_SECONDS, ...ENDS]);
  }

  /** From now on. */
  milliseconds(): string {
    const far = `92233700${this.random.between(10_000_000, 99_999_999)}000`;
    return this.#time(String(this.random.between(100_000, 1e12)), [far, ...ENDS]);
  }

  unixSeconds(): string {
    return this.#time(this.random.pick(['4102444800', '4102444801', '1000000000']), [...ENDS_OF_SECONDS, ...LIMITS]);
  }

  unixMilliseconds(): string {
    return this.#time(this.random.pick(['4102444800000', '4102444800001', '1000000000000']), LIMITS);
  }

  pattern(): string {
    return this.random.chance(0.8) ? this.random.pick(PATTERNS) : this.key();
  }

  cursor(): string {
    const wrong = ['7', '00', '-1', '+0', ' 0', '', 'abc', '18446744073709551615', '18446744073709551616', '0x0'];
    return this.random.chance(0.9) ? '0' : this.random.pick(wrong);
  }

  /** How many keys or fields a scan visits. */
  effort(): string {
    return this.random.pick(['1', '2', '10', '1000', '1000', '1000', '0', '-1', 'abc', ...LIMITS.slice(0, 3)]);
  }

  /** How many fields to draw. A large negative number would give a reply of that size. */
  draws(): string {
    if (this.random.chance(0.85)) return String(this.random.between(-6, 6));
    return this.random.pick([
      ...NO_INTEGERS,
      ...LIMITS.filter((limit) => BigInt(limit) > 0n || BigInt(limit) < -(2n ** 63n) + 1n),
    ]);
  }

  /** A word in upper, lower or mixed case. */
  word(word: string): string {
    const roll = this.random.fraction();
    if (roll < 0.8) return word;
    return roll < 0.95 ? word.toLowerCase() : word[0] + word.slice(1).toLowerCase();
  }

  /** Some of the options in random order, perhaps in an invalid combination. @param share The probability of each. */
  options(share: number, ...options: readonly (readonly [string, ...(() => string)[]])[]): string[] {
    const chosen = options.filter(() => this.random.chance(share));
    for (let i = chosen.length - 1; i > 0; i--) {
      const j = this.random.between(0, i);
      [chosen[i], chosen[j]] = [chosen[j], chosen[i]];
    }
    return chosen.flatMap(([word, ...values]) => [this.word(word), ...values.map((value) => value())]);
  }

  times(min: number, max: number, make: () => readonly string[]): string[] {
    return Array.from({ length: this.random.between(min, max) }, make).flat();
  }

  #time(usual: string, limits: readonly string[]): string {
    const roll = this.random.fraction();
    if (roll < 0.7) return usual;
    return this.random.pick(roll < 0.85 ? ['0', '-1', '-1000'] : [...limits, ...NO_INTEGERS]);
  }

  #several<Item>(items: readonly Item[], min: number, max: number): Item[] {
    return Array.from({ length: this.random.between(min, max) }, () => this.random.pick(items));
  }
}
