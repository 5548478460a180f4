import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../engine/index.js';
import { CodedError } from '../../../errors.js';
import type { Nodes } from '../nodes/nodes.js';

/** How often a process sends a heartbeat, in ms. */
const HEARTBEAT_MS = 500;

/** How long after its last heartbeat a process counts as alive, in ms. */
export const LEASE_MS = 3000;

/** The partition that has the list of processes. */
const LIST_PARTITION = 0;

export interface LiveProcessesOptions {
  /** Which processes: all that use the store, or those that forward events. Each list is a key of the store. */
  readonly list: 'processes' | 'forwarders';
  readonly nodes: Nodes;
  readonly clock: Clock;
  /** Called with the ids of the live processes, this one included, whenever they have changed. */
  readonly onChange: (ids: readonly string[]) => void;
  /** Called for an error that is a bug. */
  readonly onFault: (fault: unknown) => void;
}

/**
 * Knows which processes do something for the store. Each sends a heartbeat twice a second. If a process is killed, the others notice
 * within half a second after its lease has ended. A process that stops leaves at once. While the node with the list
 * cannot be reached, the last known list stays in force.
 */
export class LiveProcesses {
  /** Identifies this process to the others. */
  readonly id = randomBytes(8).toString('hex');

  readonly #list: string;
  readonly #nodes: Nodes;
  readonly #clock: Clock;
  readonly #onChange: (ids: readonly string[]) => void;
  readonly #onFault: (fault: unknown) => void;
  #ids: readonly string[] = [];
  #stopped = false;
  #cancelNext = () => {};

  constructor({ list, nodes, clock, onChange, onFault }: LiveProcessesOptions) {
    this.#list = list;
    this.#nodes = nodes;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#onFault = onFault;
  }

  /** The ids of the live processes. Empty until the first heartbeat has been answered, and after `stop`. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** Joins. Resolves when the first heartbeat has been answered or has failed. It is then repeated. Never rejects. */
  start(): Promise<void> {
    return this.#beat();
  }

  /** Leaves, so that the others take over at once. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelNext();
    this.#ids = [];
    await this.#call(0);
  }

  async #beat(): Promise<void> {
    const sent = this.#clock.now();
    const ids = await this.#call(LEASE_MS);
    if (this.#stopped) return;
    if (ids !== undefined && ids.join() !== this.#ids.join()) {
      this.#ids = ids;
      this.#onChange(ids);
    }
    const pause = Math.max(0, sent + HEARTBEAT_MS - this.#clock.now());
    this.#cancelNext = this.#clock.after(pause, () => void this.#beat());
  }

  /** Returns the live processes, sorted, or undefined if the call failed. @param lease 0 to leave. */
  async #call(lease: number): Promise<string[] | undefined> {
    try {
      const reply = await this.#nodes.call(LIST_PARTITION, 'heartbeat', [this.id, lease, this.#list]);
      const [, ...ids] = reply as [number, ...Buffer[]];
      return ids.map(String).sort();
    } catch (error) {
      if (!(error instanceof CodedError)) this.#onFault(error);
      return undefined;
    }
  }
}
