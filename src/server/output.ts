import type { Socket } from 'node:net';
import type { OutputLimit } from '../option-kinds.js';
import { ReplyEncoder } from '../resp/reply-encoder.js';
import { untakenBytes } from './end-socket.js';
import type { Outbox, Sender } from './outbox.js';
import type { Reader } from './slow-readers.js';

/** Messages are handed to the socket in pieces of about this many bytes. */
const PIECE = 64 * 1024;

/** A longer message, in bytes, is not copied for each subscriber, so its bytes must not change. */
export const SHARED_FROM = PIECE;

/** When more bytes of messages than this wait, they are counted as they come, not only when they are sent. */
const UNCOUNTED = 4 * 1024;

/** What the way out of a connection needs to know. */
export interface OutputOptions {
  readonly outbox: Outbox;
  /** The limit that holds for the client now. */
  limit(): OutputLimit;
  /** Bytes of replies that one read may cause. */
  readonly replyLimit: { readonly maxBytes: number };
  /** Called with the bytes of each write. */
  onWrite(bytes: number): void;
  /** Called when the memory held for messages has changed by more than a little. */
  onHeldChange(): void;
  /** The client is behind with its messages. */
  onBehind(): void;
  /** The client leaves more unread than it may. */
  onOverflow(): void;
  /** An internal error: a message may be written in part. The publisher is not affected. */
  onFault(fault: unknown): void;
}

/**
 * The way out of one connection: the replies to what a client asked, and the messages that it listens to.
 *
 * They are written apart, because a message may come while a command waits with its reply half written. What a
 * client causes itself is told behind the reply of the command that caused it (`settle`).
 */
export class Output implements Sender, Reader {
  readonly reply: ReplyEncoder;
  readonly #socket: Socket;
  readonly #options: OutputOptions;
  /** Made for the first message: most clients never get one. */
  #messages: ReplyEncoder | undefined;
  /** A read is being served: replies are being written, and messages wait for their turn. */
  #serving = false;
  /** Bytes of the buffers in the socket that are not written on. */
  #slack = 0;
  /** Since when the soft limit is exceeded, in ms; undefined if it is not. */
  #overSince: number | undefined;
  /** Bytes that were handed to the socket. */
  #written = 0;

  constructor(socket: Socket, options: OutputOptions) {
    this.#socket = socket;
    this.#options = options;
    this.reply = new ReplyEncoder(options.replyLimit);
  }

  /** The client's requests are being served: its messages take their turn behind the replies. */
  begin(): void {
    this.#serving = true;
  }

  /** What was read is served. */
  end(): void {
    this.#serving = false;
  }

