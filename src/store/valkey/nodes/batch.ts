import type { Command, Redis } from 'ioredis';
import type { Reply } from '../nodes.js';
import { NodeCommand } from './node-command.js';
import type { Request, SentBatch } from './request.js';

/** Discards what ioredis writes. The last request of a batch writes the bytes of all. */
const NOWHERE = { write: () => true } as unknown as Parameters<Redis['sendCommand']>[1];

/** The requests of one write to a node. Replies come in their order. */
export class Batch implements SentBatch {
  readonly sentAt = performance.now();
  /** When the oldest of its requests was made. */
  readonly oldest: number;
  /** The bytes of its requests. */
  readonly bytes: number;
  readonly #onAnswered: () => void;
  readonly #requests: Request[];
  /** How many have been answered. */
  #answered = 0;
  #isSending = true;
  #isGivenBack = false;
  /** The requests that have run but wait until replicas have received what they changed, with their replies. */
  #held: [Request, Reply][] | undefined;

  /** @param onAnswered Called when each request has been answered. */
  constructor(requests: readonly Request[], onAnswered: () => void) {
    this.#requests = [...requests];
    this.#onAnswered = onAnswered;
    let oldest = Number.POSITIVE_INFINITY;
    let bytes = 0;
    for (const request of requests) {
      request.batch = this;
      bytes += request.end - request.start;
      oldest = Math.min(oldest, request.madeAt);
    }
    this.oldest = oldest;
    this.bytes = bytes;
  }

  /** Makes its writes succeed only when that many replicas have received them. Call this before `send`. */
  waitFor(replicas: number, ms: number): void {
    if (this.#requests.every((request) => request.isRead)) return;
    this.#held = [];
    const release = (acknowledged: number) => {
      for (const [request, reply] of this.#held?.splice(0) ?? []) {
        if (request.isLost) continue;
        if (acknowledged >= replicas) request.succeed(reply);
        else request.runUnsafely(acknowledged);
      }
    };
    const wait = new NodeCommand(
      ['WAIT', replicas, ms],
      (reply) => release(Number(reply)),
      () => release(0),
    );
    wait.batch = this;
    this.#requests.push(wait);
  }

  /** Returns whether it was sent. If not, the requests have been given back. */
  send(redis: Redis): boolean {
    const last = this.#requests.length - 1;
    for (let i = 0; i < last; i += 1) redis.sendCommand(this.#requests[i] as unknown as Command, NOWHERE);
    redis.sendCommand(this.#requests[last] as unknown as Command);
    this.#isSending = false;
    return !this.#isGivenBack;
  }

  bytesFor(request: Request): Buffer | string {
    const requests = this.#requests;
    if (request !== requests[requests.length - 1]) return '';
    const ranges: Buffer[] = [];
    let { bytes, start, end } = requests[0] as Request;
    for (let i = 1; i < requests.length; i += 1) {
      const next = requests[i] as Request;
      if (next.bytes === bytes && next.start === end) {
        end = next.end;
        continue;
      }
      ranges.push(bytes.subarray(start, end));
      ({ bytes, start, end } = next);
    }
    ranges.push(bytes.subarray(start, end));
    return ranges.length === 1 ? (ranges[0] as Buffer) : Buffer.concat(ranges);
  }

  replied(request: Request, reply: unknown): void {
    if (this.#held !== undefined && !request.isRead) this.#held.push([request, reply as Reply]);
    else if (!request.isLost) request.succeed(reply as Reply);
    this.#next();
  }

  failed(request: Request, error: Error): void {
    if (this.#isSending) {
      // The socket has closed, and ioredis has not written anything. It rejects all requests of the batch.
      this.#isGivenBack = true;
      request.giveBack();
    } else if (error.name === 'ReplyError') {
      if (!request.isLost) request.refuse(error.message);
      this.#next();
    }
    // Otherwise the connection has ended, which it says itself.
  }

  #next(): void {
    this.#answered += 1;
    if (this.#answered === this.#requests.length) this.#onAnswered();
  }

  /** Gives up those requests that were made before a time and have not succeeded. */
  loseBefore(time: number, reason: string): void {
    if (this.oldest > time) return;
    for (const [request] of this.#held ?? []) giveUp(request, time, reason);
    for (let i = this.#answered; i < this.#requests.length; i += 1) giveUp(this.#requests[i] as Request, time, reason);
  }

  /** Gives up all requests that have not succeeded. */
  lose(reason: string): void {
    this.loseBefore(Number.POSITIVE_INFINITY, reason);
  }
}

function giveUp(request: Request, time: number, reason: string): void {
  if (request.isLost || request.madeAt > time) return;
  request.isLost = true;
  request.lose(reason);
}
