import { randomBytes } from 'node:crypto';
import type { Clock } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import { StoreError } from './nodes.js';
import { DEFAULT_PARTITIONS } from './partitions.js';
import { bufferOf, listOf } from './replies.js';
import type { Calls } from './session-calls.js';

/** The version of what the functions write. */
const FORMAT = 1;

/** How often a process makes sure that the store still has its settings, in ms. */
const CHECK_MS = 500;

/** What a store is given when it is first used. All processes must agree on it. */
export interface StoreSettings {
  readonly partitions: number;
  /** The secret from which the tokens of shared sessions and public ids are derived. */
  readonly secret: Buffer;
}

/**
 * Returns the settings of the store. If it is new, it gets them now.
 * @param wanted How many partitions it must have. Default: whatever it has.
 * @throws CodedError if it cannot be used like this.
 */
export async function settingsOf(nodes: Calls, wanted: number | undefined): Promise<StoreSettings> {
  const [format, count, secret] = listOf(await nodes.call(0, 'setup', [wanted ?? DEFAULT_PARTITIONS, randomBytes(32)]));
  if (Number(format) !== FORMAT) {
    throw new CodedError('ERR', `the store has format ${format}, and this version of respite needs ${FORMAT}`);
  }
  const partitions = Number(count);
  if (wanted !== undefined && partitions !== wanted) {
    throw new CodedError(
      'ERR',
      `the store has ${partitions} partitions, not ${wanted}, and their number cannot be changed: remove store-partitions`,
    );
  }
  return { partitions, secret: bufferOf(secret) };
}

const REPLACED = new StoreError(
  'TRYAGAIN',
  'The store has lost its data, and another process has set it up with other settings: restart this process. The operation has not run.',
  false,
);

/**
 * Makes sure that the store keeps its settings. If it has lost them, for example because somebody emptied it, it gets
 * the same ones back. Otherwise the next process to start would choose others, and find none of the sessions of the
 * processes that run. If that has happened, no call of this process is let through any more.
 */
export class SettingsWatch {
  /** Since when the store has had other settings, in unix ms; undefined if it has not. */
  replacedAt: number | undefined;
  /** Calls the nodes, unless the store has other settings. */
  readonly calls: Calls;
  readonly #nodes: Calls;
  readonly #clock: Clock;
  #cancel = () => {};
  #stopped = false;

  constructor(nodes: Calls, clock: Clock) {
    this.#nodes = nodes;
    this.#clock = clock;
    this.calls = {
      call: (partition, fn, args) =>
        this.replacedAt === undefined ? nodes.call(partition, fn, args) : Promise.reject(REPLACED),
    };
  }

  /** Why no call is let through. */
  get reason(): string {
    return REPLACED.message;
  }

  /** Checks the settings from now on. */
  start(settings: StoreSettings): void {
    if (this.#stopped) return;
    this.#cancel = this.#clock.after(CHECK_MS, () => {
      void this.#check(settings).then(() => this.start(settings));
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #check({ partitions, secret }: StoreSettings): Promise<void> {
    try {
      const [, count, kept] = listOf(await this.#nodes.call(0, 'setup', [partitions, secret]));
      const isSame = Number(count) === partitions && bufferOf(kept).equals(secret);
      this.replacedAt = isSame ? undefined : (this.replacedAt ?? this.#clock.wall());
    } catch {
      // The store does not answer, which others notice. It is asked again.
    }
  }
}
