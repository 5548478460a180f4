import { Random } from '../tools/random.js';
import { Chooser, DATABASES, LEX_KEY } from './chooser.js';
import { COMMANDS, type Row } from './command-table.js';

export type Request = readonly string[];

/** Requests to send to empty servers, one after the other. */
export interface Sequence {
  /** The same seed makes the same sequence. */
  readonly seed: number;
  /** A random number from 0 to 1, to choose the pair of clients. */
  readonly chance: number;
  readonly requests: readonly Request[];
}

const LONGEST = 30;
/** Replaces a valid argument or follows the last. None of them is a short duration. */
const WRONG = [
  '',
  'abc',
  '-1',
  '0',
  '1.5',
  '9223372036854775808',
  'NX',
  'GET',
  'KEEPTTL',
  'WITHVALUES',
  'WITHSCORES',
  'BYLEX',
];

export function makeSequence(seed: number): Sequence {
  return sequenceOf(seed, rowsFor, () => []);
}

/**
 * Makes a sequence.
 * @param rowsFor Chooses the commands.
 * @param inspect Returns more requests to send at the end.
 */
export function sequenceOf(
  seed: number,
  rowsFor: (random: Random) => readonly Row[],
  inspect: (choose: Chooser) => readonly Request[],
): Sequence {
  const random = new Random(seed);
  const choose = new Chooser(random);
  const rows = rowsFor(random);
  const requests: Request[] = [];
  const length = random.between(1, LONGEST);
  let inTransaction = false;
  while (requests.length < length) {
    if (inTransaction && random.chance(0.2)) {
      requests.push([random.pick(['EXEC', 'EXEC', 'EXEC', 'DISCARD'])]);
      inTransaction = false;
    } else if (!inTransaction && random.chance(0.07)) {
      // A request in between may change a watched key, or seem to.
      if (random.chance(0.5)) requests.push(['WATCH', ...choose.keys], ...requestsOf(random.pick(rows), choose));
      requests.push(['MULTI']);
      inTransaction = true;
    } else if (random.chance(0.01)) {
      requests.push([random.pick(['EXEC', 'DISCARD', 'MULTI']), ...(random.chance(0.2) ? ['x'] : [])]);
    } else {
      requests.push(...requestsOf(random.pick(rows), choose));
    }
  }
  const inspection = [...inspect(choose), ...inspectionOf(requests, choose.keys)];
  return { seed, chance: random.fraction(), requests: [...requests, ['EXEC'], ...inspection] };
}

/** The commands for sets and sorted sets. */
const FOR_MEMBERS = COMMANDS.filter(({ name }) =>
  /^(?:Z|S(?:ADD|CARD|DIFF|INTER|ISMEMBER|MEMBERS|MISMEMBER|MOVE|POP|RANDMEMBER|REM|SSCAN|UNION))/.test(name),
);
const ADDING = COMMANDS.filter(({ name }) => name === 'SADD' || name === 'ZADD');

/** Returns the commands of a sequence. */
function rowsFor(random: Random): readonly Row[] {
  const way = random.fraction();
  if (way < 0.4) return COMMANDS;
  // A few commands in many combinations reveal other mistakes than many commands do.
  if (way < 0.75) return Array.from({ length: random.between(3, 8) }, () => random.pick(COMMANDS));
  // Combinations of sets have few members in common if most keys are strings and hashes.
  const several = Array.from({ length: random.between(2, 6) }, () => random.pick(FOR_MEMBERS));
  return [...ADDING, ...several];
}

export function requestsOf({ name, words, before }: Row, choose: Chooser): Request[] {
  const request = [choose.word(name), ...spoil(words(choose), choose.random)];
  return before === undefined ? [request] : [before(request), request];
}

/** Now and then makes an argument, or the number of arguments, invalid. */
function spoil(words: readonly string[], random: Random): readonly string[] {
  if (!random.chance(0.04)) return words;
  const at = random.between(0, words.length);
  switch (random.between(0, 3)) {
    case 0:
      return words.slice(0, random.between(0, words.length));
    case 1:
      return words.toSpliced(at, 1);
    case 2:
      return words.toSpliced(at, 1, random.pick(WRONG));
    default:
      return [...words, random.pick(WRONG)];
  }
}

/** Requests that read everything at the end, so that every change is seen. */
function inspectionOf(requests: readonly Request[], keys: readonly string[]): Request[] {
  const databases = requests.some(mayChangeDatabases) ? [...new Set(DATABASES)] : [];
  const others = databases.flatMap((index) => [['SELECT', index], ...inspectionOfOne(keys)]);
  return [...inspectionOfOne(keys), ...others];
}

/** Returns whether keys may be in more databases than one afterwards. */
function mayChangeDatabases(request: Request): boolean {
  return request.some((word) => ['SELECT', 'MOVE', 'DB'].includes(word.toUpperCase()));
}

function inspectionOfOne(keys: readonly string[]): Request[] {
  const looks = [...new Set(keys)].flatMap((key) => [
    ['TYPE', key],
    ['PEXPIRETIME', key],
    ['OBJECT', 'ENCODING', key],
    ['GET', key],
    ['HGETALL', key],
    ['SMEMBERS', key],
    ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  ]);
  return [['DBSIZE'], ['KEYS', '*'], ...looks, ['ZRANGE', LEX_KEY, '0', '-1']];
}
