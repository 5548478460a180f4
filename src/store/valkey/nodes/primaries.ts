import { endpoint } from '../../../endpoint.js';
import type { NodeAddress } from './connection.js';
import { SLOTS } from './hash-slot.js';
import type { Primary } from './primary.js';
import type { Topology } from './topology.js';

/** The primaries, and which slots each has. */
export class Primaries {
  readonly #create: (address: NodeAddress) => Primary;
  readonly #byAddress = new Map<string, Primary>();
  readonly #bySlot: (Primary | undefined)[] = new Array(SLOTS).fill(undefined);
  #isComplete = false;

  /** @param create Makes a primary that starts to connect. */
  constructor(create: (address: NodeAddress) => Primary) {
    this.#create = create;
  }

  [Symbol.iterator](): Iterator<Primary> {
    return this.#byAddress.values();
  }

  ofSlot(slot: number): Primary | undefined {
    return this.#bySlot[slot];
  }

  /** Whether each slot has a primary. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Replaces what was known. Nodes that are no longer primaries are retired. */
  apply({ primaries }: Topology): void {
    this.#bySlot.fill(undefined);
    for (const { from, to, ...address } of primaries) this.#bySlot.fill(this.at(address), from, to + 1);
    this.#isComplete = !this.#bySlot.includes(undefined);
    const used = new Set(this.#bySlot);
    for (const [address, primary] of this.#byAddress) {
      if (used.has(primary)) continue;
      this.#byAddress.delete(address);
      primary.retire();
    }
  }

  /** Notes that one slot has moved. */
  move(slot: number, address: NodeAddress): void {
    this.#bySlot[slot] = this.at(address);
  }

  /** Returns the primary with an address. Creates it if it is new. */
  at({ host, port }: NodeAddress): Primary {
    const name = endpoint(host, port);
    let primary = this.#byAddress.get(name);
    if (primary === undefined) {
      primary = this.#create({ host, port });
      this.#byAddress.set(name, primary);
    }
    return primary;
  }

  close(): void {
    for (const primary of this) primary.close();
  }
}
