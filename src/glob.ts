import { CodedError } from './errors.js';

/**
 * Returns a matcher for a glob pattern as in Redis: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a character that stands
 * for itself. Patterns and texts have one character per byte.
 *
 * A pattern comes from a client, so no pattern may take long to match. Stars split it into pieces. The first piece is
 * compared with the beginning of the text and the last with its end. Each piece between them is searched for from where
 * the previous one ended. The first match is good enough, because it leaves the most text for the pieces that follow.
 * So no star is tried twice, and a match takes time in proportion to the text.
 *
 * @param longest The longest text that is searched, in bytes: for a longer one the matcher throws a CodedError. Texts
 *   of which only the beginning and the end are compared may have any length.
 * @throws CodedError for a piece that would take long to search.
 */
export function globMatcher(pattern: string, longest = Infinity): (text: string) => boolean {
  const pieces = piecesOf(pattern);
  const first = pieces[0];
  if (pieces.length === 1) return (text) => text.length === first.length && first.isAt(text, 0);
  const last = pieces[pieces.length - 1];
  const between = pieces.slice(1, -1).filter(({ length }) => length > 0);
  for (const piece of between) piece.checkSearchable();
  // Usual subscriptions (`__session__:expired:*`) have this form, and are matched with every event.
  if (between.length === 0 && last.length === 0) {
    // As in Redis, even `**` does not match an empty text.
    return (text) => text.length >= first.length && first.isAt(text, 0) && (text !== '' || pattern === '*');
  }
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !first.isAt(text, 0) || !last.isAt(text, end)) return false;
    if (text.length > longest && between.length > 0) throw tooLong(longest);
    let at = first.length;
    for (const piece of between) {
      const found = piece.find(text, at, end);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return true;
  };
}

function tooLong(longest: number): CodedError {
  return new CodedError(
    'ERR',
    `a pattern with two or more stars cannot be matched against a text of more than ${longest} bytes: use one star, or none`,
  );
}

/** A part of a pattern before, between or after its stars. */
interface Piece {
  /** The number of characters that it matches. */
  readonly length: number;
  /** Whether it matches at a position that has enough text after it. */
  isAt(text: string, at: number): boolean;
  /**
   * Returns the first position in `[from, end)` where it matches, or -1. Takes time in proportion to the text searched.
   */
  find(text: string, from: number, end: number): number;
  /** @throws CodedError if `find` would take too long. */
  checkSearchable(): void;
}

/**
 * Literals of up to this many characters are searched for with `indexOf`, which in the worst case compares every
 * character of the literal at each position.
 */
const SHORT_LITERAL = 32;
/** Pieces of up to this many steps are compared at each position. Preparing a faster search would take longer. */
const SHORT_WILD = 8;

/** Characters that stand for themselves. */
class Literal implements Piece {
  readonly #text: string;
  /**
   * For each prefix of the literal, the length of its longest proper prefix that is also its suffix (Knuth, Morris and
   * Pratt).
   */
  readonly #borders: Uint16Array | undefined;

  constructor(text: string) {
    this.#text = text;
    if (text.length > SHORT_LITERAL) this.#borders = bordersOf(text);
  }

  get length(): number {
    return this.#text.length;
  }

