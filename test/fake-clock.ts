import type { Clock } from '../src/index.js';

interface Call {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now = 1000;
  #wall = Date.UTC(2030, 0, 1);
  #calls: Call[] = [];
  /** How many ms pass each time the clock is read, to simulate work. */
  msPerLook = 0;
  /** How many calls have been made. */
  called = 0;

  now(): number {
    this.#now += this.msPerLook;
    return this.#now;
  }

  wall(): number {
    return this.#wall;
  }

  after(delay: number, callback: () => void): () => void {
    const call = { at: this.#now + Math.max(0, delay), callback };
    this.#calls.push(call);
    return () => {
      this.#calls = this.#calls.filter((other) => other !== call);
    };
  }

  /** Lets time pass and makes each call when it is due. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.#step(end));
    this.#skipTo(end);
  }

  /** Lets time pass without making any calls, as if the process were busy. */
  freeze(ms: number): void {
    this.#skipTo(this.#now + ms);
  }

  /** Makes the next call that is due. Returns whether there was one. */
  step(): boolean {
    return this.#step(this.#now);
  }

  /** Sets the wall clock, as an administrator or NTP does. */
  setWall(unixMs: number): void {
    this.#wall = unixMs;
  }

  /** How many calls are scheduled. */
  get waiting(): number {
    return this.#calls.length;
  }

  #step(end: number): boolean {
    const next = this.#calls.reduce<Call | undefined>(
      (first, call) => (first === undefined || call.at < first.at ? call : first),
      undefined,
    );
    if (next === undefined || next.at > end) return false;
    this.#calls = this.#calls.filter((call) => call !== next);
    this.#skipTo(Math.max(this.#now, next.at));
    this.called++;
    next.callback();
    return true;
  }

  #skipTo(instant: number): void {
    if (instant <= this.#now) return;
    this.#wall += instant - this.#now;
    this.#now = instant;
  }
}
