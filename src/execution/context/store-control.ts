import type { EngineStats, Lateness } from '../../engine/index.js';
import type { StoreStatus } from '../../store/remote-store.js';

/** The part of a store outside of this process that commands may use, besides its sessions. */
export interface StoreControl {
  readonly status: StoreStatus;
  /** How late this process has expired sessions. */
  readonly lateness: Lateness;
  /** What the store counted when it was last asked, a few seconds ago at most if somebody asks; undefined at first. */
  readonly stats: EngineStats | undefined;
  /** Makes `stats` new, unless the store does not answer. Never rejects. */
  refreshStats(): Promise<void>;
  /**
   * Makes this process receive the events of sessions. Resolves when every event from then on is going to arrive, to a
   * function that ends this.
   */
  holdEvents(): Promise<() => void>;
}
