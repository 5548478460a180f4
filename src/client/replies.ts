// Converts replies to values. The form of a reply depends on the protocol and on the library.

/** Converts a reply to text. */
export const textOf = (reply: unknown): string => String(reply);

/** Converts a reply to text; null stays null. */
export const textOrNullOf = (reply: unknown): string | null => (reply === null ? null : String(reply));

/** Converts a reply to a number. RESP3 has booleans where RESP2 has 1 and 0. ioredis may return numbers as strings. */
export const integerOf = (reply: unknown): number => Number(reply);

/** Converts a reply to a boolean. */
export const booleanOf = (reply: unknown): boolean => Number(reply) === 1;

/** Converts a reply to an array, and each item with `itemOf`. */
export const arrayOf = <T>(reply: unknown, itemOf: (item: unknown) => T): T[] => (reply as unknown[]).map(itemOf);

/**
 * Converts a map to an object, and each value with `toValue`. A map is a flat array in RESP2, and an object or a Map in
 * RESP3.
 */
export function mapOf<T>(reply: unknown, toValue: (value: unknown) => T): Record<string, T> {
  return Object.fromEntries(entriesOf(reply).map(([key, value]) => [String(key), toValue(value)]));
}

function entriesOf(reply: unknown): [unknown, unknown][] {
  if (reply instanceof Map) return [...reply];
  return Array.isArray(reply) ? pairsOf(reply) : Object.entries(reply as object);
}

/** Groups the items of a flat array into pairs. */
export function pairsOf(flat: readonly unknown[]): [unknown, unknown][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}
