import { BYTES_PER_CLIENT } from '../execution/context/client-memory.js';
import type { HeldMemory } from './held-memory.js';
import type { Stranger, Strangers } from './strangers.js';

/** A client whose memory is counted. */
interface AccountedClient extends Stranger {
  /** Bytes that the client holds, without the objects of its connection. */
  readonly held: number;
}

/**
 * Counts the memory of one client in the total of all clients and, until it has authenticated, in that of the
 * strangers.
 */
export class ClientAccount<Client extends AccountedClient> {
  readonly #client: Client;
  readonly #all: HeldMemory<Client>;
  readonly #strangers: Strangers;
  /** The client's memory that is counted, in bytes. */
  #counted = 0;
  #isStranger = false;
  #isClosed = false;

  constructor(client: Client, all: HeldMemory<Client>, strangers: Strangers) {
    this.#client = client;
    this.#all = all;
    this.#strangers = strangers;
  }

  /** Whether the client has left. Nothing is counted then. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Counts what the client now holds, and enforces the limits. */
  update(): void {
    const before = this.#counted;
    const after = BYTES_PER_CLIENT + this.#client.held;
    if (after === before || this.#isClosed) return;
    this.#count(after);
    if (after < before) return;
    if (this.#isStranger) this.#strangers.memory.enforce();
    this.#all.enforce();
  }

  /**
   * Call this when the client has to authenticate. A client that already had to gets no extra time.
   * @param since When it connected, in ms.
   */
  joinStrangers(since: number): void {
    if (this.#isStranger || this.#isClosed) return;
    this.#isStranger = true;
    this.#strangers.add(this.#client, since);
    this.#strangers.memory.change(this.#client, 0, heldOf(this.#counted));
  }

  /** Call this when the client has authenticated, or no longer has to. */
  leaveStrangers(): void {
    if (!this.#isStranger) return;
    this.#isStranger = false;
    this.#strangers.remove(this.#client);
    this.#strangers.memory.change(this.#client, heldOf(this.#counted), 0);
  }

  /** Call this when the client leaves. */
  close(): void {
    this.leaveStrangers();
    this.#count(0);
    this.#isClosed = true;
  }

  #count(bytes: number): void {
    const before = this.#counted;
    this.#counted = bytes;
    this.#all.change(this.#client, before, bytes);
    if (this.#isStranger) this.#strangers.memory.change(this.#client, heldOf(before), heldOf(bytes));
  }
}

/** Returns what is counted for a client, without the objects of its connection. */
function heldOf(counted: number): number {
  return Math.max(0, counted - BYTES_PER_CLIENT);
}
