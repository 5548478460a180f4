import type { Socket } from 'node:net';
import type { OutputLimit } from '../option-kinds.js';
import { ReplyEncoder } from '../resp/reply-encoder.js';
import { untakenBytes } from './end-socket.js';
import type { Outbox, Sender } from './outbox.js';
import type { BatchedReplies, ReplyBatch } from './reply-batch.js';
import type { Reader } from './slow-readers.js';

/** Messages are passed to the socket in pieces of about this many bytes. */
const PIECE = 64 * 1024;

/** A message of more than this many bytes is not copied for each subscriber, so its bytes must not change. */
export const SHARED_FROM = PIECE;

/**
 * While more than this many bytes of messages wait, further messages are counted when they are added, not only when
 * they are sent.
 */
const UNCOUNTED = 4 * 1024;

/** What an output needs from its connection. */
interface OutputOptions {
  readonly outbox: Outbox;
  readonly batch: ReplyBatch;
  /** Returns the limit that currently applies to the client. */
  limit(): OutputLimit;
  /** The most bytes of replies to the requests of one read. */
  readonly replyLimit: { readonly maxBytes: number };
  /** Called with the number of bytes of each write. */
  onWrite(bytes: number): void;
  /** Called when the memory held for messages has changed noticeably. */
  onHeldChange(): void;
  /** Called when the client is behind with reading its messages. */
  onBehind(): void;
  /** Called when the client leaves more unread than allowed. */
  onOverflow(): void;
  /** Called with internal errors. A message may then be incomplete. The publisher is not affected. */
  onFault(fault: unknown): void;
}

/**
 * The output of one connection: replies to the client's requests, and messages of its subscriptions.
 *
 * The two are encoded separately, because a message may arrive while a waiting command has written half of its reply. A
 * message that the client itself causes follows the reply of the command that caused it (`settle`).
 */
export class Output implements Sender, Reader, BatchedReplies {
  readonly reply: ReplyEncoder;
  readonly #socket: Socket;
  readonly #options: OutputOptions;
  /** Created for the first message: most clients never receive one. */
  #messages: ReplyEncoder | undefined;
  /** Whether a read is being served: replies are being written, and messages wait. */
  #serving = false;
  /** Whether messages wait for the reply of the current command, even if others are served meanwhile. */
  #holding = false;
  /** Unused bytes of the buffers that the socket still holds. */
  #slack = 0;
  /** When the soft limit was first exceeded, in ms; undefined if it is not exceeded. */
  #overSince: number | undefined;
  /** Bytes that were passed to the socket. */
  #written = 0;
  /**
   * Replies that are written at the end of the turn, one character per byte. They do not count as unread: they take a
   * few KB and are gone within the turn.
   */
  #batched = '';

  constructor(socket: Socket, options: OutputOptions) {
    this.#socket = socket;
    this.#options = options;
    this.reply = new ReplyEncoder(options.replyLimit);
  }

  /** Call this before the requests of a read are served. Messages then wait for the replies. */
  begin(): void {
    this.#serving = true;
  }

  /** Call this when the requests of a read have been served. */
  end(): void {
    this.#serving = false;
  }

  /** Holds messages back until the current command has ended. They then follow its reply. */
  hold(): void {
    this.#holding = true;
  }

