import { isError, type Reply, show } from '../tools/replies.js';

/**
 * A number that all workers count up at once. Nobody may lose a count to another: each sees a larger number
 * every time, and it is never less than what was acknowledged nor more than what was asked for.
 */
export class Race {
  readonly name: string;
  readonly key = 'count';
  #asked = 0;
  #acknowledged = 0;
  readonly #seen = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** To be called before the command is sent. */
  ask(): void {
    this.#asked++;
  }

  /** @param mayBeEvicted Whether there has been a reason for that. @throws Error if the reply is impossible. */
  incremented(worker: string, reply: Reply, mayBeEvicted: boolean): void {
    if (mayBeEvicted && (isError(reply, 'OOM') || isError(reply, 'NOSESSION'))) {
      this.#asked--;
      return;
    }
    const before = this.#seen.get(worker) ?? 0;
    if (typeof reply !== 'number' || reply <= before) {
      throw new Error(`${this.name} was counted up from ${before} or more to ${show(reply)}`);
    }
    this.#seen.set(worker, reply);
    this.#acknowledged++;
  }

  /**
   * @param acknowledged What `acknowledged` was before the number was asked for.
   * @throws Error if the number cannot be what was counted.
   */
  check(acknowledged: number, reply: Reply): void {
    const number = Number(reply ?? 0);
    if (number < acknowledged || number > this.#asked) {
      throw new Error(`${this.name} is at ${show(reply)}, of ${this.#asked} counts ${acknowledged} are acknowledged`);
    }
  }
}
