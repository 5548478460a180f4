import type { Clock } from '../../engine/index.js';
import { SETTINGS } from './library/constants.js';
import { bufferOf, named } from './library/replies.js';
import { type Calls, type Nodes, StoreError } from './nodes/nodes.js';
import type { StoreSettings } from './store-settings.js';

/** How often a process makes sure that the store still has its settings, in ms. */
const CHECK_MS = 500;

const REPLACED = new StoreError(
  'TRYAGAIN',
  'The store has lost its data, and another process has set it up with other settings: restart this process. The operation has not run.',
  false,
);

/**
 * Makes sure that the store keeps its settings. If it has lost them, for example because somebody emptied it, it gets
 * the same ones back. Otherwise the next process to start would choose others, and find none of the sessions of the
 * processes that run. If that has already happened, this process makes no more calls.
 */
export class SettingsWatch {
  /** Since when the store has had other settings, in unix ms; undefined if it has not. */
  replacedAt: number | undefined;
  /** Calls the nodes, unless the store has other settings. */
  readonly calls: Pick<Nodes, 'call' | 'command'>;
  readonly #nodes: Calls;
  readonly #clock: Clock;
  #cancel = () => {};
  #stopped = false;

  constructor(nodes: Pick<Nodes, 'call' | 'command'>, clock: Clock) {
    this.#nodes = nodes;
    this.#clock = clock;
    const refused = () => (this.replacedAt === undefined ? undefined : Promise.reject(REPLACED));
    this.calls = {
      call: (partition, fn, args) => refused() ?? nodes.call(partition, fn, args),
      command: (partition, words, isRead) => refused() ?? nodes.command(partition, words, isRead),
    };
  }

  /** Why calls are refused once the settings have been replaced. */
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
      const kept = named(SETTINGS, await this.#nodes.call(0, 'setup', [partitions, secret]));
      const isSame = Number(kept.partitions) === partitions && bufferOf(kept.secret).equals(secret);
      this.replacedAt = isSame ? undefined : (this.replacedAt ?? this.#clock.wall());
    } catch {
      // The store does not answer, which the health check notices. This check is repeated.
    }
  }
}
