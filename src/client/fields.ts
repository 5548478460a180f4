import type { Bytes } from './connection.js';

/** Keys and values: an object, or a Map where keys are not text or their order counts. */
export type Fields = Readonly<Record<string, Bytes>> | ReadonlyMap<Bytes, Bytes>;

/** Keys and values in turn, as commands take them. */
export function flatten(fields: Fields): Bytes[] {
  return [...(fields instanceof Map ? fields : Object.entries(fields))].flat() as Bytes[];
}
