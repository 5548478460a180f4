import { isError, type Reply, show } from '../tools/replies.js';

/**
 * A number that all workers increment at the same time. No increment may be lost: each worker sees larger and larger
 * numbers, and the number is never less than the acknowledged increments nor more than the requested ones.
 */
export class Race {
  readonly name: string;
  readonly key = 'count';
  #requested = 0;
  #acknowledged = 0;
  readonly #seen = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Call this before the command is sent. */
  request(): void {
    this.#requested++;
  }

  /** @param mayBeEvicted Whether memory was short. @throws Error for an impossible reply. */
  incremented(worker: string, reply: Reply, mayBeEvicted: boolean): void {
    if (mayBeEvicted && (isError(reply, 'OOM') || isError(reply, 'NOSESSION'))) {
      this.#requested--;
      return;
    }
    const before = this.#seen.get(worker) ?? 0;
    if (typeof reply !== 'number' || reply <= before) {
      throw new Error(`${this.name} was ${before} or more, but an increment replied ${show(reply)}`);
    }
    this.#seen.set(worker, reply);
    this.#acknowledged++;
  }

  /**
   * @param acknowledged What `acknowledged` was before the number was read.
   * @throws Error if the number does not match the increments.
   */
  check(acknowledged: number, reply: Reply): void {
    const number = Number(reply ?? 0);
    if (number < acknowledged || number > this.#requested) {
      throw new Error(
        `${this.name} is ${show(reply)} after ${acknowledged} acknowledged of ${this.#requested} increments`,
      );
    }
  }
}
