import type { KeyName } from '../../engine/index.js';

/** The letters of `notify-keyspace-events` for kinds of events: generic, string, hash, set, sorted set, JSON, miss. */
export type KeyEventKind = 'g' | '$' | 'h' | 's' | 'z' | 'd' | 'm';

/**
 * Publishes what commands do to keys, if `notify-keyspace-events` says so. The end of sessions, and what happens to
 * them without a command, are published when the engine reports them.
 */
export interface KeyspaceNotifier {
  notify(kind: KeyEventKind, event: string, key: KeyName): void;
}
