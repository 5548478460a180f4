import type { PreparedRequests } from './prepared-requests.js';

/** A client's share of prepared requests, sent in order: either a part of them once, or all of them repeatedly. */
export class Lane {
  readonly #requests: PreparedRequests;
  readonly #first: number;
  readonly #end: number;
  readonly #repeats: boolean;
  #next: number;
  /** How many requests the last `take` returned. */
  taken = 0;

  /** Returns lane number `lane` of `lanes` equal parts. */
  static part(requests: PreparedRequests, lane: number, lanes: number): Lane {
    const start = (number: number) => Math.floor((number * requests.count) / lanes);
    return new Lane(requests, { first: start(lane), end: start(lane + 1), next: start(lane), repeats: false });
  }

  /** Returns all requests, repeated forever. Each of the `lanes` begins at a different place. */
  static cycle(requests: PreparedRequests, lane: number, lanes: number): Lane {
    const next = Math.floor((lane * requests.count) / lanes);
    return new Lane(requests, { first: 0, end: requests.count, next, repeats: true });
  }

  private constructor(
    requests: PreparedRequests,
    range: { first: number; end: number; next: number; repeats: boolean },
  ) {
    this.#requests = requests;
    this.#first = range.first;
    this.#end = range.end;
    this.#next = range.next;
    this.#repeats = range.repeats;
  }

  /** Returns the next requests: at most `most` and, unless none are left, at least one. */
  take(most: number): Buffer {
    if (this.#next === this.#end && this.#repeats) this.#next = this.#first;
    const end = Math.min(this.#next + most, this.#end);
    const bytes = this.#requests.slice(this.#next, end);
    this.taken = end - this.#next;
    this.#next = end;
    return bytes;
  }
}
