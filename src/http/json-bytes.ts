import { isUtf8 } from 'node:buffer';

/** Bytes of a client in JSON: text if they are UTF-8, otherwise in base64. */
export type JsonBytes = string | { readonly base64: string };

/** Returns bytes for JSON: as text if they are UTF-8, otherwise in base64. */
export function toJsonBytes(bytes: Buffer): JsonBytes {
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') };
}

/** Returns the bytes that `toJsonBytes` has written; undefined for anything that it never writes. */
export function fromJsonBytes(value: unknown): Buffer | undefined {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    // Half of a surrogate pair would become another character.
    return bytes.toString() === value ? bytes : undefined;
  }
  const base64 = typeof value === 'object' && value !== null && 'base64' in value ? value.base64 : undefined;
  if (typeof base64 !== 'string') return undefined;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes : undefined;
}
