import { Slice } from '../../slice.js';
import type { FieldStore } from './field-store.js';

const EMPTY = Slice.of('');

/**
 * Applies a WRITE record: cuts a value to `lengthBefore` bytes or pads it with zero bytes to that length, then writes
 * bytes into it from `offset` on.
 */
export function writeAs(
  fields: FieldStore,
  slot: number,
  key: Slice,
  offset: number,
  bytes: Slice,
  lengthBefore: number,
): void {
  const length = fields.valueLength(slot, key);
  if (length > lengthBefore) {
    const kept = fields.read(slot, key, 0, lengthBefore);
    if (kept !== undefined) fields.set(slot, key, Slice.of(kept.copy()));
  } else if (length < lengthBefore) {
    fields.write(slot, key, lengthBefore, EMPTY);
  }
  fields.write(slot, key, offset, bytes);
}
