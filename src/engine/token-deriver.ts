import type { Clock } from './clock.js';
import type { TokenIndex } from './token-index.js';

/** A slice of work is over after this many ms; requests are served before the next one. */
const SLICE_MS = 1;
/** Tokens derived between two looks at the clock. */
const TOKENS = 64;

/** Derives the tokens of those that are tokenless in slices: all at once, a million would take seconds. */
export class TokenDeriver {
  readonly #tokens: TokenIndex;
  readonly #clock: Clock;
  #running: Promise<void> | undefined;
  #cancel = () => {};
  #finish = () => {};

  constructor(tokens: TokenIndex, clock: Clock) {
    this.#tokens = tokens;
    this.#clock = clock;
  }

  /** Resolves when none is tokenless, or it was stopped. It is one piece of work, however many wait for it. */
  deriveAll(): Promise<void> {
    if (this.#running !== undefined) return this.#running;
    const running = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    this.#running = running;
    this.#deriveSome();
    return running;
  }

  /** Gives the work under way up; who waits for it goes on. */
  stop(): void {
    this.#cancel();
    this.#end();
  }

  readonly #deriveSome = (): void => {
    const until = this.#clock.now() + SLICE_MS;
    let more: boolean;
    do {
      more = this.#tokens.giveAll(TOKENS);
    } while (more && this.#clock.now() < until);
    if (more) this.#cancel = this.#clock.after(0, this.#deriveSome);
    else this.#end();
  };

  #end(): void {
    this.#running = undefined;
    this.#finish();
  }
}
