import { SingleBar } from 'cli-progress';
import type { EventLog } from '../log/log-events.js';

/**
 * Shows how far the journal has been loaded: as a bar on a terminal, otherwise as a line in the log from time to time.
 */
export interface LoadingDisplay {
  /**
   * @param loaded In bytes.
   * @param total In bytes.
   */
  update(loaded: number, total: number): void;
  /** Ends the display, even if the load was not completed. */
  end(): void;
}

/** Milliseconds between two lines. */
const LINE_EVERY_MS = 1000;
/** A journal of fewer bytes is loaded too quickly for a bar. */
const SMALL = 1e6;

/** A bar for a terminal. While it is shown, other lines must be written through `write`. */
export class LoadingBar implements LoadingDisplay {
  readonly #terminal: NodeJS.WriteStream;
  readonly #bar: SingleBar;
  readonly #estimate = new Estimate();

  constructor(terminal: NodeJS.WriteStream) {
    this.#terminal = terminal;
    this.#bar = new SingleBar({
      stream: terminal,
      format: 'loading the journal {bar} {percentage} % of {size}{left}',
      barsize: 30,
      hideCursor: true,
      // A log line overwrites the bar until the bar is drawn again.
      forceRedraw: true,
    });
  }

  update(loaded: number, total: number): void {
    const payload = {
      size: `${(total / 1e6).toFixed(1)} MB`,
      left: this.#estimate.timeLeft(Date.now(), loaded, total),
    };
    if (this.#bar.isActive) this.#bar.update(loaded, payload);
    else if (total >= SMALL && loaded < total) this.#bar.start(total, loaded, payload);
    if (loaded >= total) this.end();
  }

  end(): void {
    this.#bar.stop();
  }

  /** Writes complete lines, above the bar if it is shown. */
  write(text: string): void {
    if (!this.#bar.isActive) this.#terminal.write(text);
    // Clears the bar's line, and saves the cursor position below the text. The bar returns to it when it stops.
    else this.#terminal.write(`\r\x1b[K${text}\x1b7`);
  }
}

export function loadingLines(log: EventLog): LoadingDisplay {
  const estimate = new Estimate();
  let next = Date.now() + LINE_EVERY_MS;
  return {
    update(loaded, total) {
      const now = Date.now();
      const left = estimate.timeLeft(now, loaded, total);
      if (now < next) return;
      next = now + LINE_EVERY_MS;
      const percentage = Math.floor((loaded / total) * 100);
      const message = `loading the journal: ${percentage} % of ${(total / 1e6).toFixed(1)} MB${left}`;
      log.notice(message, { event: 'loading', loaded, total });
    },
    end() {},
  };
}

/** Ms of loading before there is an estimate. */
const ESTIMATE_AFTER_MS = 500;

/** Estimates how long a load takes, from its speed since the first call. */
export class Estimate {
  #first: { readonly at: number; readonly loaded: number } | undefined;

  /**
   * Returns `, 12 s left`, or nothing when the load is complete or there is no estimate yet.
   * @param now In ms.
   */
  timeLeft(now: number, loaded: number, total: number): string {
    this.#first ??= { at: now, loaded };
    const { at, loaded: before } = this.#first;
    if (loaded >= total || loaded === before || now - at < ESTIMATE_AFTER_MS) return '';
    const seconds = Math.ceil(((now - at) * (total - loaded)) / (loaded - before) / 1000);
    return `, ${seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`} left`;
  }
}
