import type { ServerResponse } from 'node:http';
import { PERMISSIONS, type Permission } from '../../commands/declaration/permission.js';
import type { User } from '../../execution/context/user.js';
import { type Batch, EventBatch, liveEvents } from './event-batch.js';
import type { LiveMessages, LiveWheel } from './live-data.js';
import { type LiveSources, takeSnapshot } from './live-snapshot.js';
import { Watcher } from './watcher.js';
import { WheelCount } from './wheel-count.js';

/** The most watchers. Each costs a message a second. */
const MOST_WATCHERS = 64;
const SNAPSHOT_MS = 1000;
/** Events are sent together, at most this often, in ms. */
const BATCH_MS = 250;
/** How many ms a browser should wait before it connects again. */
const RETRY_MS = 2000;

/**
 * Sends the state of the server and the events of sessions to watchers, as server-sent events. Each message is made
 * once for all watchers. While there are no watchers, nothing is measured, counted or listened to.
 */
export class LiveFeed {
  readonly #sources: LiveSources;
  readonly #watchers = new Set<Watcher>();
  readonly #batch: EventBatch;
  readonly #wheel: WheelCount;
  /** The latest snapshot, for new watchers. */
  #snapshot: Buffer | undefined;
  /** When events were last sent, in ms. */
  #sentAt = -Infinity;
  #cancelSnapshot: () => void = () => {};
  #cancelBatch: () => void = () => {};
  #stopListening: () => void = () => {};

  constructor(sources: LiveSources) {
    const { engine, server } = sources;
    const { clock } = server;
    this.#sources = sources;
    this.#batch = new EventBatch(clock, () => {
      const delay = Math.max(0, this.#sentAt + BATCH_MS - clock.now());
      this.#cancelBatch = clock.after(delay, () => this.#sendEvents());
    });
    this.#wheel = new WheelCount({ engine, clock });
  }

  /** Whether there can be another watcher. */
  get hasRoom(): boolean {
    return this.#watchers.size < MOST_WATCHERS;
  }

  /** Adds a watcher. It gets the response, whose headers have not been sent. */
  watch(user: User, response: ServerResponse): void {
    // The client has already disconnected.
    if (response.destroyed) return;
    const watcher = new Watcher(response, may(user, 'read'), (gone) => this.#remove(gone));
    this.#watchers.add(watcher);
    watcher.send(Buffer.concat([Buffer.from(`retry: ${RETRY_MS}\n`), this.#hello(user), this.#snapshot ?? NOTHING]));
    if (this.#watchers.size === 1) this.#start();
  }

  /** Ends all streams. */
  close(): void {
    for (const watcher of this.#watchers) {
      watcher.end();
      this.#remove(watcher);
    }
  }

  #remove(watcher: Watcher): void {
    if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#stop();
  }

  #start(): void {
    this.#stopListening = this.#sources.server.watchSessions(this.#batch);
    this.#beat();
  }

  #stop(): void {
    this.#stopListening();
    this.#cancelBatch();
    this.#batch.take();
    this.#cancelSnapshot();
    this.#wheel.stop();
    this.#snapshot = undefined;
  }

  #hello({ name, permissions }: User): Buffer {
    const { version, runId, started } = this.#sources.server;
    const granted = (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => may({ permissions }, permission));
    return message('hello', {
      version,
      runId,
      started: Math.round(started),
      user: name,
      permissions: granted,
      wheel: this.#wheel.shape,
    });
  }

  #beat(): void {
    const { clock, store } = this.#sources.server;
    this.#cancelSnapshot = clock.after(SNAPSHOT_MS, () => this.#beat());
    const asked = store?.refreshStats();
    // Without the store's figures, the first snapshot would show none.
    if (asked !== undefined && store?.stats === undefined) void asked.then(() => this.#measure());
    else this.#measure();
  }

  #measure(): void {
    if (this.#watchers.size === 0) return;
    this.#wheel.refresh((wheel) => this.#sendSnapshot(wheel));
  }

  #sendSnapshot(wheel: LiveWheel): void {
    const snapshot = takeSnapshot(this.#sources, { wheel, watchers: this.#watchers.size });
    this.#snapshot = message('snapshot', snapshot);
    // A watcher that is too slow misses this one.
    for (const watcher of this.#watchers) watcher.send(this.#snapshot);
  }

  #sendEvents(): void {
    this.#sentAt = this.#sources.server.clock.now();
    const batch = this.#batch.take();
    const shared = new Map<boolean, Buffer>();
    for (const watcher of this.#watchers) {
      const { seesNames, missed } = watcher;
      let bytes = missed === 0 ? shared.get(seesNames) : undefined;
      if (bytes === undefined) {
        bytes = eventsMessage(batch, seesNames, missed);
        if (missed === 0) shared.set(seesNames, bytes);
      }
      watcher.missed = watcher.send(bytes) ? 0 : missed + batch.events.length + batch.omitted;
    }
  }
}

const NOTHING = Buffer.alloc(0);

function may({ permissions }: Pick<User, 'permissions'>, permission: Permission): boolean {
  return (permissions & PERMISSIONS[permission]) !== 0;
}

function eventsMessage({ events, omitted }: Batch, seesNames: boolean, missed: number): Buffer {
  return message('sessions', liveEvents({ events, omitted: omitted + missed }, seesNames ? 'whole' : 'redacted'));
}

/** Returns a server-sent event. JSON has no line breaks. */
function message<Kind extends keyof LiveMessages>(kind: Kind, data: LiveMessages[Kind]): Buffer {
  return Buffer.from(`event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`);
}
