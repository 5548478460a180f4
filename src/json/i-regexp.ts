import { CodedError } from '../errors.js';
import { MAX_PATH_BYTES, MAX_PATTERN_STATES, type Work } from './limits.js';

/**
 * A pattern of I-Regexp (RFC 9485).
 *
 * It becomes an automaton that is in all its possible states at once (Thompson, 1968), so matching takes at most the
 * length of the text times the number of states, whatever the pattern is. JavaScript's own regular expressions take
 * exponential time for some patterns.
 */
export class Pattern {
  readonly #start: State;
  #step = 0;

  private constructor(start: State) {
    this.#start = start;
  }

  /**
   * Returns undefined for a pattern that is not valid. RFC 9535 wants it to match nothing.
   * @throws CodedError if the pattern exceeds a limit.
   */
  static compile(pattern: string, work: Work): Pattern | undefined {
    if (Buffer.byteLength(pattern) > MAX_PATH_BYTES) {
      throw new CodedError('ERR', `a pattern in a path is longer than ${MAX_PATH_BYTES} bytes`);
    }
    try {
      return new Pattern(new Compiler(pattern, work).compile());
    } catch (error) {
      if (error instanceof InvalidPattern) return undefined;
      throw error;
    }
  }

  /** @param isWhole Whether the pattern must match the whole text, or some part of it. */
  matches(text: string, isWhole: boolean, work: Work): boolean {
    let states: State[] = [];
    let hasMatched = enter(this.#start, ++this.#step, states, { start: true, end: text.length === 0 }, work);
    for (let at = 0; at < text.length; ) {
      if (hasMatched && !isWhole) return true;
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      at += character.length;
      const place = { start: false, end: at === text.length };
      const step = ++this.#step;
      const entered: State[] = [];
      hasMatched = false;
      work.spend(1);
      for (const { accepts, next } of states) {
        work.spend(accepts?.steps ?? 1);
        if (accepts?.(character) && enter(next[0], step, entered, place, work)) hasMatched = true;
      }
      if (!isWhole && enter(this.#start, step, entered, place, work)) hasMatched = true;
      states = entered;
    }
    return hasMatched;
  }
}

/**
 * A state of the automaton. It accepts a character and goes on, goes on at the start or the end of the text only,
 * splits, or has matched.
 */
interface State {
  readonly accepts: Test | undefined;
  readonly anchor: Anchor | undefined;
  /** Where it goes on. Two if it splits, none if it has matched. */
  readonly next: State[];
  /** The step at which it was last entered. */
  entered: number;
}

/** Where in the text a state may go on. */
type Anchor = 'start' | 'end';

interface Test {
  (character: string): boolean;
  /** How many steps it takes, if more than one. */
  steps?: number;
}

/** Enters a state and those that follow without a character. Returns whether the pattern has matched. */
function enter(
  start: State,
  step: number,
  entered: State[],
  place: Readonly<Record<Anchor, boolean>>,
  work: Work,
): boolean {
  let hasMatched = false;
  const waiting = [start];
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    work.spend(1);
    if (state.entered === step) continue;
    state.entered = step;
    if (state.anchor !== undefined && !place[state.anchor]) continue;
    if (state.accepts !== undefined) entered.push(state);
    else if (state.next.length === 0) hasMatched = true;
    else waiting.push(...state.next);
  }
  return hasMatched;
}

/** Makes the states of a part of the pattern, before those that follow it. */
type Part = (next: State) => State;

class InvalidPattern extends Error {}

/** What may not stand for itself outside of brackets. */
const SPECIAL = '()*+.?[\\]{|}';
/** What a backslash may precede. */
const ESCAPABLE = '()*+-.?[\\]^nrt{|}';
const CATEGORY = /^\\[pP]\{(?:L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|Z[lps]?|S[ckmo]?|C[cfno]?)\}/;
const QUANTITY = /^\{(\d{1,9})(?:(,)(\d{1,9})?)?\}/;
/** The tests of categories, such as that of `\p{L}`. There are few. */
const CATEGORIES = new Map<string, Test>();
/** How many steps it takes to compile any pattern, and each of its characters. */
const STEPS_OF_PATTERN = 50;
const STEPS_OF_CHARACTER = 8;
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

class Compiler {
  readonly #characters: readonly string[];
  readonly #work: Work;
  #at = 0;
  #states = 0;

  constructor(pattern: string, work: Work) {
    work.spend(STEPS_OF_PATTERN + STEPS_OF_CHARACTER * pattern.length);
    this.#characters = [...pattern];
    this.#work = work;
  }

  compile(): State {
    const whole = this.#alternatives();
    if (this.#at < this.#characters.length) throw new InvalidPattern();
    return whole(this.#state([]));
  }

  #alternatives(): Part {
    const branches = [this.#branch()];
    while (this.#take('|')) branches.push(this.#branch());
    if (branches.length === 1) return branches[0];
    return (next) => this.#state(branches.map((branch) => branch(next)));
  }

  #branch(): Part {
    const pieces: Part[] = [];
    while (this.#at < this.#characters.length && !'|)'.includes(this.#characters[this.#at])) pieces.push(this.#piece());
    return (next) => pieces.reduceRight((following, piece) => piece(following), next);
  }

  #piece(): Part {
    const atom = this.#atom();
    if (this.#take('*')) return this.#repeated(atom, 0, Infinity);
    if (this.#take('+')) return this.#repeated(atom, 1, Infinity);
    if (this.#take('?')) return this.#repeated(atom, 0, 1);
    const quantity = this.#next(QUANTITY, '{');
    if (quantity === undefined) return atom;
    const least = Number(quantity[1]);
    const most = quantity[2] === undefined ? least : quantity[3] === undefined ? Infinity : Number(quantity[3]);
    if (most < least) throw new InvalidPattern();
    return this.#repeated(atom, least, most);
  }

  #repeated(part: Part, least: number, most: number): Part {
    return (next) => {
      let state = next;
      if (most === Infinity) {
        const again = this.#state([]);
        again.next.push(part(again), next);
        state = again;
      } else {
        for (let i = least; i < most; i++) state = this.#state([part(state), next]);
      }
      for (let i = 0; i < least; i++) {
        // A part may have no states: an empty group.
        this.#count();
        state = part(state);
      }
      return state;
    };
  }

  #atom(): Part {
    if (this.#take('(')) {
      const group = this.#alternatives();
      if (!this.#take(')')) throw new InvalidPattern();
      return group;
    }
    // In RFC 9485 these are characters like others, but its translation to other dialects makes them anchors, as the
    // compliance test suite of RFC 9535 wants.
    if (this.#take('^')) return (next) => this.#state([next], undefined, 'start');
    if (this.#take('$')) return (next) => this.#state([next], undefined, 'end');
    const accepts = this.#character();
    return (next) => this.#state([next], accepts);
  }

  #character(): Test {
    if (this.#take('.')) return (character) => character !== '\n' && character !== '\r';
    if (this.#take('[')) return this.#class();
    const category = this.#category();
    if (category !== undefined) return category;
    const own = this.#single(SPECIAL);
    return (character) => character === own;
  }

  /** Takes what is between brackets, and the closing one. */
  #class(): Test {
    const isNegated = this.#take('^');
    const members: Test[] = [];
    if (this.#take('-')) members.push((character) => character === '-');
    while (!this.#take(']')) {
      if (this.#take('-')) {
        // A hyphen stands for itself only at the beginning and the end.
        if (this.#characters[this.#at] !== ']') throw new InvalidPattern();
        members.push((character) => character === '-');
      } else members.push(this.#category() ?? this.#range());
    }
    if (members.length === 0) throw new InvalidPattern();
    const test: Test = (character) => members.some((member) => member(character)) !== isNegated;
    test.steps = members.length;
    return test;
  }

  #range(): Test {
    const first = this.#single('-[\\]');
    const isRange = this.#characters[this.#at] === '-' && this.#characters[this.#at + 1] !== ']';
    if (!isRange) return (character) => character === first;
    this.#at++;
    const [from, to] = [first.codePointAt(0) ?? 0, this.#single('-[\\]').codePointAt(0) ?? 0];
    if (to < from) throw new InvalidPattern();
    return (character) => {
      const code = character.codePointAt(0) ?? 0;
      return code >= from && code <= to;
    };
  }

  #category(): Test | undefined {
    const [category] = this.#next(CATEGORY, '\\') ?? [];
    if (category === undefined) return undefined;
    let test = CATEGORIES.get(category);
    if (test === undefined) {
      const expression = new RegExp(`^${category}$`, 'u');
      test = (character) => expression.test(character);
      CATEGORIES.set(category, test);
    }
    return test;
  }

  /** Takes a character that stands for itself. */
  #single(special: string): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw new InvalidPattern();
    if (character !== '\\') {
      if (special.includes(character)) throw new InvalidPattern();
      return character;
    }
    const escaped = this.#characters[this.#at++];
    if (escaped === undefined || !ESCAPABLE.includes(escaped)) throw new InvalidPattern();
    return CONTROLS[escaped] ?? escaped;
  }

  /** Takes what matches an expression, a quantity or a category. @param first The first character of what does. */
  #next(expression: RegExp, first: string): RegExpExecArray | undefined {
    if (this.#characters[this.#at] !== first) return undefined;
    const found = expression.exec(this.#characters.slice(this.#at, this.#at + 24).join(''));
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  #take(character: string): boolean {
    if (this.#characters[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #state(next: State[], accepts?: Test, anchor?: Anchor): State {
    this.#count();
    return { accepts, anchor, next, entered: 0 };
  }

  #count(): void {
    this.#work.spend(1);
    if (++this.#states > MAX_PATTERN_STATES) {
      throw new CodedError('ERR', `a pattern in a path has more than ${MAX_PATTERN_STATES} states: repeat less`);
    }
  }
}
