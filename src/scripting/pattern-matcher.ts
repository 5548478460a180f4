import { FunctionError } from './function-error.js';
import type { Steps } from './steps.js';

/** The most captures of a pattern. */
const MOST_CAPTURES = 32;
/** How deep a pattern may make the matcher recurse. */
const DEEPEST = 4000;

/** In place of a capture's length: its end has not been found; it captures a position. */
const UNFINISHED = -1;
export const POSITION = -2;

const [OPEN, CLOSE, DOLLAR, PERCENT, STAR, PLUS, MINUS, DOT, QUESTION] = Buffer.from('()$%*+-.?');
const [BRACKET, END_BRACKET, CARET, LETTER_B, LETTER_F, ZERO, NINE] = Buffer.from('[]^bf09');

/**
 * Matches patterns of Lua 5.1: https://www.lua.org/manual/5.1/manual.html#5.4.1. Lua's own matcher takes exponential
 * time for some patterns and cannot be stopped meanwhile. This one can.
 *
 * Subject and pattern are in one memory, and a zero byte follows each.
 */
export class PatternMatcher {
  /** How many captures there are after a match. */
  captures = 0;
  readonly #starts = new Int32Array(MOST_CAPTURES);
  readonly #lengths = new Int32Array(MOST_CAPTURES);
  #memory: Uint8Array = new Uint8Array();
  #start = 0;
  #end = 0;
  #depth = 0;
  readonly #steps: Steps;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  /** Sets the subject: the bytes from `start` up to `end`. */
  begin(memory: Uint8Array, start: number, end: number): void {
    this.#memory = memory;
    this.#start = start;
    this.#end = end;
  }

  /**
   * Matches the pattern that begins at `pattern` with the subject from `at` on.
   * @returns Where the match ends, or -1.
   * @throws FunctionError
   */
  match(at: number, pattern: number): number {
    this.captures = 0;
    this.#depth = 0;
    return this.#match(at, pattern);
  }

  captureStart(index: number): number {
    return this.#starts[index];
  }

  /** Returns a capture's length, or POSITION. @throws FunctionError if there is no such capture. */
  captureLength(index: number): number {
    if (index >= this.captures) throw new FunctionError('invalid capture index');
    const length = this.#lengths[index];
    if (length === UNFINISHED) throw new FunctionError('unfinished capture');
    return length;
  }

  #match(from: number, pattern: number): number {
    const memory = this.#memory;
    let s = from;
    let p = pattern;
    if (++this.#depth > DEEPEST) throw new FunctionError('pattern too complex');
    try {
      while (true) {
        this.#steps.count(1);
        const c = memory[p];
        if (c === 0) return s;
        if (c === OPEN) {
          const isPosition = memory[p + 1] === CLOSE;
          return this.#open(s, isPosition ? p + 2 : p + 1, isPosition ? POSITION : UNFINISHED);
        }
        if (c === CLOSE) return this.#close(s, p + 1);
        if (c === DOLLAR && memory[p + 1] === 0) return s === this.#end ? s : -1;
        if (c === PERCENT) {
          const next = memory[p + 1];
          if (next === LETTER_B) {
            s = this.#balanced(s, p + 2);
            if (s < 0) return -1;
            p += 4;
            continue;
          }
          if (next === LETTER_F) {
            p += 2;
            if (memory[p] !== BRACKET) throw new FunctionError("missing '[' after '%f' in pattern");
            const end = this.#classEnd(p);
            const previous = s === this.#start ? 0 : memory[s - 1];
            if (this.#inSet(previous, p, end - 1) || !this.#inSet(memory[s], p, end - 1)) return -1;
            p = end;
            continue;
          }
          if (next >= ZERO && next <= NINE) {
            s = this.#again(s, next);
            if (s < 0) return -1;
            p += 2;
            continue;
          }
        }
        const end = this.#classEnd(p);
        const suffix = memory[end];
        if (suffix === STAR) return this.#longest(s, p, end);
        if (suffix === MINUS) return this.#shortest(s, p, end);
        const matches = s < this.#end && this.#isSingle(memory[s], p, end);
        if (suffix === PLUS) return matches ? this.#longest(s + 1, p, end) : -1;
        if (suffix === QUESTION) {
          if (matches) {
            const found = this.#match(s + 1, end + 1);
            if (found >= 0) return found;
          }
          p = end + 1;
          continue;
        }
        if (!matches) return -1;
        s++;
        p = end;
      }
    } finally {
      this.#depth--;
    }
  }

  #longest(s: number, p: number, end: number): number {
    const memory = this.#memory;
    let count = 0;
    while (s + count < this.#end && this.#isSingle(memory[s + count], p, end)) count++;
    this.#steps.count(count);
    for (; count >= 0; count--) {
      const found = this.#match(s + count, end + 1);
      if (found >= 0) return found;
    }
    return -1;
  }

  #shortest(from: number, p: number, end: number): number {
    const memory = this.#memory;
    for (let s = from; ; s++) {
      const found = this.#match(s, end + 1);
      if (found >= 0) return found;
      if (s >= this.#end || !this.#isSingle(memory[s], p, end)) return -1;
    }
  }

  #open(s: number, p: number, length: number): number {
    const index = this.captures;
    if (index >= MOST_CAPTURES) throw new FunctionError('too many captures');
    this.#starts[index] = s;
    this.#lengths[index] = length;
    this.captures = index + 1;
    const found = this.#match(s, p);
    if (found < 0) this.captures--;
    return found;
  }

