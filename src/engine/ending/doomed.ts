import type { SlotTable } from '../tables/slot-table.js';
import { BackgroundWork, DONE } from '../time/background-work.js';
import type { Clock } from '../time/clock.js';

/** The number of slots to look at before the clock is read. */
const SLOTS = 64;
/**
 * Sessions that together have more bytes of data than this are not ended at once, however few there are: their events
 * may be six times as long.
 */
export const BYTES_AT_ONCE = 2 ** 20;
/** The clock is read after this many bytes of data have been removed. */
const MUCH_DATA = 4096;
/** How long the sweep pauses, in ms, before it checks again whether listeners are behind. */
const REST_MS = 5;

/** Sums over sessions. */
export interface Totals {
  readonly sessions: number;
  readonly keys: number;
  /** Bytes in the keys and values. */
  readonly bytes: number;
  /** Pending deadlines, including those of old tokens. */
  readonly timers: number;
}

interface DoomedOptions {
  readonly slots: SlotTable;
  readonly clock: Clock;
  /**
   * If there are no more doomed sessions than this, and they hold little data, `doom` removes them before it returns.
   */
  readonly atOnce: number;
  /** Ends a doomed session for good. */
  end(slot: number): void;
  /** Whether listeners are behind with the events and should be given time. */
  isBehind(): boolean;
}

/**
 * Sessions that have ended for every caller and are removed in slices, because removing a million takes seconds.
 *
 * They belong to an earlier epoch of the slot table. `doom` starts a new epoch (`SlotTable.beginEpoch`), which costs
 * nothing per session. `add` counts a session that was moved to the previous epoch (`SlotTable.doom`). A look-up that
 * finds a doomed session removes it immediately. A sweep through the slots removes the rest. The sweep pauses while
 * listeners are behind with its events.
 */
export class Doomed {
  readonly #options: DoomedOptions;
  #sessions = 0;
  #keys = 0;
  #bytes = 0;
  #timers = 0;
  /** When each past epoch ended, in ms, if it may have sessions left. */
  readonly #ends = new Map<number, number>();
  /** The next slot of the sweep. */
  #cursor = 0;
  readonly #sweep: BackgroundWork;

  constructor(options: DoomedOptions) {
    this.#options = options;
    this.#sweep = new BackgroundWork(options.clock, () => this.#sweepSome());
  }

  /** The number of doomed sessions left. */
  get sessions(): number {
    return this.#sessions;
  }

  /** The number of their keys. */
  get keys(): number {
    return this.#keys;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get timers(): number {
    return this.#timers;
  }

  /**
   * Dooms all sessions of the current epoch, over which the sums are given.
   * @param now When they end, in ms on the clock.
   */
  doom({ sessions, keys, bytes, timers }: Totals, now: number): void {
    const { slots, atOnce } = this.#options;
    if (slots.epochsLeft === 0) this.finish();
    this.#sessions += sessions;
    this.#keys += keys;
    this.#bytes += bytes;
    this.#timers += timers;
    this.#ends.set(slots.beginEpoch(sessions), now);
    if (this.#sessions <= atOnce && this.#bytes <= BYTES_AT_ONCE) this.finish();
    else this.#sweep.schedule();
  }

  /** Counts a session that was doomed individually, whose sums are given. */
  add({ sessions, keys, bytes, timers }: Totals): void {
    this.#sessions += sessions;
    this.#keys += keys;
    this.#bytes += bytes;
    this.#timers += timers;
    this.#sweep.schedule();
  }

  /**
   * Returns when the session was doomed, in ms. For a session that was doomed individually, the result may be too
   * early, which does no harm: the session was not due yet.
   */
  endOf(slot: number): number {
    return this.#ends.get(this.#options.slots.epochOf(slot)) ?? 0;
  }

  /** Call this with the sums over what was removed. */
  subtract({ sessions, keys, bytes, timers }: Totals): void {
    this.#sessions -= sessions;
    this.#keys -= keys;
    this.#bytes -= bytes;
    this.#timers -= timers;
    if (sessions === 0 || this.#sessions > 0) return;
    this.#ends.clear();
    this.#options.slots.endSweep();
    this.#sweep.cancel();
  }

  /** Removes one doomed session. Returns false if none is left. */
  endOne(): boolean {
    const before = this.#sessions;
    while (this.#sessions > 0 && this.#sessions === before) this.#look();
    return before > 0;
  }

  /** Removes all that are left. */
  finish(): void {
    while (this.#sessions > 0) this.#look();
  }

  /** Stops for good. */
  stop(): void {
    this.#sweep.stop();
  }

  /** Looks at the next slot. */
  #look(): void {
    const { slots } = this.#options;
    if (this.#cursor >= slots.used) this.#cursor = 0;
    const slot = this.#cursor++;
    if (slots.isDoomedSession(slot)) this.#options.end(slot);
  }

  #sweepSome(): number {
    const enough = this.#bytes - MUCH_DATA;
    for (let looks = 0; looks < SLOTS && this.#sessions > 0 && this.#bytes >= enough; looks++) {
      if (this.#options.isBehind()) return REST_MS;
      this.#look();
    }
    return this.#sessions > 0 ? 0 : DONE;
  }
}
