import { hashSlot } from './hash-slot.js';
import { baseOf } from './nodes.js';
import type { Primary } from './primary.js';
import { bulkString } from './request-bytes.js';

/** Where the calls to a partition go. */
export class Partition {
  readonly index: number;
  readonly base: string;
  readonly slot: number;
  /** The number of keys that a function gets, and its key, as they are sent. */
  readonly encodedKeys: string;
  primary: Primary | undefined;
  /** Calls that were given to the primary and have not been answered. */
  inFlight = 0;
  /** Whether calls have to wait, so that they stay in order or until the partition has a primary. */
  isHeld = false;
  /** Calls wait at least until this time, in ms of `performance.now`. */
  heldUntil = 0;
  /** Why calls wait: an error of the node, or empty if it has not answered with one. */
  refusal = '';

  constructor(prefix: string, index: number) {
    this.index = index;
    this.base = baseOf(prefix, index);
    this.slot = hashSlot(String(index));
    this.encodedKeys = bulkString('1') + bulkString(this.base);
  }
}
