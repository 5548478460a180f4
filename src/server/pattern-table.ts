import type { Subscriber } from '../execution/context/context.js';
import { globMatcher } from '../glob.js';

export interface Pattern {
  readonly text: string;
  readonly matches: (channel: string) => boolean;
  readonly subscribers: Set<Subscriber>;
}

/** So many characters of what a pattern begins with are looked at to find it. */
const MAX_PREFIX = 64;
/** So many patterns are all tried. */
const FEW = 8;

/**
 * Patterns that somebody subscribes to. They are kept by what they spell out before their first special character, so that a
 * channel is matched only with those that begin as it does. Ten thousand patterns `basket:<id>:*` cost no more than one.
 */
export class PatternTable {
  readonly #patterns = new Map<string, Pattern>();
  readonly #byPrefix = new Map<string, Set<Pattern>>();
  /** How many different prefixes there are of each length. */
  readonly #lengths = new Map<number, number>();

  get size(): number {
    return this.#patterns.size;
  }

  get(text: string): Pattern | undefined {
    return this.#patterns.get(text);
  }

  /** Adds a pattern without subscribers. @throws CodedError for one that would take long to match. */
  add(text: string): Pattern {
    const pattern = { text, matches: globMatcher(text), subscribers: new Set<Subscriber>() };
    this.#patterns.set(text, pattern);
    const prefix = prefixOf(text);
    const others = this.#byPrefix.get(prefix);
    if (others !== undefined) {
      others.add(pattern);
    } else {
      this.#byPrefix.set(prefix, new Set([pattern]));
      this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1);
    }
    return pattern;
  }

  remove(pattern: Pattern): void {
    this.#patterns.delete(pattern.text);
    const prefix = prefixOf(pattern.text);
    const others = this.#byPrefix.get(prefix);
    others?.delete(pattern);
    if (others?.size !== 0) return;
    this.#byPrefix.delete(prefix);
    const left = (this.#lengths.get(prefix.length) ?? 0) - 1;
    if (left > 0) this.#lengths.set(prefix.length, left);
    else this.#lengths.delete(prefix.length);
  }

  /** Patterns among which are all that match a channel, in sets: those that begin as it does or, if there are few, all. */
  near(channel: string): Iterable<Pattern>[] {
    // To match a few is quicker than to look for them.
    if (this.size <= FEW) return [this.#patterns.values()];
    const near: Set<Pattern>[] = [];
    for (const length of this.#lengths.keys()) {
      if (length > channel.length) continue;
      const patterns = this.#byPrefix.get(channel.slice(0, length));
      if (patterns !== undefined) near.push(patterns);
    }
    return near;
  }
}

/** What each channel begins with that a pattern matches. */
function prefixOf(pattern: string): string {
  const end = pattern.search(/[*?[\\]/);
  return pattern.slice(0, Math.min(end < 0 ? pattern.length : end, MAX_PREFIX));
}

/** Bytes of memory that a pattern takes, its one subscriber included: growth of the heap with thousands of each kind. */
export function memoryOfPattern(text: string): number {
  let bytes = 800 + 5 * text.length;
  for (const character of text) {
    if (character === '*') bytes += 50;
    if (character === '[') bytes += 250;
  }
  return bytes;
}
