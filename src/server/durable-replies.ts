import type { Durability } from '../durability/durability.js';

/** About how many bytes it takes to hold replies back, besides the replies. */
const PER_HELD = 300;

/** Replies that are held back. */
interface Held {
  /** A string has one character per byte. */
  readonly replies: string | Buffer;
  /** Whether the disk has what they reveal. */
  isDurable: boolean;
}

/**
 * With appendfsync always: what the disk must have before the replies to one client are sent. That is everything done
 * so far, not only what this client did: it may have read what another client wrote, or learnt that a session is gone.
 * While the disk fails, writes are refused, and clients that only read do not wait.
 *
 * Replies that wait are held here, in order, and the client's later requests are served meanwhile. Otherwise their
 * changes would miss the next sync whenever another client makes it begin first.
 */
export class DurableReplies {
  readonly #durability: Durability | undefined;
  /** The position in the journal that must be durable before the current replies are sent. 0 if none must be. */
  #first = 0;
  /** The position in the journal before the latest read was served. */
  #servedFrom = 0;
  /** Whether the current replies acknowledge changes by this client, and do not only show those of others. */
  #changed = false;
  /** Earlier replies, oldest first: those to one read each. */
  readonly #held: Held[] = [];
  #bytes = 0;

  constructor(durability: Durability | undefined) {
    this.#durability = durability;
  }

  /** Call this before the requests of a read are served. */
  begin(): void {
    this.#servedFrom = this.#durability?.position ?? 0;
  }

  /** Call this when requests have been served, before their replies are sent. */
  note(): void {
    const durability = this.#durability;
    if (!durability?.isStrict || durability.failure !== undefined || durability.isDurable) return;
    this.#first = durability.position;
    this.#changed ||= durability.position > this.#servedFrom;
  }

  /** Whether the current replies must wait for the disk, or for earlier ones that do. */
  get mustWait(): boolean {
    return this.#first > 0 || this.#held.length > 0;
  }

  /** Whether no replies are held back. */
  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  /** The memory that they take, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Holds the current replies back, which are these. Later requests may be served meanwhile.
   * @param onReady Called when some replies can be taken.
   */
  hold(replies: string | Buffer, onReady: () => void): void {
    const held: Held = { replies, isDurable: this.#first === 0 };
    this.#held.push(held);
    this.#bytes += replies.length + PER_HELD;
    const ready = () => {
      held.isDurable = true;
      if (this.#held[0] === held) onReady();
    };
    if (this.#changed) this.#durability?.whenDurable(this.#first, ready);
    else if (this.#first > 0) this.#durability?.whenDurableOrFailing(this.#first, ready);
    this.#first = 0;
    this.#changed = false;
  }

  /** Takes the oldest replies if they may be sent. */
  take(): string | Buffer | undefined {
    const [first] = this.#held;
    if (!first?.isDurable) return undefined;
    this.#held.shift();
    this.#bytes -= first.replies.length + PER_HELD;
    return first.replies;
  }
}
