import type { Clock } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import { EntryId } from './entry-id.js';
import type { Nodes } from './nodes.js';

/** Entries of the outbox that are read at a time. */
const PAGE = 64;

/** The most messages that are kept while the outbox is read. Those beyond are read from the outbox. */
const MOST_HELD = 256;

/** After a failed call, the outbox is read again in this many ms. */
const RETRY_MS = 500;

export interface FollowerParts {
  readonly nodes: Nodes;
  readonly clock: Clock;
  /** Called with the payload of each event. */
  readonly onEvent: (payload: Buffer) => void;
  /** Called for an error that is a bug. */
  readonly onFault: (fault: unknown) => void;
}

/**
 * Follows the outbox of one partition: passes on each event once, in order. Messages bring them as they happen; after
 * each gap it reads from the outbox what no message has brought.
 */
export class OutboxFollower {
  readonly #partition: number;
  readonly #parts: FollowerParts;
  /** The id of the last event that was passed on, or at which it began. */
  #last: EntryId | undefined;
  /** Whether messages arrive. */
  #subscribed = false;
  /** Whether events may be missing, so that the outbox has to be read before the next message is passed on. */
  #behind = true;
  #reading = false;
  #readAgain = false;
  /** Messages that came while the outbox was being read. */
  #held: Buffer[] = [];
  #closed = false;
  #cancelRetry = () => {};
  #onBegun = () => {};

  constructor(partition: number, parts: FollowerParts) {
    this.#partition = partition;
    this.#parts = parts;
  }

  /**
   * Notes where the outbox ends. Everything after that will be passed on. Resolves also if the call failed: it will be
   * repeated. Never rejects.
   */
  begin(): Promise<void> {
    void this.#catchUp();
    return new Promise((resolve) => {
      this.#onBegun = resolve;
    });
  }

  /** Messages arrive from now on. Some may have been missed before. */
  started(): void {
    this.#subscribed = true;
    void this.#catchUp();
  }

  /** @param message `<id> <payload>`. The payload is missing if it is long. */
  received(message: Buffer): void {
    if (this.#reading) this.#hold(message);
    else if (!this.#behind) this.#pass(message);
  }

  /** Looks whether an event has been missed, unless it is reading anyway. */
  check(): void {
    if (!this.#reading) void this.#catchUp();
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry();
  }

  /** Reads the outbox up to its end. If a call fails, it does so later. Never rejects. */
  async #catchUp(): Promise<void> {
    if (this.#reading) {
      this.#readAgain = true;
      return;
    }
    this.#reading = true;
    this.#cancelRetry();
    try {
      do {
        this.#readAgain = false;
        if (await this.#readPage()) this.#readAgain = true;
      } while (this.#readAgain && !this.#closed);
      this.#reading = false;
      this.#behind = !this.#subscribed;
      for (const message of this.#held.splice(0)) this.received(message);
    } catch (error) {
      if (!(error instanceof CodedError)) this.#parts.onFault(error);
      this.#behind = true;
      this.#reading = false;
      this.#held = [];
      this.#onBegun();
      if (!this.#closed) this.#cancelRetry = this.#parts.clock.after(RETRY_MS, () => void this.#catchUp());
    }
  }

  /** Returns whether there may be more. */
  async #readPage(): Promise<boolean> {
    const after = this.#last?.toString() ?? '$';
    const reply = await this.#parts.nodes.call(this.#partition, 'events', [after, PAGE]);
    const [last, ...entries] = reply as readonly Buffer[];
    if (this.#closed) return false;
    const end = EntryId.read(last);
    // A failover can lose entries that have been passed on. Later ones may then have smaller ids than those.
    if (this.#last === undefined || this.#last.isAfter(end)) this.#last = end;
    this.#onBegun();
    for (let i = 0; i < entries.length; i += 2) this.#publish(EntryId.read(entries[i]), entries[i + 1]);
    return entries.length === 2 * PAGE;
  }

  /** Keeps a copy, because a view would keep all that was received with it. */
  #hold(message: Buffer): void {
    if (this.#held.length < MOST_HELD) this.#held.push(Buffer.from(message));
    else this.#readAgain = true;
  }

  #pass(message: Buffer): void {
    if (this.#closed) return;
    const space = message.indexOf(0x20);
    const id = EntryId.read(message, space);
    if (this.#last !== undefined && !id.isAfter(this.#last)) return;
    if (space === message.length - 1) void this.#catchUp();
    else this.#publish(id, message.subarray(space + 1));
  }

  #publish(id: EntryId, payload: Buffer): void {
    this.#last = id;
    try {
      this.#parts.onEvent(payload);
    } catch (fault) {
      this.#parts.onFault(fault);
    }
  }
}