  /** Call this when a command that waited has ended. */
  release(): void {
    if (this.#holding) this.settle();
  }

  /** Call this when a command has ended. Messages that it sent to its own client follow its reply. */
  settle(): void {
    this.#holding = false;
    if (this.#messages !== undefined && this.#messages.length > 0) {
      this.reply.append(this.#messages.take());
      this.#messages.sent();
    }
  }

  /**
   * Writes the replies that are ready, and before them all messages that wait for any client. Small replies are written
   * at the end of the turn, with those to other clients.
   * @param unfinished Whether a waiting command has begun a reply, which is not written yet.
   * @param now In ms.
   */
  flush(unfinished: boolean, now: number): void {
    this.#options.outbox.flush();
    if (this.#socket.destroyed) return;
    const replies = unfinished ? this.reply.takeFinished() : this.reply.take();
    if (typeof replies === 'string') this.#addToBatch(replies, now);
    else this.#write(replies, this.reply);
    this.send();
  }

  /**
   * Takes the replies that are ready, to be written later: a string with one character per byte, or a Buffer. They
   * include the messages that wait for them.
   */
  takeReplies(): string | Buffer {
    this.settle();
    const replies = this.reply.take();
    if (typeof replies === 'string') return replies;
    const copy = Buffer.from(replies);
    this.reply.sent();
    return copy;
  }

  /** Writes replies that were taken. @param now In ms. */
  writeReplies(replies: string | Buffer, now: number): void {
    this.#options.outbox.flush();
    if (this.#socket.destroyed) return;
    if (typeof replies === 'string') this.#addToBatch(replies, now);
    else this.#write(replies, this.reply);
  }

  #addToBatch(replies: string, now: number): void {
    if (replies === '') return;
    const isFirst = this.#batched === '';
    this.#batched += replies;
    if (isFirst) this.#options.batch.add(this, now);
  }

  /** Writes the replies that wait for the end of the turn. Call this before the connection ends. */
  writeBatched(): void {
    const replies = this.#batched;
    if (replies === '') return;
    this.#batched = '';
    try {
      if (!this.#socket.destroyed) this.#pass(replies, this.reply);
    } catch (fault) {
      this.#options.onFault(fault);
    }
  }

  /** Writes the waiting messages. */
  send(): void {
    if (this.#serving || this.#holding || this.#messages === undefined || this.#messages.length === 0) return;
    try {
      if (this.#socket.destroyed) return;
      this.#write(this.#messages.take(), this.#messages);
      this.#options.onHeldChange();
    } catch (fault) {
      this.#options.onFault(fault);
    }
  }

  /**
   * Sends a message on a channel. Strings have one character per byte. A Buffer of more than `SHARED_FROM` bytes must
   * not change afterwards.
   */
  message(channel: string, message: string | Buffer, pattern?: string): void {
    this.#message(pattern === undefined ? 'message' : 'pmessage', channel, message, pattern);
  }

  /** Like `message`, on a shard channel. */
  shardMessage(channel: string, message: string | Buffer): void {
    this.#message('smessage', channel, message);
  }

  #message(kind: string, channel: string, message: string | Buffer, pattern?: string): void {
    try {
      // Thousands may receive this message. Do not copy it for a subscriber that must not hold it.
      if (message.length > PIECE && !this.#mayKeep(message.length)) {
        this.#options.onOverflow();
        return;
      }
      const out = this.#startMessage();
      out.push(pattern === undefined ? 3 : 4);
      out.latin1(kind);
      if (pattern !== undefined) out.latin1(pattern);
      out.latin1(channel);
      if (typeof message === 'string') out.latin1(message);
      else if (message.length > SHARED_FROM && !this.#serving && !this.#holding) this.#share(out, message);
      else out.bulk(message);
      this.#endMessage(out);
    } catch (fault) {
      this.#options.onFault(fault);
    }
  }

  /** Sends a line to a client that runs MONITOR. */
  line(text: string): void {
    this.push((messages) => messages.simple(text));
  }

  /** Sends any other message. */
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

  /** Bytes of memory held for output, including `unread`. */
  get held(): number {
    const { writableLength } = this.#socket;
    const unsent = writableLength === 0 ? 0 : writableLength + this.#slack;
    return this.reply.held + unsent + (this.#messages === undefined ? 0 : this.#messages.held);
  }

  /** Whether the client has left more unread than half of the hard limit, or than the soft limit. */
  get isBehind(): boolean {
    const { hard, soft } = this.#options.limit();
    if ((hard === 0 && soft === 0) || this.#socket.destroyed) return false;
    return this.unread > Math.min(soft || Infinity, (hard || Infinity) / 2);
  }

  /** A number that changes whenever the system has accepted output for the client. */
  get progress(): number {
    return this.#written - untakenBytes(this.#socket);
  }

  /**
   * Reports a client that has exceeded the soft limit for too long. Call this about once a second.
   * @param now In ms.
   */
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

  /** Sends a large message without copying it, because thousands may receive the same one. */
  #share(out: ReplyEncoder, message: Buffer): void {
    out.bulkHeader(message.length);
    this.#write(out.take(), out);
    if (this.#socket.destroyed) return;
    this.#write(message, out);
    this.#write('\r\n', out);
    this.#options.onHeldChange();
  }

  #write(bytes: string | Buffer, from: ReplyEncoder): void {
    this.writeBatched();
    this.#pass(bytes, from);
  }

  /** Passes bytes to the socket. */
  #pass(bytes: string | Buffer, from: ReplyEncoder): void {
    this.#options.onWrite(bytes.length);
    this.#written += bytes.length;
    this.#socket.write(bytes, 'latin1');
    const { writableLength } = this.#socket;
    if (writableLength === 0) {
      // The system has accepted all of it.
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

  /** Whether this many more bytes may be left unread. */
  #mayKeep(bytes: number): boolean {
    const { hard } = this.#options.limit();
    return hard === 0 || this.unread + bytes <= hard;
  }
}
