import { Slice } from '../../slice.js';
import { MAX_NAME } from '../session.js';

/**
 * What may stand for the token of a shared session, where a token is expected: `@` and its name. No token begins so.
 */
const AT = 0x40;

/** The name in `@name`; undefined for anything else. */
export function nameIn(address: Slice): Slice | undefined {
  const { bytes, start, end } = address;
  return start < end && bytes[start] === AT ? new Slice(bytes, start + 1, end) : undefined;
}

/** Making a buffer would take longer than filling it. */
const latest = Slice.of(Buffer.alloc(1 + MAX_NAME));
latest.bytes[0] = AT;

/** `@name`, good until the next call. @param name Of at most `MAX_NAME` bytes. */
export function addressOfName(name: Slice): Slice {
  latest.end = name.writeTo(latest.bytes, 1);
  return latest;
}
