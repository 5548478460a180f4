import { isKey } from '../commands/keys/lookup.js';
import type { Session, SessionEngine, SessionEvent, SessionListener } from '../engine/index.js';
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
 * Publishes what happens to keys, as Redis does: the event on `__keyspace@0__:<key>`, the key on
 * `__keyevent@0__:<event>`. Commands report what they do. The engine reports what happens to sessions, whether a Redis
 * command, a SESSION command or the engine itself caused it.
 */
export class KeyspaceEvents implements KeyspaceNotifier, SessionListener {
  readonly #hub: PubSubHub;
  readonly #ofKey: Audience;
  readonly #ofEvent: Audience;
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
    this.#flags = flags;
    this.#engine = engine;
  }

  notify(kind: KeyEventKind, event: string, key: Slice): void {
    const flags = this.#flags();
    // Most servers notify nothing: this saves each command a search for a letter.
    if (flags !== '' && flags.includes(kind)) this.#publish(flags, event, () => key.latin1());
  }

  onSession(event: SessionEvent, session: Session): void {
    const flags = this.#flags();
    if (flags === '') return;
    const named = OF_SESSIONS[event];
    if (named === undefined || !flags.includes(named[0])) return;
    const engine = this.#engine;
    if (isKey(engine, session)) this.#publish(flags, named[1], () => engine.nameText(session));
  }

  /** Builds nothing for channels without subscribers. */
  #publish(flags: string, event: string, key: () => string): void {
    try {
      if (this.#ofKey.size > 0 && flags.includes('K')) this.#hub.publish(this.#ofKey.prefix + key(), event);
      if (this.#ofEvent.size > 0 && flags.includes('E')) {
        this.#hub.publishIfSubscribed(this.#ofEvent.prefix + event, () => Buffer.from(key(), 'latin1'));
      }
    } catch (fault) {
      this.#onFault(fault);
    }
  }
}
