import type { Reply } from './nodes.js';

/** A request to a node. */
export abstract class Request {
  /** Where its bytes are. */
  bytes: Buffer;
  start: number;
  end: number;
  /** When it was made, in ms of `performance.now`. */
  readonly madeAt: number;
  /** Whether no replica has to confirm what it changes. */
  readonly isRead: boolean;
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
  /**
   * The node has answered with an error. The request has not run or, if a function returned the error, changed nothing.
   */
  abstract refuse(error: string): void;
  /** It is not known whether it has run. @param reason One line. */
  abstract lose(reason: string): void;
  /** It has run, but too few replicas have acknowledged it. @param replicas How many have. */
  abstract lackReplicas(replicas: number): void;
  /** It was not sent. */
  abstract giveBack(): void;
}
