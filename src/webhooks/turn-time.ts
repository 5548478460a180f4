import type { Clock } from '../engine/index.js';

/** How long webhooks may work in one turn of the event loop, in ms. The last piece of work may exceed it. */
const MS = 2;

/** The time that all webhooks together have in a turn of the event loop, so that clients do not wait for them. */
export class TurnTime {
  readonly #clock: Clock;
  #began: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is used up. The first who asks in a turn has time. */
  get isUp(): boolean {
    const now = this.#clock.now();
    if (this.#began !== undefined) return now - this.#began >= MS;
    this.#began = now;
    this.#clock.after(0, () => {
      this.#began = undefined;
    });
    return false;
  }
}