  isAt(text: string, at: number): boolean {
    return text.startsWith(this.#text, at);
  }

  find(text: string, from: number, end: number): number {
    if (this.#borders !== undefined) return this.#findLong(this.#borders, text, from, end);
    const found = text.indexOf(this.#text, from);
    return found + this.length <= end ? found : -1;
  }

  checkSearchable(): void {}

  #findLong(borders: Uint16Array, text: string, from: number, end: number): number {
    let matched = 0;
    for (let at = from; at < end; at++) {
      const code = text.charCodeAt(at);
      while (matched > 0 && this.#text.charCodeAt(matched) !== code) matched = borders[matched - 1];
      if (this.#text.charCodeAt(matched) === code) matched++;
      if (matched === this.length) return at + 1 - matched;
    }
    return -1;
  }
}

function bordersOf(text: string): Uint16Array {
  const borders = new Uint16Array(text.length);
  for (let at = 1, matched = 0; at < text.length; at++) {
    while (matched > 0 && text[matched] !== text[at]) matched = borders[matched - 1];
    if (text[matched] === text[at]) matched++;
    borders[at] = matched;
  }
  return borders;
}

/** A character by its code, any character (`?`), or a class of characters with one bit per code. */
type Step = number | typeof ANY | Int32Array;
const ANY = -1;

/** Bits in a word. A search takes one operation per character of text for every word of steps. */
const WORD = 32;
/** The most steps of a piece that is searched for. */
const MAX_STEPS = 128;
/**
 * The steps that each character matches: one bit per step, one row per character. Prepared for one piece at a time.
 */
const STEPS_OF = new Int32Array((256 * MAX_STEPS) / WORD);
const STATE = new Int32Array(MAX_STEPS / WORD);
/** The piece for which `STEPS_OF` is prepared. */
let searched: Wild | undefined;

/** Characters, some of which may vary. */
class Wild implements Piece {
  readonly #steps: readonly Step[];

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  get length(): number {
    return this.#steps.length;
  }

  isAt(text: string, at: number): boolean {
    for (let i = 0; i < this.#steps.length; i++) if (!fits(this.#steps[i], text.charCodeAt(at + i))) return false;
    return true;
  }

  find(text: string, from: number, end: number): number {
    if (this.length > SHORT_WILD) return this.#findLong(text, from, end);
    for (let at = from; at + this.length <= end; at++) if (this.isAt(text, at)) return at;
    return -1;
  }

  checkSearchable(): void {
    if (this.length <= MAX_STEPS) return;
    throw new CodedError(
      'ERR',
      `a pattern with ? or [] must not have more than ${MAX_STEPS} characters between two stars`,
    );
  }

  /**
   * Tracks all positions at which a match may be in progress, as bits of `STATE` ("shift-and", Baeza-Yates and Gonnet).
   */
  #findLong(text: string, from: number, end: number): number {
    if (searched !== this) this.#prepare();
    const words = this.#words;
    const lastBit = 1 << ((this.length - 1) % WORD);
    STATE.fill(0);
    for (let at = from; at < end; at++) {
      const row = text.charCodeAt(at) * words;
      let carry = 1;
      for (let word = 0; word < words; word++) {
        const state = STATE[word];
        STATE[word] = ((state << 1) | carry) & STEPS_OF[row + word];
        carry = state >>> 31;
      }
      if ((STATE[words - 1] & lastBit) !== 0) return at + 1 - this.length;
    }
    return -1;
  }

  get #words(): number {
    return Math.ceil(this.length / WORD);
  }

  #prepare(): void {
    searched = this;
    const words = this.#words;
    // Most steps match all characters, or exactly one.
    STATE.fill(0);
    this.#steps.forEach((step, i) => {
      if (step === ANY) STATE[Math.floor(i / WORD)] |= 1 << (i % WORD);
    });
    for (let at = 0; at < 256 * words; at++) STEPS_OF[at] = STATE[at % words];
    this.#steps.forEach((step, i) => {
      const word = Math.floor(i / WORD);
      const bit = 1 << (i % WORD);
      if (typeof step !== 'number') {
        for (let code = 0; code < 256; code++) if (fits(step, code)) STEPS_OF[code * words + word] |= bit;
      } else if (step !== ANY) {
        STEPS_OF[step * words + word] |= bit;
      }
    });
  }
}

function fits(step: Step, code: number): boolean {
  if (typeof step === 'number') return step === ANY || step === code;
  return ((step[code >> 5] >> (code & 31)) & 1) !== 0;
}

/** Returns the pieces of a pattern before, between and after its stars; one piece if there are none. */
function piecesOf(pattern: string): Piece[] {
  const pieces: Piece[] = [];
  let steps: Step[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '*') {
      pieces.push(pieceOf(steps));
      steps = [];
    } else if (character === '?') {
      steps.push(ANY);
    } else if (character === '[') {
      const [members, end] = readClass(pattern, at + 1);
      steps.push(members);
      at = end;
    } else {
      if (character === '\\' && at + 1 < pattern.length) at++;
      steps.push(pattern.charCodeAt(at));
    }
  }
  pieces.push(pieceOf(steps));
  return pieces;
}

function pieceOf(steps: readonly Step[]): Piece {
  const codes = steps.filter((step) => typeof step === 'number' && step !== ANY) as number[];
  return codes.length === steps.length ? new Literal(String.fromCharCode(...codes)) : new Wild(steps);
}

/** Reads `[…]` from after its opening bracket. An unclosed class ends with the pattern. Also returns the end. */
function readClass(pattern: string, start: number): [members: Int32Array, end: number] {
  const members = new Int32Array(256 / 32);
  let at = start;
  const negated = pattern[at] === '^';
  if (negated) at++;
  for (; at < pattern.length && pattern[at] !== ']'; at++) {
    const escaped = pattern[at] === '\\' && at + 1 < pattern.length;
    if (escaped) at++;
    const one = signedCodeAt(pattern, at);
    let other = one;
    // An escaped character cannot begin a range. At the end of a range a backslash is an ordinary character.
    if (!escaped && pattern[at + 1] === '-' && at + 2 < pattern.length) {
      at += 2;
      other = signedCodeAt(pattern, at);
    }
    for (let code = Math.min(one, other); code <= Math.max(one, other); code++) {
      members[(code & 0xff) >> 5] |= 1 << (code & 31);
    }
  }
  return [negated ? members.map((bits) => ~bits) : members, at];
}

/** Ranges compare signed bytes, as in Redis on x86. */
function signedCodeAt(text: string, at: number): number {
  return (text.charCodeAt(at) << 24) >> 24;
}
