import type { ChannelListener } from './nodes.js';
import type { Partition } from './partition.js';
import type { Primary } from './primary.js';
import type { Subscriber, SubscriberListener } from './subscriber.js';

/** How long to wait before connecting again, in ms. */
const PAUSE = 200;

/** Channels with listeners, each at the primary of its partition. */
export class Subscriptions {
  readonly #open: (primary: Primary, listener: SubscriberListener) => Promise<Subscriber>;
  readonly #onTrouble: () => void;
  readonly #channels = new Map<string, Channel>();
  readonly #links = new Map<Primary, Link>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param open Connects to a primary to receive messages.
   * @param onTrouble Called when a connection has ended. The primaries may have changed.
   */
  constructor(open: (primary: Primary, listener: SubscriberListener) => Promise<Subscriber>, onTrouble: () => void) {
    this.#open = open;
    this.#onTrouble = onTrouble;
  }

  subscribe(name: string, partitions: Iterable<Partition>, listener: ChannelListener): PartitionSubscription {
    let mine = new Set<string>();
    const set = (wanted: Iterable<Partition>): void => {
      const before = mine;
      mine = new Set();
      for (const partition of wanted) {
        const id = `${partition.base}:${name}`;
        mine.add(id);
        if (!before.delete(id)) this.#listen(id, partition, listener);
      }
      for (const id of before) this.#ignore(id, listener);
      this.reconcile();
    };
    set(partitions);
    return { set, close: () => set([]) };
  }

  #listen(id: string, partition: Partition, listener: ChannelListener): void {
    let channel = this.#channels.get(id);
    if (channel === undefined) {
      channel = { id, partition, listeners: new Set(), isActive: false };
      this.#channels.set(id, channel);
    }
    channel.listeners.add(listener);
    if (channel.isActive) queueMicrotask(() => listener.onStart(partition.index));
  }

  #ignore(id: string, listener: ChannelListener): void {
    const channel = this.#channels.get(id);
    channel?.listeners.delete(listener);
    if (channel?.listeners.size === 0) this.#channels.delete(id);
  }

  /** Brings the subscriptions up to date. Call this after a change of the channels, the primaries or a connection. */
  reconcile(): void {
    if (this.#isClosed) return;
    const wanted = new Map<Primary, Set<string>>();
    for (const { id, partition } of this.#channels.values()) {
      if (partition.primary === undefined) continue;
      const ids = wanted.get(partition.primary);
      if (ids === undefined) wanted.set(partition.primary, new Set([id]));
      else ids.add(id);
    }
    for (const [primary, link] of this.#links) {
      const ids = wanted.get(primary);
      if (ids === undefined) this.#drop(primary, link);
      else for (const id of link.sent) if (!ids.has(id)) this.#unsubscribe(link, id);
    }
    for (const [primary, ids] of wanted) {
      const link = this.#links.get(primary) ?? this.#connect(primary);
      if (link.subscriber === undefined) continue;
      for (const id of ids) {
        if (link.sent.has(id)) continue;
        link.sent.add(id);
        link.subscriber.add(id);
      }
    }
  }

  #connect(primary: Primary): Link {
    const link: Link = { subscriber: undefined, sent: new Set() };
    this.#links.set(primary, link);
    const isCurrent = () => this.#links.get(primary) === link;
    const ended = () => {
      if (!isCurrent()) return;
      this.#drop(primary, link);
      this.#onTrouble();
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.reconcile();
      }, PAUSE);
    };
    const listener: SubscriberListener = {
      onStart: (id) => this.#started(link, id),
      onMessage: (id, message) => {
        const channel = this.#channels.get(id);
        for (const one of channel?.listeners ?? []) one.onMessage((channel as Channel).partition.index, message);
      },
      onEnd: ended,
    };
    this.#open(primary, listener).then((subscriber) => {
      if (!isCurrent()) {
        subscriber.close();
        return;
      }
      link.subscriber = subscriber;
      this.reconcile();
    }, ended);
    return link;
  }

  #started(link: Link, id: string): void {
    const channel = this.#channels.get(id);
    if (channel === undefined || !link.sent.has(id)) return;
    channel.isActive = true;
    for (const listener of channel.listeners) listener.onStart(channel.partition.index);
  }

  #unsubscribe(link: Link, id: string): void {
    link.sent.delete(id);
    link.subscriber?.remove(id);
    this.#deactivate(id);
  }

  #drop(primary: Primary, link: Link): void {
    this.#links.delete(primary);
    for (const id of link.sent) this.#deactivate(id);
    link.subscriber?.close();
  }

  #deactivate(id: string): void {
    const channel = this.#channels.get(id);
    if (channel !== undefined) channel.isActive = false;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const [primary, link] of this.#links) this.#drop(primary, link);
  }
}

/** Like `Subscription`, for partitions of the router. */
export interface PartitionSubscription {
  set(partitions: Iterable<Partition>): void;
  close(): void;
}

interface Channel {
  /** Its name on the nodes. */
  readonly id: string;
  readonly partition: Partition;
  readonly listeners: Set<ChannelListener>;
  /** Whether its subscription has begun, and not been interrupted since. */
  isActive: boolean;
}

/** What is known of the connection to a primary. */
interface Link {
  subscriber: Subscriber | undefined;
  /** The channels that were subscribed to. */
  readonly sent: Set<string>;
}
