import { calledOf, takesWords } from '../commands/declaration/command-entry.js';
import type { Clock } from '../engine/index.js';
import type { Pause } from '../execution/context/pause.js';
import type { Execution } from '../execution/execution.js';
import type { Request } from '../resp/request.js';

/** Holds commands back for a while: CLIENT PAUSE. Sessions still expire on time. */
export class Pausing implements Pause {
  /** Read it once for each read from a socket: a command that begins a pause ends its turn. */
  isOn = false;

  readonly #clock: Clock;
  #all = false;
  /** In ms. */
  #until = 0;
  #cancel: (() => void) | undefined;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  begin(ms: number, what: 'all' | 'write'): void {
    const now = this.#clock.now();
    this.#until = Math.max(this.#until, now + ms);
    this.#all ||= what === 'all';
    this.isOn = true;
    this.#cancel?.();
    this.#cancel = this.#clock.after(this.#until - now, () => this.end());
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#until = 0;
    this.#all = false;
    this.isOn = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const goOn of waiting) goOn();
  }

  /** Returns whether a request has to wait. */
  holds({ commands, transaction }: Execution, request: Request): boolean {
    const command = commands.find(request.word(0));
    const entry = command && calledOf(command, request);
    // Refused at once, as in Redis: an unknown command, and a wrong number of arguments.
    if (entry === undefined || !takesWords(entry, request.length)) return false;
    // Otherwise nobody could end the pause.
    if (entry.fullName === 'client|unpause') return false;
    if (this.#all) return true;
    return (
      entry.countsAsWrite || (entry.endsTransaction && transaction.queued.some(({ countsAsWrite }) => countsAsWrite))
    );
  }

  /** Calls back when the pause is over. */
  whenOver(goOn: () => void): void {
    this.#waiting.push(goOn);
  }
}