  #close(s: number, p: number): number {
    let index = this.captures - 1;
    while (index >= 0 && this.#lengths[index] !== UNFINISHED) index--;
    if (index < 0) throw new FunctionError('invalid pattern capture');
    this.#lengths[index] = s - this.#starts[index];
    const found = this.#match(s, p);
    if (found < 0) this.#lengths[index] = UNFINISHED;
    return found;
  }

  /** Matches what an earlier capture has matched. */
  #again(s: number, digit: number): number {
    const index = digit - ZERO - 1;
    const length = this.#lengths[index];
    if (index < 0 || index >= this.captures || length === UNFINISHED) throw new FunctionError('invalid capture index');
    if (length < 0 || this.#end - s < length) return -1;
    const memory = this.#memory;
    const start = this.#starts[index];
    for (let i = 0; i < length; i++) if (memory[start + i] !== memory[s + i]) return -1;
    this.#steps.count(length);
    return s + length;
  }

  #balanced(from: number, p: number): number {
    const memory = this.#memory;
    const [open, close] = [memory[p], memory[p + 1]];
    if (open === 0 || close === 0) throw new FunctionError('unbalanced pattern');
    if (memory[from] !== open || from >= this.#end) return -1;
    let depth = 1;
    for (let s = from + 1; s < this.#end; s++) {
      const c = memory[s];
      if (c === close) {
        if (--depth === 0) {
          this.#steps.count(s - from);
          return s + 1;
        }
      } else if (c === open) depth++;
    }
    this.#steps.count(this.#end - from);
    return -1;
  }

  /** Returns where the class of characters that begins at `p` ends. */
  #classEnd(p: number): number {
    const memory = this.#memory;
    let at = p + 1;
    if (memory[p] === PERCENT) {
      if (memory[at] === 0) throw new FunctionError("malformed pattern (ends with '%')");
      return at + 1;
    }
    if (memory[p] !== BRACKET) return at;
    if (memory[at] === CARET) at++;
    do {
      if (memory[at] === 0) throw new FunctionError("malformed pattern (missing ']')");
      if (memory[at++] === PERCENT && memory[at] !== 0) at++;
    } while (memory[at] !== END_BRACKET);
    return at + 1;
  }

  #isSingle(c: number, p: number, end: number): boolean {
    const first = this.#memory[p];
    if (first === DOT) return true;
    if (first === PERCENT) return isOfClass(c, this.#memory[p + 1]);
    if (first === BRACKET) return this.#inSet(c, p, end - 1);
    return first === c;
  }

  /** @param from Where the set begins. @param last Where its closing bracket is. */
  #inSet(c: number, from: number, last: number): boolean {
    const memory = this.#memory;
    let p = from + 1;
    let found = true;
    if (memory[p] === CARET) {
      found = false;
      p++;
    }
    for (; p < last; p++) {
      if (memory[p] === PERCENT) {
        p++;
        if (isOfClass(c, memory[p])) return found;
      } else if (memory[p + 1] === MINUS && p + 2 < last) {
        if (memory[p] <= c && c <= memory[p + 2]) return found;
        p += 2;
      } else if (memory[p] === c) return found;
    }
    return !found;
  }
}

/** The classes of characters by their letters, as in the locale of C. */
const CLASSES: Readonly<Record<string, (c: number) => boolean>> = {
  a: (c) => within(c, 'A', 'Z') || within(c, 'a', 'z'),
  c: (c) => c < 32 || c === 127,
  d: (c) => within(c, '0', '9'),
  l: (c) => within(c, 'a', 'z'),
  p: (c) => within(c, '!', '/') || within(c, ':', '@') || within(c, '[', '`') || within(c, '{', '~'),
  s: (c) => c === 32 || (c >= 9 && c <= 13),
  u: (c) => within(c, 'A', 'Z'),
  w: (c) => within(c, 'A', 'Z') || within(c, 'a', 'z') || within(c, '0', '9'),
  x: (c) => within(c, '0', '9') || within(c, 'A', 'F') || within(c, 'a', 'f'),
  z: (c) => c === 0,
};

function within(c: number, first: string, last: string): boolean {
  return c >= first.charCodeAt(0) && c <= last.charCodeAt(0);
}

/** By the letter of a class in lower case and a byte: whether the byte is in the class. */
const MEMBERS: readonly (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, letter) => {
  const isMember = CLASSES[String.fromCharCode(letter)];
  return isMember && Uint8Array.from({ length: 256 }, (_, c) => (isMember(c) ? 1 : 0));
});

function isOfClass(c: number, letter: number): boolean {
  const members = MEMBERS[letter | 0x20];
  if (members === undefined || !isLetter(letter)) return letter === c;
  const isMember = members[c] === 1;
  return (letter & 0x20) === 0 ? !isMember : isMember;
}

function isLetter(c: number): boolean {
  return CLASSES.a(c);
}
