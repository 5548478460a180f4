import type { ChangeListener, Session, SessionEngine } from '../engine/index.js';
import { databaseOf, keyIn } from '../engine/names/key-name.js';
import type { Tracking, TrackingClient, TrackingOptions, TrackingState } from '../execution/context/tracking.js';
import type { ReplyEncoder } from '../resp/reply-encoder.js';
import { TrackedKeys } from './tracked-keys.js';

/** The channel of messages to a RESP2 client to which another client redirects them. */
const CHANNEL = '__redis__:invalidate';

interface ClientTrackingOptions {
  readonly engine: SessionEngine;
  readonly clients: ReadonlyMap<number, TrackingClient>;
  /** Returns the current `tracking-table-max-keys`; 0 for no limit. */
  maxKeys(): number;
  onFault(fault: unknown): void;
}

/** The keys that are invalid; null for all of them. */
type Invalid = readonly string[] | null;

/**
 * Notifies clients of the keys that have changed, so that they can cache what they read: CLIENT TRACKING, as in Redis.
 *
 * It listens to the engine, and only while a client tracks. So it misses no change, whether a command, a SESSION
 * command or a deadline causes it, and costs nothing before. As in Redis, a key means that key in any database.
 */
export class ClientTracking implements Tracking, ChangeListener {
  size = 0;

  readonly #options: ClientTrackingOptions;
  readonly #keys = new TrackedKeys();
  /** The clients with BCAST. */
  readonly #broadcast = new Set<TrackingClient>();
  /** What has changed since the last message to the clients of `#broadcast`, and who changed it last. */
  readonly #changed = new Map<string, TrackingClient | undefined>();
  /** Whose command is changing keys. */
  #cause: TrackingClient | undefined;
  #stopListening: (() => void) | undefined;
  #willFlush = false;

  constructor(options: ClientTrackingOptions) {
    this.#options = options;
  }

  get counts() {
    let prefixes = 0;
    for (const { tracking } of this.#broadcast) prefixes += tracking?.prefixes.size ?? 0;
    return { keys: this.#keys.keys, items: this.#keys.items, prefixes };
  }

  start(client: TrackingClient, options: TrackingOptions, prefixes: readonly string[]): void {
    const { tracking } = client;
    if (tracking === undefined) this.size++;
    const all = new Set([...(tracking?.prefixes ?? []), ...prefixes]);
    if (options.mode === 'bcast' && prefixes.length === 0) all.add('');
    client.tracking = { ...options, caching: undefined, isBroken: false, prefixes: all };
    if (options.mode === 'bcast') this.#broadcast.add(client);
    this.#stopListening ??= this.#options.engine.listen(this);
  }

  stop(client: TrackingClient): void {
    if (client.tracking === undefined) return;
    client.tracking = undefined;
    this.#broadcast.delete(client);
    this.size--;
    if (this.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#keys.clear();
    this.#changed.clear();
  }

  attribute(cause: TrackingClient | undefined): TrackingClient | undefined {
    const before = this.#cause;
    this.#cause = cause;
    return before;
  }

  read({ id, tracking }: TrackingClient, keys: () => readonly string[]): void {
    if (tracking === undefined || !remembers(tracking)) return;
    this.#contain(() => {
      for (const key of keys()) this.#keys.add(key, id);
      const most = this.#options.maxKeys();
      while (most > 0 && this.#keys.keys > most) this.#invalidate(this.#keys.pickOld(), undefined);
    });
  }

  served({ tracking, transaction }: TrackingClient, command: string): void {
    // What a transaction changes comes together.
    if (!transaction.executing) this.#flush();
    const isOver = !transaction.open && !transaction.executing;
    if (tracking !== undefined && isOver && command !== 'client|caching') tracking.caching = undefined;
  }

  /** @param cause Who changed the key; undefined for the server. */
  #invalidate(key: string, cause: TrackingClient | undefined): void {
    for (const id of this.#keys.take(key)) {
      const client = this.#options.clients.get(id);
      // The client may have gone, or stopped, or have started again in another mode.
      if (client?.tracking === undefined || client.tracking.mode === 'bcast') continue;
      if (client !== cause || !client.tracking.noloop) this.#notify(client, client.tracking, [key]);
    }
  }

  /**
   * Notifies the clients of `#broadcast` of what has changed, in one message for each of their prefixes, as Redis does.
   */
  readonly #flush = (): void => {
    if (this.#changed.size > 0) this.#contain(() => this.#notifyAll());
  };

  #notifyAll(): void {
    for (const client of this.#broadcast) {
      const { tracking } = client;
      if (tracking === undefined) continue;
      for (const prefix of tracking.prefixes) {
        const found: string[] = [];
        for (const [key, cause] of this.#changed) {
          if (key.startsWith(prefix) && !(client === cause && tracking.noloop)) found.push(key);
        }
        if (found.length > 0) this.#notify(client, tracking, found);
      }
    }
    this.#changed.clear();
  }

