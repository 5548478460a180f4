import type { EngineParts } from './engine-parts.js';
import { Region } from './memory/region.js';
import { BackgroundWork, DONE } from './time/background-work.js';
import type { Clock } from './time/clock.js';

/** How long to wait, in ms, before freeing the memory of ended sessions: new sessions may need it. */
const DELAY_MS = 1000;

type TrimmingParts = Pick<EngineParts, 'slots' | 'deadlines' | 'keyDeadlines' | 'fields' | 'names' | 'tokens'>;

/** Gives back the memory of ended sessions, in slices: freeing a hundred megabytes takes 10 ms. */
export class Trimming {
  readonly #parts: TrimmingParts;
  readonly #work: BackgroundWork;

  constructor(parts: TrimmingParts, clock: Clock) {
    this.#parts = parts;
    this.#work = new BackgroundWork(clock, () => this.#trim());
  }

  /** Call this when sessions or data were removed. */
  schedule(): void {
    this.#work.schedule(DELAY_MS);
  }

  /** Stops for good. */
  stop(): void {
    this.#work.stop();
  }

  /** Frees some. Is a step of `BackgroundWork`: returns the delay before the next one, in ms. */
  #trim(): number {
    const { slots, deadlines, keyDeadlines, fields, names, tokens } = this.#parts;
    const { used } = slots;
    const columns = [slots.trim(), deadlines.trim(used), names.trim(), tokens.trim()];
    const trimmed = [...columns, fields.trim(used), keyDeadlines.trim()];
    if (trimmed.includes(true)) return 0;
    return Region.collect() ? DELAY_MS : DONE;
  }
}
