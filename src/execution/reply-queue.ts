import { OutputLimitError } from '../resp/reply-encoder.js';
import { writeAnswer, writeFailure } from './call.js';
import type { Context } from './context/context.js';
import type { LateAnswer } from './late-answer.js';

/** About how many bytes a place in the queue takes, besides its request and its reply. */
const PER_PLACE = 400;

/** The place of a reply that is not written yet. */
interface Place {
  /** The memory that it takes, in bytes. */
  bytes: number;
  /** The reply, if it is ready but has to wait for earlier ones. */
  ready: Buffer | undefined;
  next: Place | undefined;
}

interface ReplyQueueOptions {
  /** What the commands use. Replies are written to its encoder. */
  readonly context: Context;
  /** The most bytes of replies that may wait. It may change. */
  maxBytes(): number;
  /** Whether the client is gone, so that nothing is written any more. */
  isGone(): boolean;
  /** Called soon after replies were written, once for all that became ready together. */
  onWritten(): void;
  /** Called with errors other than those of a command. The connection must end. */
  onFault(fault: unknown): void;
}

/**
 * Keeps the replies to one client in the order of its requests while a store answers some of them later. The oldest
 * reply is written as soon as it is known; a reply that is known earlier waits here, encoded.
 */
export class ReplyQueue {
  /** How many replies are not written yet. */
  length = 0;
  readonly #options: ReplyQueueOptions;
  #first: Place | undefined;
  #last: Place | undefined;
  #bytes = 0;
  /** Bytes of replies that are ready. */
  #ready = 0;
  #notifies = false;

  constructor(options: ReplyQueueOptions) {
    this.#options = options;
  }

  /** The memory that the requests under way and the waiting replies take, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reserves the next place for the reply to a command whose answer comes later. */
  add(late: LateAnswer): void {
    const place = this.#append(late.bytes);
    late.answer.then(
      (result) => this.#settle(place, late, writeAnswer, result),
      (error: unknown) => this.#settle(place, late, writeFailure, error),
    );
  }

  /**
   * Takes the reply that was just written out of the encoder, because earlier ones must go first.
   * @throws OutputLimitError if the replies that are ready take more than is allowed.
   */
  addWritten(): void {
    this.#keep(this.#append(0));
  }

  #append(bytes: number): Place {
    const place: Place = { bytes: bytes + PER_PLACE, ready: undefined, next: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.length++;
    this.#bytes += place.bytes;
    return place;
  }

  #settle(place: Place, late: LateAnswer, write: typeof writeAnswer, outcome: unknown): void {
    const { context, isGone, onFault } = this.#options;
    const { reply } = context;
    try {
      reply.begin();
      // Also counts the command.
      write(context, late, outcome);
      if (isGone()) {
        reply.rewind();
        return;
      }
      if (place !== this.#first) {
        this.#keep(place);
        return;
      }
      this.#shift(place);
      for (let next = this.#first; next?.ready !== undefined; next = this.#first) {
        reply.append(next.ready);
        this.#shift(next);
      }
      this.#notify();
    } catch (fault) {
      onFault(fault);
    }
  }

  /** Keeps the reply that was just written in its place. */
  #keep(place: Place): void {
    const ready = this.#options.context.reply.cut();
    place.ready = ready;
    place.bytes += ready.length;
    this.#bytes += ready.length;
    this.#ready += ready.length;
    if (this.#ready > this.#options.maxBytes()) throw new OutputLimitError();
  }

  #shift(first: Place): void {
    this.#first = first.next;
    if (this.#first === undefined) this.#last = undefined;
    this.length--;
    this.#bytes -= first.bytes;
    this.#ready -= first.ready?.length ?? 0;
  }

  /** Answers that a store sends together become ready one after the other, but leave in one write. */
  #notify(): void {
    if (this.#notifies) return;
    this.#notifies = true;
    process.nextTick(this.#onWritten);
  }

  readonly #onWritten = (): void => {
    this.#notifies = false;
    this.#options.onWritten();
  };
}
