import type { Clock } from '../engine/index.js';
import type { Counters, Rates } from '../execution/context/counters.js';

const BEAT_MS = 1000;

/** Runs once a second: computes the rates for INFO and calls back. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #onBeat: (now: number) => void;
  #rates: Rates = { commands: 0, input: 0, output: 0 };
  #last: { at: number; commands: number; input: number; output: number };
  #cancel: () => void;

  /** @param onBeat Called once a second with the clock's time in ms. */
  constructor(clock: Clock, counters: Counters, onBeat: (now: number) => void) {
    this.#clock = clock;
    this.#counters = counters;
    this.#onBeat = onBeat;
    this.#last = this.#sample();
    this.#cancel = clock.after(BEAT_MS, this.#beat);
  }

  /** The rates per second, measured over the last second. */
  get rates(): Rates {
    return this.#rates;
  }

  stop(): void {
    this.#cancel();
  }

  readonly #beat = (): void => {
    const sample = this.#sample();
    const seconds = (sample.at - this.#last.at) / 1000;
    const rate = (name: keyof Rates) => (sample[name] - this.#last[name]) / seconds;
    this.#rates = { commands: rate('commands'), input: rate('input'), output: rate('output') };
    this.#last = sample;
    this.#cancel = this.#clock.after(BEAT_MS, this.#beat);
    this.#onBeat(sample.at);
  };

  #sample() {
    const { commands, input, output } = this.#counters;
    return { at: this.#clock.now(), commands, input, output };
  }
}
