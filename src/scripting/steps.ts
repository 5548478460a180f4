/** After this many steps the time is checked. A step takes a few nanoseconds. */
const STEPS = 100_000;

/**
 * Counts the steps of functions that can take long without executing an instruction of Lua, and from time to time
 * checks whether the script may go on.
 */
export class Steps {
  #left = STEPS;
  readonly #check: () => void;

  /** @param check May throw, to end the script. */
  constructor(check: () => void) {
    this.#check = check;
  }

  count(steps: number): void {
    this.#left -= steps;
    if (this.#left > 0) return;
    this.#left = STEPS;
    this.#check();
  }
}
