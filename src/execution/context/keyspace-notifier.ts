import type { Slice } from '../../slice.js';

/** The letter that `notify-keyspace-events` has for a kind of events: generic, string, hash, miss. */
export type KeyEventKind = 'g' | '$' | 'h' | 'm';

/**
 * Publishes what commands do to keys, as `notify-keyspace-events` says. What happens to sessions by themselves, and their end,
 * the engine publishes.
 */
export interface KeyspaceNotifier {
  notify(kind: KeyEventKind, event: string, key: Slice): void;
}
