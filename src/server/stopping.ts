import { counted } from '../counted.js';
import type { Durability } from '../durability/durability.js';
import type { Clock } from '../engine/index.js';
import type { EventLog } from '../log/log-events.js';

/**
 * What a stop does if the disk does not accept all changes: `ask` is refused, `insist` waits and then stops anyway,
 * `force` stops immediately.
 */
type StopMode = 'ask' | 'insist' | 'force';

const BY_STRENGTH: readonly StopMode[] = ['ask', 'insist', 'force'];

/** The stop was refused or cancelled, and the server continues. The log says why. */
export class StopRefused extends Error {}

interface StoppingOptions {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly durability: Durability | undefined;
  /** For how many ms to go on serving before a stop: the option `shutdown-delay`. */
  delay(): number;
  /** The most ms that a stop may take after that: the option `shutdown-timeout`. */
  timeout(): number;
  /**
   * Stops the server.
   * @param endsAt When it must have stopped, in ms of the clock.
   */
  close(endsAt: number): void;
}

/** How often to check whether a failing disk has recovered, in ms. */
const RETRY_EVERY = 100;
/** The disk gets at least this many ms, even with `shutdown-timeout` 0, because any sync takes some time. */
const LEAST_FOR_DISK = 1000;

interface Asked {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The phase between the request to stop and the stop. First it lets the delay pass, so that load balancers notice that
 * /readyz fails and send no more clients. Then it makes all acknowledged changes durable. Meanwhile clients are served
 * as before (while the disk fails, their writes are refused), and SHUTDOWN ABORT cancels the stop.
 */
export class Stopping {
  readonly #options: StoppingOptions;
  #asked: Asked[] = [];
  #mode: StopMode = 'ask';
  /** Whether to stop without the delay, and without waiting for clients that read slowly. */
  #now = false;
  #endsAt = 0;
  /** The number of the latest flush. Results of earlier ones are ignored. */
  #attempt = 0;
  #saidToWait = false;
  /** Ends the delay; undefined if it is over. */
  #cancelDelay: (() => void) | undefined;
  #cancelRetry: () => void = () => {};
  #cancelDeadline: () => void = () => {};

  constructor(options: StoppingOptions) {
    this.#options = options;
  }

  /** Ms until a stop that has been asked for happens at the latest; undefined if none has been asked for. */
  get endsIn(): number | undefined {
    return this.#asked.length === 0 ? undefined : Math.max(0, Math.ceil(this.#endsAt - this.#options.clock.now()));
  }

  /**
   * Asks for a stop. If one is already waiting, the stronger mode applies. Resolves just before the server stops,
   * rejects with StopRefused if the server continues.
   * @param now Whether to skip the delay, and to disconnect clients that read slowly immediately.
   */
  ask(mode: StopMode, now = false): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      if (BY_STRENGTH.indexOf(mode) > BY_STRENGTH.indexOf(this.#mode)) this.#mode = mode;
      this.#now ||= now;
      if (this.#asked.length === 1) this.#begin();
      else if (this.#cancelDelay === undefined) this.#flush();
      else if (this.#now) this.#finish();
    });
  }

  /** Cancels a stop that is waiting. Returns whether there was one. */
  abort(): boolean {
    if (this.#asked.length === 0) return false;
    this.#options.log.notice('the shutdown was cancelled: the server keeps running', { event: 'shutdown-cancelled' });
    this.#refuse();
    return true;
  }

  #begin(): void {
    const { clock, log, durability, delay } = this.#options;
    const ms = delay();
    // While the journal is being loaded, no load balancer sends clients anyway.
    if (ms === 0 || this.#now || durability?.progress !== undefined) {
      this.#finish();
      return;
    }
    const seconds = ms / 1000;
    log.notice(`clients are served for another ${seconds} s before the stop (shutdown-delay)`, {
      event: 'shutdown-delay',
      seconds,
    });
    this.#endsAt = clock.now() + ms + this.#forDisk;
    this.#cancelDelay = clock.after(ms, () => this.#finish());
  }

  /** The most ms that the disk may take. */
  get #forDisk(): number {
    return Math.max(this.#options.timeout(), LEAST_FOR_DISK);
  }

  /** Makes all changes durable and stops. */
  #finish(): void {
    const { clock, durability } = this.#options;
    this.#cancelDelay?.();
    this.#cancelDelay = undefined;
    const forDisk = this.#forDisk;
    this.#endsAt = clock.now() + forDisk;
    // Until the journal has been loaded, there is nothing that the disk does not have.
    if (durability === undefined || durability.progress !== undefined || durability.isDurable) {
      this.#stop();
      return;
    }
    this.#cancelDeadline = clock.after(forDisk, () => {
      if (this.#mode === 'ask') this.#refuseFor(`the disk took longer than ${forDisk / 1000} s`);
      else this.#stop();
    });
    this.#flush();
  }

  #flush(): void {
    const attempt = ++this.#attempt;
    this.#cancelRetry();
    this.#options.durability?.flush().then(
      () => {
        if (attempt === this.#attempt) this.#stop();
      },
      (error: Error) => {
        if (attempt === this.#attempt) this.#failed(error);
      },
    );
  }

  #failed({ message }: Error): void {
    const { clock, log, timeout } = this.#options;
    if (this.#mode === 'ask') {
      this.#refuseFor(message);
    } else if (this.#mode === 'force' || timeout() === 0) {
      // There is no point in waiting for this disk.
      this.#stop(true);
    } else {
      if (!this.#saidToWait) {
        const seconds = Math.ceil((this.endsIn ?? 0) / 1000);
        log.warning(`${this.#unwritten()}: ${message}; waiting up to ${seconds} s for the disk (shutdown-timeout)`, {
          event: 'shutdown-wait',
          reason: message,
          seconds,
        });
      }
      this.#saidToWait = true;
      this.#cancelRetry = clock.after(RETRY_EVERY, () => this.#flush());
    }
  }

  #refuseFor(reason: string): void {
    const message = `SHUTDOWN is refused: ${this.#unwritten()}: ${reason}; SHUTDOWN FORCE discards them`;
    this.#options.log.warning(message, { event: 'shutdown-refused', reason });
    this.#refuse();
  }

  #refuse(): void {
    for (const { reject } of this.#reset()) reject(new StopRefused());
  }

  #stop(atOnce = this.#now): void {
    const { clock, timeout, close } = this.#options;
    const endsAt = atOnce ? clock.now() : Math.min(this.#endsAt, clock.now() + timeout());
    for (const { resolve } of this.#reset()) resolve();
    // If a command asked for the stop, that command finishes first.
    setImmediate(() => close(endsAt));
  }

  #reset(): Asked[] {
    const asked = this.#asked;
    this.#asked = [];
    this.#mode = 'ask';
    this.#now = false;
    this.#saidToWait = false;
    this.#attempt++;
    this.#cancelDelay?.();
    this.#cancelDelay = undefined;
    this.#cancelRetry();
    this.#cancelDeadline();
    return asked;
  }

  #unwritten(): string {
    return `could not write ${counted(this.#options.durability?.unsaved ?? 0, 'change')} to disk`;
  }
}
