/**
 * Those who have more to do than others should have to wait for. One of them goes on each time the event loop comes round, so that
 * however many they are, whoever else has something to read waits for one at the most.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Calls back once others have been served. */
  wait(goOn: () => void): void {
    if (this.#waiting.push(goOn) === 1) setImmediate(this.#giveTurn);
  }

  readonly #giveTurn = (): void => {
    const goOn = this.#waiting.shift();
    if (this.#waiting.length > 0) setImmediate(this.#giveTurn);
    goOn?.();
  };
}
