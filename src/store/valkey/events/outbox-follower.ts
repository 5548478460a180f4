import type { Clock } from '../../../engine/index.js';
import { CodedError } from '../../../errors.js';
import type { Nodes } from '../nodes/nodes.js';
import { EntryId } from './entry-id.js';

/** How many entries of the outbox are read at a time. */
const PAGE = 64;

/** How many of the latest events are remembered, so that they are not passed on again after a failover. */
const REMEMBERED = 64;

/** The most messages that are kept while the outbox is read. Further ones are read from the outbox. */
const MOST_HELD = 256;

/** After a failed call, the outbox is read again in this many ms. */
const RETRY_MS = 500;

const NONE: ReadonlySet<string> = new Set();

export interface FollowerParts {
  readonly nodes: Nodes;
  readonly clock: Clock;
  /** Called with the payload of each event. */
  readonly onEvent: (payload: Buffer) => void;
  /** Called for an error that is a bug. */
  readonly onFault: (fault: unknown) => void;
}

/**
 * Follows the outbox of one partition: passes on each event once, in order. Events arrive in messages as they happen.
 * After each gap, the follower reads from the outbox those that it has missed.
 *
 * A failover can lose entries of the outbox that have been passed on. They may even be later than entries that are
 * still there, because the old primary may publish for a moment after a replica has taken over. So when messages begin
 * to arrive again, the follower reads the outbox from before the latest events.
 */
export class OutboxFollower {
  readonly #partition: number;
  readonly #parts: FollowerParts;
  /** Where the outbox is read next: after the last event that was passed on, or where the follower began. */
  #last: EntryId | undefined;
  /** A ring of the ids of the latest events that were passed on, and of the entry where the follower began. */
  readonly #passed: EntryId[] = [];
  #count = 0;
  /** When the follower began, in ms on the clock; undefined before. */
  #beganAt: number | undefined;
  /** Whether the outbox has to be read from before the latest events. */
  #rewinds = false;
  /** The ids of events that may be read again after that. */
  #known: ReadonlySet<string> = NONE;
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
   * Notes where the outbox ends. Everything after that will be passed on. Also resolves if the call has failed: it will
   * be repeated, asking for everything since now. Never rejects.
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
    this.#rewinds = this.#passed.length > 0;
    // These may come from a node that is no longer the primary. If not, they are in the outbox.
    this.#held = [];
    void this.#catchUp();
  }

  /** @param message `<id> <payload>`. The payload is left out if it is long. */
  received(message: Buffer): void {
    if (this.#reading) this.#hold(message);
    else if (!this.#behind) this.#pass(message);
  }

  /** Checks whether an event has been missed, unless the outbox is being read anyway. */
  check(): void {
    if (!this.#reading) void this.#catchUp();
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry();
  }

  /** Reads the outbox up to its end. If a call fails, it tries again later. Never rejects. */
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
      this.#known = NONE;
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
    if (this.#rewinds) this.#rewind();
    const after = this.#last?.toString() ?? this.#beginning();
    const reply = await this.#parts.nodes.call(this.#partition, 'events', [after, PAGE]);
    const [last, ...entries] = reply as readonly Buffer[];
    if (this.#closed) return false;
    const end = EntryId.read(last);
    // A failover can lose entries that have been passed on. Later entries may then have smaller ids than the lost ones.
    if (after === '$') this.#remember(end);
    if (this.#last === undefined || this.#last.isAfter(end)) this.#last = end;
    this.#onBegun();
    for (let i = 0; i < entries.length; i += 2) {
      const id = EntryId.read(entries[i]);
      if (this.#known.has(id.toString())) this.#last = id;
      else this.#publish(id, entries[i + 1]);
    }
    return entries.length === 2 * PAGE;
  }

  /** Returns the argument for `events` while it is not known where the outbox ended. */
  #beginning(): string {
    const now = this.#parts.clock.now();
    if (this.#beganAt !== undefined) return `-${Math.ceil(now - this.#beganAt)}`;
    this.#beganAt = now;
    return '$';
  }

  #rewind(): void {
    this.#rewinds = false;
    this.#known = new Set(this.#passed.map(String));
    this.#last = this.#passed.reduce((first, id) => (first.isAfter(id) ? id : first));
  }

  /** Keeps a copy, because a view would keep alive everything that was received with it. */
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

  #remember(id: EntryId): void {
    this.#passed[this.#count++ % REMEMBERED] = id;
  }

  #publish(id: EntryId, payload: Buffer): void {
    this.#last = id;
    this.#remember(id);
    try {
      this.#parts.onEvent(payload);
    } catch (fault) {
      this.#parts.onFault(fault);
    }
  }
}
