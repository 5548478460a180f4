import { isKey } from '../commands/keys/lookup.js';
import {
  databaseOf,
  type KeyName,
  keyIn,
  type Session,
  type SessionEngine,
  type SessionEvent,
  type SessionListener,
} from '../engine/index.js';
import type { KeyEventKind, KeyspaceNotifier } from '../execution/context/keyspace-notifier.js';
import type { Slice } from '../slice.js';
import type { Audience, PubSubHub } from './pubsub-hub.js';

/** Redis' event for each session event of a key, and the letter of its kind in `notify-keyspace-events`. */
const OF_SESSIONS: Partial<Record<SessionEvent, readonly [kind: KeyEventKind | 'n' | 'x' | 'e', event: string]>> = {
  new: ['n', 'new'],
  renamed: ['n', 'new'],
  expired: ['x', 'expired'],
  cleared: ['x', 'expired'],
  maxage: ['x', 'expired'],
  ended: ['g', 'del'],
  limit: ['g', 'del'],
  evicted: ['e', 'evicted'],
};

/**
 * Publishes what happens to keys, as Redis does: the event on `__keyspace@<database>__:<key>`, and the key on
 * `__keyevent@<database>__:<event>`. Commands report what they do. The engine reports what happens to sessions, whether
 * a Redis command, a SESSION command or the engine itself caused it.
 */
export class KeyspaceEvents implements KeyspaceNotifier, SessionListener {
  readonly #hub: PubSubHub;
  /** Who listens to the keys of database 0. */
  readonly #ofKey: Audience;
  readonly #ofEvent: Audience;
  /** Who listens to the keys of any database. */
  readonly #ofAnyKey: Audience;
  readonly #ofAnyEvent: Audience;
  readonly #flags: () => string;
  readonly #engine: SessionEngine;
  readonly #onFault: (fault: unknown) => void;

  /**
   * @param flags Returns the current `notify-keyspace-events`, each kind spelt out.
   * @param onFault Called with faults, so the command that reports an event still succeeds.
   */
  constructor(hub: PubSubHub, flags: () => string, engine: SessionEngine, onFault: (fault: unknown) => void) {
    this.#onFault = onFault;
    this.#hub = hub;
    this.#ofKey = hub.audience('__keyspace@0__:');
    this.#ofEvent = hub.audience('__keyevent@0__:');
    this.#ofAnyKey = hub.audience('__keyspace@');
    this.#ofAnyEvent = hub.audience('__keyevent@');
    this.#flags = flags;
    this.#engine = engine;
  }

  notify(kind: KeyEventKind, event: string, name: KeyName): void {
    const flags = this.#flags();
    // Most servers notify nothing: this saves each command a search for a letter.
    if (flags !== '' && flags.includes(kind)) this.#publish(flags, event, name);
  }

  onSession(event: SessionEvent, session: Session): void {
    const flags = this.#flags();
    if (flags === '') return;
    const named = OF_SESSIONS[event];
    if (named === undefined || !flags.includes(named[0])) return;
    const engine = this.#engine;
    if (isKey(engine, session)) this.#publish(flags, named[1], engine.nameBytes(session));
  }

  onKeysExpired(session: Session): void {
    const flags = this.#flags();
    const engine = this.#engine;
    if (flags === '' || !engine.isShared(session)) return;
    const name = engine.nameBytes(session);
    if (flags.includes('h')) this.#publish(flags, 'hexpired', name);
    // Without fields it is no longer a key.
    if (flags.includes('g') && !isKey(engine, session)) this.#publish(flags, 'del', name);
  }

  /**
   * Builds nothing for channels without subscribers.
   * @param name The name of the key's session.
   */
  #publish(flags: string, event: string, name: Slice): void {
    try {
      const database = databaseOf(name);
      const [ofKey, ofEvent] = database === 0 ? [this.#ofKey, this.#ofEvent] : [this.#ofAnyKey, this.#ofAnyEvent];
      if (ofKey.size > 0 && flags.includes('K')) {
        this.#hub.publish(`__keyspace@${database}__:${keyIn(name, database).latin1()}`, event);
      }
      if (ofEvent.size > 0 && flags.includes('E')) {
        this.#hub.publishIfSubscribed(`__keyevent@${database}__:${event}`, () => keyIn(name, database).copy());
      }
    } catch (fault) {
      this.#onFault(fault);
    }
  }
}
