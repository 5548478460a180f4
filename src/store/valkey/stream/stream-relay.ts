import type { Clock } from '../../../engine/index.js';
import { CodedError, type ErrorCode } from '../../../errors.js';
import type { Slice } from '../../../slice.js';
import { STREAM_KEY } from '../../../stream-key.js';
import type { RemoteStream, StreamReply } from '../../remote-store.js';
import { listOf } from '../library/replies.js';
import { baseOf, type Nodes, type Subscription } from '../nodes/nodes.js';
import { STREAM_PARTITION } from './outbox-forwarder.js';
import { WaitingRead } from './waiting-read.js';

/** How often it is checked whether the stream has new entries, in ms, in case a message was lost unnoticed. */
const CHECK_MS = 5000;

/** Returns the key of the stream. @param prefix That of all keys of the store. */
export function streamKey(prefix: string): string {
  return `${baseOf(prefix, STREAM_PARTITION)}:stream`;
}

export interface StreamRelayParts {
  readonly nodes: Nodes;
  /** The key of the stream. */
  readonly key: string;
  readonly clock: Clock;
}

/**
 * Runs commands on the stream of the store, on the node that has it. Reads that wait do so here: they ask again when a
 * message says that the stream has new entries. So they need neither a connection nor a call each while they wait.
 */
export class StreamRelay implements Pick<RemoteStream, 'run' | 'read'> {
  readonly #parts: StreamRelayParts;
  /** The reads that wait, in the order in which they began. */
  readonly #waiting = new Set<WaitingRead>();
  #subscription: Subscription | undefined;
  #lastId = '';
  #cancelCheck = () => {};

  constructor(parts: StreamRelayParts) {
    this.#parts = parts;
  }

  /** How many reads wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** See `RemoteStream`. */
  async run(words: readonly (Slice | string)[], isRead: boolean): Promise<StreamReply> {
    const { nodes, key } = this.#parts;
    const real = words.map((word) => (word === STREAM_KEY ? key : word));
    try {
      return (await nodes.command(STREAM_PARTITION, real, isRead)) as StreamReply;
    } catch (error) {
      if (!(error instanceof CodedError) || !error.message.includes(key)) throw error;
      throw new CodedError(error.code as ErrorCode, error.message.replaceAll(key, STREAM_KEY));
    } finally {
      // It may have destroyed the group for which a read waits.
      if (words[0] === 'XGROUP') this.#wake();
    }
  }

  /** See `RemoteStream`. */
  async read(words: readonly (Slice | string)[], ms: number, signal: AbortSignal): Promise<StreamReply> {
    const isRead = words[0] === 'XREAD';
    const fixed = isRead ? await this.#withoutDollar(words) : words;
    if (signal.aborted) return null;
    return new Promise((resolve, reject) => {
      const read: WaitingRead = new WaitingRead({
        // After XREADGROUP and GROUP.
        group: isRead ? undefined : latin1(words[2]),
        ask: () => this.run(fixed, isRead),
        onEnd: (settle: () => void, isServed: boolean) => {
          this.#remove(read);
          cancelTimer();
          signal.removeEventListener('abort', abort);
          settle();
          if (isServed && read.group !== undefined) this.#next(read.group)?.ask();
        },
        resolve,
        reject,
      });
      const abort = () => read.expire();
      signal.addEventListener('abort', abort);
      const cancelTimer = ms === Infinity ? () => {} : this.#parts.clock.after(ms, () => read.expire());
      this.#add(read);
      read.ask();
    });
  }

  /** Replaces `$` by the id of the last entry, so that it means the same each time. */
  async #withoutDollar(words: readonly (Slice | string)[]): Promise<readonly (Slice | string)[]> {
    const last = words[words.length - 1];
    if (latin1(last) !== '$') return words;
    return [...words.slice(0, -1), await this.#askLastId()];
  }

  async #askLastId(): Promise<string> {
    const info = listOf((await this.run(['XINFO', 'STREAM', STREAM_KEY], true)) as StreamReply).map(String);
    return info[info.indexOf('last-generated-id') + 1];
  }

  #add(read: WaitingRead): void {
    this.#waiting.add(read);
    if (this.#subscription !== undefined) return;
    this.#subscription = this.#parts.nodes.subscribe('stream', [STREAM_PARTITION], {
      onMessage: (_, id) => {
        this.#lastId = String(id);
        this.#wake();
      },
      // Messages may have been missed.
      onStart: () => this.#wake(),
    });
    this.#checkLater();
  }

  #remove(read: WaitingRead): void {
    this.#waiting.delete(read);
    if (this.#waiting.size > 0) return;
    this.close();
  }

  /** Stops listening for new entries. */
  close(): void {
    this.#subscription?.close();
    this.#subscription = undefined;
    this.#cancelCheck();
  }

  /** Makes the reads ask again. Of those of one group, the next one only asks if the one before has got entries. */
  #wake(): void {
    const groups = new Set<string>();
    for (const read of this.#waiting) {
      if (read.group !== undefined && groups.has(read.group)) continue;
      if (read.group !== undefined) groups.add(read.group);
      read.ask();
    }
  }

  #next(group: string): WaitingRead | undefined {
    for (const read of this.#waiting) if (read.group === group) return read;
    return undefined;
  }

  #checkLater(): void {
    this.#cancelCheck = this.#parts.clock.after(CHECK_MS, () => {
      void this.#askLastId()
        .then(
          (id) => {
            if (id !== this.#lastId) this.#wake();
            this.#lastId = id;
          },
          // If the store does not answer, messages begin to arrive again later, and then the reads ask.
          () => {},
        )
        .then(() => {
          if (this.#subscription !== undefined) this.#checkLater();
        });
    });
  }
}

function latin1(word: Slice | string): string {
  return typeof word === 'string' ? word : word.latin1();
}
