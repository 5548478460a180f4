import { Slice } from '../../slice.js';
import { MAX_NAME } from '../session.js';

/** `@name` may be used wherever the token of a shared session is expected. No token starts with `@`. */
const AT = 0x40;

/** Returns the name in `@name`, or undefined for anything else. */
export function nameIn(address: Slice): Slice | undefined {
  const { bytes, start, end } = address;
  return start < end && bytes[start] === AT ? new Slice(bytes, start + 1, end) : undefined;
}

/** The latest `@name`. Reused, because allocating a buffer takes longer than filling it. */
const latest = Slice.of(Buffer.alloc(1 + MAX_NAME));
latest.bytes[0] = AT;

/**
 * Returns `@name`, valid until the next call.
 * @param name At most `MAX_NAME` bytes.
 */
export function addressOfName(name: Slice): Slice {
  latest.end = name.writeTo(latest.bytes, 1);
  return latest;
}
