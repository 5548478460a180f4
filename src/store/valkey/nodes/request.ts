import type { Reply } from '../nodes.js';

/** Requests that were sent to a node in one write. */
export interface SentBatch {
  /** What the client library writes for a request: the bytes of the whole batch for its last one, nothing for others. */
  bytesFor(request: Request): Buffer | string;
  replied(request: Request, reply: unknown): void;
  failed(request: Request, error: Error): void;
}

const NO_ARGUMENTS: readonly never[] = [];

/**
 * A request to a node. It has the shape that ioredis expects of a command, so that it can be given to `sendCommand`,
 * but skips the work that an ioredis command does for each call, which takes three times as long as everything else.
 */
export abstract class Request {
  /** Where its bytes are. */
  bytes: Buffer;
  start: number;
  end: number;
  /** When it was made, in ms of `performance.now`. */
  readonly madeAt: number;
  /** Whether no replica needs to have received what it changes. */
  readonly isRead: boolean;
  /** With which requests it was sent. */
  batch: SentBatch | undefined = undefined;
  /** Whether it was given up. A reply may still come. */
  isLost = false;

  constructor(bytes: Buffer, start: number, end: number, isRead: boolean) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.isRead = isRead;
    this.madeAt = performance.now();
  }

  /** It has run. */
  abstract succeed(reply: Reply): void;
  /** The node has answered with an error, so it has not run or, if the error is a function's own, has changed nothing. */
  abstract refuse(error: string): void;
  /** It is not known whether it has run. @param reason One line. */
  abstract lose(reason: string): void;
  /** It ran, but not as many replicas as should have acknowledged it have. */
  abstract runUnsafely(replicas: number): void;
  /** It was not sent. */
  abstract giveBack(): void;

  // What follows is for ioredis.

  get name(): string {
    return 'fcall';
  }

  get args(): readonly never[] {
    return NO_ARGUMENTS;
  }

  /** True, so that ioredis does not trace it. */
  get isTraced(): boolean {
    return true;
  }

  get promise(): undefined {
    return undefined;
  }

  setReplyContext(): void {}

  toWritable(): Buffer | string {
    return this.batch?.bytesFor(this) ?? '';
  }

  resolve(reply: unknown): void {
    this.batch?.replied(this, reply);
  }

  reject(error: Error): void {
    this.batch?.failed(this, error);
  }
}
