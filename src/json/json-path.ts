import { MAX_PATH_BYTES } from './limits.js';
import { invalid, isSingular, parsePath, type Segment } from './path-syntax.js';

/** A path of a command. */
export interface JsonPath {
  /** As the client sent it. */
  readonly text: string;
  /**
   * Whether it does not begin with `$`. Such a path stands for one value, and commands reply with that instead of an
   * array: RedisJSON keeps the paths of its first version this way.
   */
  readonly isLegacy: boolean;
  readonly segments: readonly Segment[];
  /** Whether it selects at most one value, whatever the document is. */
  readonly isSingular: boolean;
}

/** Parsed paths. An application has few. */
const known = new Map<string, JsonPath>();
const MOST_KNOWN = 200;
/** Longer paths are parsed each time, so that those which are kept take little memory. */
const LONGEST_KNOWN = 128;

/**
 * Parses a path: one of RFC 9535, which begins with `$`, or a legacy path such as `.`, `.a.b[0]` or `a`.
 * @param text The path, which was at most `bytes` long.
 * @throws CodedError if it is not valid, or too long.
 */
export function jsonPath(text: string): JsonPath {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (Buffer.byteLength(text) > MAX_PATH_BYTES) throw invalid(`it is longer than ${MAX_PATH_BYTES} bytes`);
  const isLegacy = !/^\$(?:[.[]|$)/.test(text);
  const query = isLegacy ? fromLegacy(text) : text;
  // The commonest path of all needs no parser.
  const segments = query === '$' ? [] : parsePath(query);
  const path = { text, isLegacy, segments, isSingular: isSingular(segments) };
  if (text.length <= LONGEST_KNOWN) {
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(text, path);
  }
  return path;
}

/** The path of a whole value. */
export const WHOLE: JsonPath = { text: '.', isLegacy: true, segments: [], isSingular: true };

/** A legacy path that consists of names and indexes: `.a.b-c[0]["d"]`. */
const PLAIN = /^(?:\.?[^.[\]"'*?()@\s]+|\[[^[\]]*\])(?:\.[^.[\]"'*?()@\s]+|\[[^[\]]*\])*$/;

/** Returns the path of RFC 9535 for a legacy path. */
function fromLegacy(text: string): string {
  if (text === '.') return '$';
  const path = text.startsWith('.') || text.startsWith('[') ? text : `.${text}`;
  // Names may contain characters there that RFC 9535 has only in brackets.
  if (!PLAIN.test(path)) return `$${path}`;
  return `$${path.replace(/\.([^.[]+)|\[[^\]]*\]/g, (part, name) => (name === undefined ? part : `[${JSON.stringify(name)}]`))}`;
}
