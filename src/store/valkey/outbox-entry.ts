import type { SessionEvent } from '../../engine/index.js';
import type { StoreEvent } from '../remote-store.js';

const DATA = 'D'.charCodeAt(0);
const SIZES = 'S'.charCodeAt(0);

/**
 * Reads an event as the outbox and the channel of events have it. `functions/README.md` describes the format.
 * @param payload It is not copied, so it must stay as it is.
 */
export function readEvent(payload: Buffer): StoreEvent {
  let at = 0;
  const bytes = (length: number) => {
    at += length;
    return payload.subarray(at - length, at);
  };
  const number = (length: number) => bytes(length).readUIntLE(0, length);
  const event = bytes(number(1)).toString('latin1') as SessionEvent;
  const when = number(6);
  const created = Math.floor((number(4) + number(3) * 2 ** 32) / 1000);
  bytes(number(1));
  const token = bytes(number(1));
  const name = bytes(number(2));
  const what = number(1);
  const base = { event, token, name, created, at: when };
  if (what === DATA) {
    const data: Buffer[] = [];
    for (let left = number(4); left > 0; left--) {
      const keyLength = number(4);
      const valueLength = number(4);
      data.push(bytes(keyLength), bytes(valueLength));
    }
    return { ...base, data, sizes: undefined };
  }
  if (what === SIZES) {
    const count = number(4);
    const entries: { key: Buffer; length: number }[] = [];
    while (at < payload.length) {
      const keyLength = number(4);
      const length = number(4);
      entries.push({ key: bytes(keyLength), length });
    }
    return { ...base, data: undefined, sizes: { count, entries } };
  }
  return { ...base, data: undefined, sizes: undefined };
}
