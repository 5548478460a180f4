/**
 * Connections that have more to do than others should have to wait for. One of them goes on in each round of the event loop, so other
 * clients wait for one turn at most, however many connections are waiting here.
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
