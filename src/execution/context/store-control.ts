import type { EngineStats, Lateness } from '../../engine/index.js';
import type { RemoteStream, StoreStatus, StreamFigures } from '../../store/remote-store.js';

/** The part of a store outside of this process that commands may use, besides its sessions. */
export interface StoreControl {
  readonly status: StoreStatus;
  /** How late this process has expired sessions. */
  readonly lateness: Lateness;
  /** The stream of events; undefined without `events-stream`. */
  readonly stream: RemoteStream | undefined;
  /** The store's statistics as of the last `refreshStats` that succeeded; undefined before. */
  readonly stats: EngineStats | undefined;
  /** What can be said of the stream of events, as of then; undefined before, and if there is no stream. */
  readonly streamFigures: StreamFigures | undefined;
  /** Updates `stats` and `streamFigures`, unless the store does not answer. Never rejects. */
  refreshStats(): Promise<void>;
  /**
   * Makes this process receive the events of sessions. Resolves when every event from then on is going to arrive, to a
   * function that ends this.
   */
  holdEvents(): Promise<() => void>;
}
