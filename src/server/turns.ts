/**
 * Makes connections with much work wait for the other clients. In each iteration of the event loop only one of them
 * continues, so other clients wait for one turn at most, however many connections are waiting here.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Calls back when other clients have been served. */
  wait(goOn: () => void): void {
    if (this.#waiting.push(goOn) === 1) setImmediate(this.#giveTurn);
  }

  readonly #giveTurn = (): void => {
    const goOn = this.#waiting.shift();
    if (this.#waiting.length > 0) setImmediate(this.#giveTurn);
    goOn?.();
  };
}
