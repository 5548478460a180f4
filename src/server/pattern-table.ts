import type { Subscriber } from '../execution/context/pub-sub.js';
import { globMatcher } from '../glob.js';

interface Pattern {
  readonly text: string;
  readonly matches: (channel: string) => boolean;
  readonly subscribers: Set<Subscriber>;
}

/** The most characters of a prefix that are used for look-ups. */
const MAX_PREFIX = 64;
/** If there are at most this many patterns, all of them are tried. */
const FEW = 8;

/**
 * The patterns that have subscribers. They are indexed by their text before the first special character, so a channel
 * is matched only with patterns that share its prefix. Ten thousand patterns `basket:<id>:*` cost no more than one.
 */
export class PatternTable {
  readonly #patterns = new Map<string, Pattern>();
  readonly #byPrefix = new Map<string, Set<Pattern>>();
  /** The number of different prefixes of each length. */
  readonly #lengths = new Map<number, number>();

  get size(): number {
    return this.#patterns.size;
  }

  get(text: string): Pattern | undefined {
    return this.#patterns.get(text);
  }

  /**
   * Adds a pattern without subscribers.
   * @throws CodedError if the pattern would take long to match.
   */
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

  /**
   * Returns sets that together contain all patterns that match a channel: the patterns that share its prefix, or all if
   * there are few.
   */
  near(channel: string): Iterable<Pattern>[] {
    // Matching a few is faster than looking them up.
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

/** Returns the text with which every channel that matches the pattern begins. */
function prefixOf(pattern: string): string {
  const end = pattern.search(/[*?[\\]/);
  return pattern.slice(0, Math.min(end < 0 ? pattern.length : end, MAX_PREFIX));
}

/**
 * Returns the bytes of memory that a pattern with one subscriber takes, estimated from heap growth with thousands of
 * each kind.
 */
export function memoryOfPattern(text: string): number {
  let bytes = 800 + 5 * text.length;
  for (const character of text) {
    if (character === '*') bytes += 50;
    if (character === '[') bytes += 250;
  }
  return bytes;
}
