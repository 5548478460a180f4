import { NodeCommand } from './node-command.js';
import type { Reply } from './nodes.js';
import type { Request } from './request.js';

/** The requests of one write to a node. Their replies come in the same order. */
export class Batch {
  readonly sentAt = performance.now();
  /** When the oldest of its requests was made. */
  readonly oldest: number;
  /** The bytes of its requests. */
  readonly bytes: number;
  readonly #onAnswered: () => void;
  readonly #requests: Request[];
  /** How many have been answered. */
  #answered = 0;
  /** The requests that have run but wait until replicas have received what they changed, with their replies. */
  #held: [Request, Reply][] | undefined;

  /** @param onAnswered Called when each request has been answered. */
  constructor(requests: readonly Request[], onAnswered: () => void) {
    this.#requests = [...requests];
    this.#onAnswered = onAnswered;
    let oldest = Number.POSITIVE_INFINITY;
    let bytes = 0;
    for (const request of requests) {
      bytes += request.end - request.start;
      oldest = Math.min(oldest, request.madeAt);
    }
    this.oldest = oldest;
    this.bytes = bytes;
  }

  /** Makes its writes succeed only when that many replicas have received them. Call this before `encode`. */
  waitFor(replicas: number, ms: number): void {
    if (this.#requests.every((request) => request.isRead)) return;
    this.#held = [];
    const release = (acknowledged: number) => {
      for (const [request, reply] of this.#held?.splice(0) ?? []) {
        if (request.isLost) continue;
        if (acknowledged >= replicas) request.succeed(reply);
        else request.lackReplicas(acknowledged);
      }
    };
    const wait = new NodeCommand(
      ['WAIT', replicas, ms],
      (reply) => release(Number(reply)),
      () => release(0),
    );
    this.#requests.push(wait);
  }

  /** Returns the bytes to send. */
  encode(): Buffer {
    const requests = this.#requests;
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

  /** Handles the reply to the next request. */
  replied(reply: Reply): void {
    const request = this.#requests[this.#answered] as Request;
    if (this.#held !== undefined && !request.isRead) this.#held.push([request, reply]);
    else if (!request.isLost) request.succeed(reply);
    this.#next();
  }

  /** Handles an error that is the reply to the next request. */
  refused(error: string): void {
    const request = this.#requests[this.#answered] as Request;
    if (!request.isLost) request.refuse(error);
    this.#next();
  }

  #next(): void {
    this.#answered += 1;
    if (this.#answered === this.#requests.length) this.#onAnswered();
  }

  /** Gives up the requests that were made by a certain time and have not succeeded. */
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
