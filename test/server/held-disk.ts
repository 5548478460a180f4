import { vi } from 'vitest';
import { type JournalFile, nodeFileSystem } from '../../src/journal/file-system.js';
import { FakeClock } from '../fake-clock.js';

/** The clock of a server whose event loop keeps running while its time stands still. */
export class StandingClock extends FakeClock {
  override after(delay: number, callback: () => void): () => void {
    if (delay > 0) return super.after(delay, callback);
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  }
}

/**
 * The disk of this machine, which waits or fails when the test says so. Create it before the server.
 * `vi.restoreAllMocks` removes it.
 */
export class HeldDisk {
  /** The error with which writes fail, if they are to fail. */
  failure: Error | undefined;
  /** How many bytes have been written. */
  written = 0;
  #holdsSyncs = false;
  #holdsReads = false;
  #holdsWrites = false;
  readonly #syncs: (() => void)[] = [];
  readonly #writes: (() => void)[] = [];
  readonly #reads: (() => void)[] = [];
  #wake: () => void = () => {};

  static readonly #made = new Set<HeldDisk>();

  /** Releases every disk: a server whose disk fails waits for it before it stops. Call this after each test. */
  static repairAll(): void {
    for (const disk of HeldDisk.#made) {
      disk.failure = undefined;
      disk.release();
    }
    HeldDisk.#made.clear();
  }

  constructor() {
    HeldDisk.#made.add(this);
    const open = nodeFileSystem.open.bind(nodeFileSystem);
    vi.spyOn(nodeFileSystem, 'open').mockImplementation(async (path, mode) => this.#held(await open(path, mode)));
  }

  /** Makes syncs wait. */
  holdSyncs(): void {
    this.#holdsSyncs = true;
  }

  /** Makes reads wait. */
  holdReads(): void {
    this.#holdsReads = true;
  }

  /** Makes writes wait. */
  holdWrites(): void {
    this.#holdsWrites = true;
  }

  /** Resolves when a sync is waiting. */
  async syncing(): Promise<void> {
    while (this.#syncs.length === 0) await this.#changed();
  }

  /** Resolves when a read is waiting. */
  async reading(): Promise<void> {
    while (this.#reads.length === 0) await this.#changed();
  }

  /**
   * Lets whatever is waiting continue.
   * @param keep Whether syncs that begin later wait again.
   */
  release({ keep = false } = {}): void {
    this.#holdsSyncs = keep;
    this.#holdsReads = false;
    this.#holdsWrites = false;
    for (const go of [...this.#syncs.splice(0), ...this.#reads.splice(0), ...this.#writes.splice(0)]) go();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #held(file: JournalFile): JournalFile {
    return {
      read: async (into, offset, length, position) => {
        if (this.#holdsReads) {
          await new Promise<void>((resolve) => {
            this.#reads.push(resolve);
            this.#wake();
          });
        }
        return file.read(into, offset, length, position);
      },
      write: (bytes, offset, length, position, callback) => {
        const { failure } = this;
        if (failure !== undefined) {
          setImmediate(() => callback(failure, 0));
          return;
        }
        const go = () =>
          file.write(bytes, offset, length, position, (error, count) => {
            this.written += count;
            callback(error, count);
          });
        if (this.#holdsWrites) this.#writes.push(go);
        else go();
      },
      sync: (callback) => {
        if (!this.#holdsSyncs) {
          file.sync(callback);
          return;
        }
        this.#syncs.push(() => file.sync(callback));
        this.#wake();
      },
      look: (callback) => file.look(callback),
      truncate: (size) => file.truncate(size),
      size: () => file.size(),
      close: () => file.close(),
    };
  }
}

/** The system's error for a full disk. */
export function diskFull(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
}
