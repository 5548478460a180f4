import type { SessionEvent } from '../../engine/index.js';

/** Is notified of what happens to sessions, wherever they are. */
export interface SessionWatcher {
  /** @param name Returns the session's name. Valid only during the call. */
  onEvent(event: SessionEvent, name: () => Buffer): void;
}