  #notify(client: TrackingClient, tracking: TrackingState, invalid: Invalid): void {
    const { redirect } = tracking;
    const to = redirect === 0 ? client : this.#options.clients.get(redirect);
    if (to === undefined) {
      tracking.isBroken = true;
      if (client.protocol === 3) client.pushAfterReply((messages) => writeBroken(messages, redirect));
    } else if (to.protocol === 3) {
      to.pushAfterReply((messages) => {
        messages.push(2);
        messages.bulk('invalidate');
        writeKeys(messages, invalid);
      });
    } else if (redirect !== 0 && to.subscriptions > 0) {
      to.pushAfterReply((messages) => {
        messages.push(3);
        messages.bulk('message');
        messages.bulk(CHANNEL);
        writeKeys(messages, invalid);
      });
    }
  }

  /** Called for each change to a session. Only shared sessions are keys. */
  #change(session: Session): void {
    const { engine } = this.#options;
    if (!engine.isShared(session)) return;
    const name = engine.nameBytes(session);
    const key = keyIn(name, databaseOf(name)).latin1();
    const cause = engine.isDue(session) ? undefined : this.#cause;
    this.#invalidate(key, cause);
    if (this.#broadcast.size === 0) return;
    this.#changed.set(key, cause);
    if (this.#willFlush) return;
    // If a command changes the key, its end comes first, and what it has changed is one message.
    this.#willFlush = true;
    queueMicrotask(() => {
      this.#willFlush = false;
      this.#flush();
    });
  }

  /** Runs a part of somebody else's operation. A fault must not stop that. */
  #contain(part: () => void): void {
    try {
      part();
    } catch (fault) {
      this.#options.onFault(fault);
    }
  }

  readonly #onChange = (session: Session): void => this.#contain(() => this.#change(session));

  onCreated = this.#onChange;
  onSet = this.#onChange;
  onWritten = this.#onChange;
  onKeyDeadline = this.#onChange;
  onDeleted = this.#onChange;
  onEmptied = this.#onChange;
  onChanged = this.#onChange;
  onEnded = this.#onChange;

  /** Reading a session may extend it. That does not change what was read. */
  onExtended(): void {}

  onRotated(): void {}

  onEndedAll(): void {
    this.#keys.clear();
    this.#changed.clear();
    for (const client of this.#options.clients.values()) {
      const { tracking } = client;
      if (tracking !== undefined) this.#contain(() => this.#notify(client, tracking, null));
    }
  }
}

/** Returns whether to remember what a client reads now. */
function remembers({ mode, caching }: TrackingState): boolean {
  if (mode === 'optin') return caching === 'yes';
  return mode === 'read' || (mode === 'optout' && caching !== 'no');
}

function writeKeys(messages: ReplyEncoder, invalid: Invalid): void {
  if (invalid === null) {
    messages.null();
    return;
  }
  messages.array(invalid.length);
  for (const key of invalid) messages.latin1(key);
}

function writeBroken(messages: ReplyEncoder, redirect: number): void {
  messages.push(2);
  messages.bulk('tracking-redir-broken');
  messages.integer(redirect);
}
