import { Random } from '../tools/random.js';
import { Chooser } from './chooser.js';
import { COMMANDS, type Row } from './command-table.js';

export type Request = readonly string[];

/** Requests to send one after the other to servers that are empty. */
export interface Sequence {
  /** What made it: the same seed makes the same again. */
  readonly seed: number;
  /** From 0 to 1, to choose what else there is to choose. */
  readonly chance: number;
  readonly requests: readonly Request[];
}

const LONGEST = 30;
/** In place of a right argument, or behind the last. No number that would be a short time. */
const WRONG = ['', 'abc', '-1', '0', '1.5', '9223372036854775808', 'NX', 'GET', 'KEEPTTL', 'WITHVALUES'];

export function makeSequence(seed: number): Sequence {
  const random = new Random(seed);
  const choose = new Chooser(random);
  // Few commands in many combinations find what many commands do not, and the other way round.
  const rows = random.chance(0.5)
    ? COMMANDS
    : Array.from({ length: random.between(3, 8) }, () => random.pick(COMMANDS));
  const requests: Request[] = [];
  const length = random.between(1, LONGEST);
  let inTransaction = false;
  while (requests.length < length) {
    if (inTransaction && random.chance(0.2)) {
      requests.push([random.pick(['EXEC', 'EXEC', 'EXEC', 'DISCARD'])]);
      inTransaction = false;
    } else if (!inTransaction && random.chance(0.07)) {
      // What is between the two may be a change, or may be none though it looks like one.
      if (random.chance(0.5)) requests.push(['WATCH', ...choose.keys], ...requestsOf(random.pick(rows), choose));
      requests.push(['MULTI']);
      inTransaction = true;
    } else if (random.chance(0.01)) {
      requests.push([random.pick(['EXEC', 'DISCARD', 'MULTI']), ...(random.chance(0.2) ? ['x'] : [])]);
    } else {
      requests.push(...requestsOf(random.pick(rows), choose));
    }
  }
  return { seed, chance: random.fraction(), requests: [...requests, ['EXEC'], ...inspectionOf(choose.keys)] };
}

function requestsOf({ name, words, before }: Row, choose: Chooser): Request[] {
  const request = [choose.word(name), ...spoil(words(choose), choose.random)];
  return before === undefined ? [request] : [before(request), request];
}

/** Makes an argument wrong, or their number, now and then. */
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

/** Looks at all that is there in the end: so that no change stays unseen. */
function inspectionOf(keys: readonly string[]): Request[] {
  const looks = [...new Set(keys)].flatMap((key) => [
    ['TYPE', key],
    ['PEXPIRETIME', key],
    ['OBJECT', 'ENCODING', key],
    ['GET', key],
    ['HGETALL', key],
  ]);
  return [['KEYS', '*'], ...looks];
}