  /** A command has ended: what it told its own client comes next. */
  settle(): void {
    if (this.#messages !== undefined && this.#messages.length > 0) {
      this.reply.append(this.#messages.take());
      this.#messages.sent();
    }
  }

  /**
   * Writes the replies that are ready, and before them all messages that others wait for.
   * @param unfinished A command that waits has begun a reply, which stays.
   */
  flush(unfinished: boolean): void {
    this.#options.outbox.flush();
    if (this.#socket.destroyed) return;
    const replies = unfinished ? this.reply.takeFinished() : this.reply.take();
    if (replies.length > 0) this.#write(replies, this.reply);
    this.send();
  }

  /** Writes the messages that are waiting. */
  send(): void {
    if (this.#serving || this.#messages === undefined || this.#messages.length === 0) return;
    try {
      if (this.#socket.destroyed) return;
      this.#write(this.#messages.take(), this.#messages);
      this.#options.onHeldChange();
    } catch (fault) {
      this.#options.onFault(fault);
    }
  }

  /** A message on a channel. Texts have one character per byte; a Buffer of more than `SHARED_FROM` bytes must stay as it is. */
  message(channel: string, message: string | Buffer, pattern?: string): void {
    try {
      // Thousands may get it: a subscriber that may not keep it is not given a copy first.
      if (message.length > PIECE && !this.#mayKeep(message.length)) {
        this.#options.onOverflow();
        return;
      }
      const out = this.#startMessage();
      out.push(pattern === undefined ? 3 : 4);
      out.latin1(pattern === undefined ? 'message' : 'pmessage');
      if (pattern !== undefined) out.latin1(pattern);
      out.latin1(channel);
      if (typeof message === 'string') out.latin1(message);
      else if (message.length > SHARED_FROM && !this.#serving) this.#share(out, message);
      else out.bulk(message);
      this.#endMessage(out);
    } catch (fault) {
      this.#options.onFault(fault);
    }
  }

  /** A line for one who monitors. */
  line(text: string): void {
    this.push((messages) => messages.simple(text));
  }

  /** Whatever else goes the way of messages. */
  push(write: (messages: ReplyEncoder) => void): void {
    try {
      const out = this.#startMessage();
      write(out);
      this.#endMessage(out);
    } catch (fault) {
      this.#options.onFault(fault);
    }
  }

  /** Bytes that the client has not read. */
  get unread(): number {
    return this.#socket.writableLength + (this.#messages?.length ?? 0);
  }

  /** Bytes of memory that are held for output, what is `unread` among them. */
  get held(): number {
    const { writableLength } = this.#socket;
    const unsent = writableLength === 0 ? 0 : writableLength + this.#slack;
    return this.reply.held + unsent + (this.#messages === undefined ? 0 : this.#messages.held);
  }

  /** Whether it has left half as much unread as would cut it off, or as much as would in a while. */
  get isBehind(): boolean {
    const { hard, soft } = this.#options.limit();
    if ((hard === 0 && soft === 0) || this.#socket.destroyed) return false;
    return this.unread > Math.min(soft || Infinity, (hard || Infinity) / 2);
  }

  /** Another number each time that the system has taken something for the client. */
  get progress(): number {
    return this.#written - untakenBytes(this.#socket);
  }

  /** To be called from time to time: tells of a client that has left too much unread for too long. @param now In ms. */
  checkSoftLimit(now: number): void {
    const { soft, seconds } = this.#options.limit();
    if (soft === 0 || this.unread <= soft) this.#overSince = undefined;
    else this.#overSince ??= now;
    if (this.#overSince !== undefined && now - this.#overSince >= seconds * 1000) this.#options.onOverflow();
  }

  #startMessage(): ReplyEncoder {
    this.#messages ??= new ReplyEncoder(undefined, true);
    this.#messages.protocol = this.reply.protocol;
    if (this.#messages.length === 0) this.#options.outbox.add(this);
    return this.#messages;
  }

  #endMessage(messages: ReplyEncoder): void {
    if (messages.length >= PIECE) this.send();
    this.#checkHardLimit();
    if (messages.length > UNCOUNTED) this.#options.onHeldChange();
  }

  /** Sends a large message without copying it: thousands may get the same one. */
  #share(out: ReplyEncoder, message: Buffer): void {
    out.bulkHeader(message.length);
    this.#write(out.take(), out);
    if (this.#socket.destroyed) return;
    this.#write(message, out);
    this.#write('\r\n', out);
    this.#options.onHeldChange();
  }

  #write(bytes: string | Buffer, from: ReplyEncoder): void {
    this.#options.onWrite(bytes.length);
    this.#written += bytes.length;
    this.#socket.write(bytes, 'latin1');
    const { writableLength } = this.#socket;
    if (writableLength === 0) {
      // The kernel has taken all of it.
      from.sent();
    } else {
      const slack = Math.max(0, from.lent - bytes.length);
      this.#slack = writableLength === bytes.length ? slack : this.#slack + slack;
    }
    this.#checkHardLimit();
  }

  #checkHardLimit(): void {
    if (!this.#mayKeep(0)) this.#options.onOverflow();
    else if (this.isBehind) this.#options.onBehind();
  }

  /** Whether so many bytes more may be left unread. */
  #mayKeep(bytes: number): boolean {
    const { hard } = this.#options.limit();
    return hard === 0 || this.unread + bytes <= hard;
  }
}
