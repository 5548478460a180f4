/** The id of an entry: when it was appended in Unix ms, and a number that tells entries of one millisecond apart. */
export interface EntryId {
  readonly ms: number;
  readonly n: number;
}

/**
 * The largest value of a part that clients can write: 2^64 - 1, which as a double is 2^64. Parts of entries are far
 * smaller and exact. Parts above 2^53, which only clients make up, are rounded.
 */
export const MAX_PART = 2 ** 64;

export const FIRST_ID: EntryId = { ms: 0, n: 0 };
export const LAST_ID: EntryId = { ms: MAX_PART, n: MAX_PART };

/** Returns a negative number if an id is before another, 0 if they are equal. */
export function compareIds(a: EntryId, b: EntryId): number {
  return a.ms === b.ms ? a.n - b.n : a.ms - b.ms;
}

/** Returns the id after an id, or undefined after the last one. */
export function nextId({ ms, n }: EntryId): EntryId | undefined {
  if (n < MAX_PART) return { ms, n: n + 1 };
  return ms < MAX_PART ? { ms: ms + 1, n: 0 } : undefined;
}

/** Returns the id before an id, or undefined before the first one. */
export function previousId({ ms, n }: EntryId): EntryId | undefined {
  if (n > 0) return { ms, n: n - 1 };
  return ms > 0 ? { ms: ms - 1, n: MAX_PART } : undefined;
}

/** Returns an id as clients read it, such as `1700000000000-0`. */
export function idText({ ms, n }: EntryId): string {
  return `${partText(ms)}-${partText(n)}`;
}

function partText(part: number): string {
  if (part <= Number.MAX_SAFE_INTEGER) return String(part);
  return part >= MAX_PART ? '18446744073709551615' : String(BigInt(part));
}

/** Parses what `idText` wrote. */
export function parseId(text: string): EntryId {
  const [ms, n] = text.split('-', 2).map(Number);
  return { ms, n };
}
