import { setImmediate as turn } from 'node:timers/promises';
import { DurationHistogram } from '../../../src/duration-histogram.js';
import type {
  Argument,
  ChannelListener,
  Nodes,
  Reply,
  StoreState,
  Subscription,
} from '../../../src/store/valkey/nodes/nodes.js';
import { StoreError } from '../../../src/store/valkey/nodes/nodes.js';
import type { FakeClock } from '../../fake-clock.js';

/** The functions announce deadlines nearer than this. */
const HORIZON = 5000;

/** After how many ms a call fails that is not answered. */
const TIMEOUT = 1000;

interface Partition {
  /** By member: when the session is due, and where it is in the due set, in the node's ms. */
  readonly deadlines: Map<string, number>;
  readonly due: Map<string, number>;
  /** By member: the deadlines of keys. */
  readonly keys: Map<string, number[]>;
  readonly outbox: { readonly id: number; readonly at: number; readonly payload: string }[];
  lastId: number;
  readonly listeners: Set<Listening>;
  readonly creating: Map<string, number>;
  readonly unindexing: Map<string, number>;
  readonly index: Set<string>;
}

/** What `reap` answers. */
const EXPIRED = -1;
const NOTHING = -2;
const INDEXED = -3;

interface Listening {
  readonly nodes: SimulatedNodes;
  readonly partition: number;
  readonly channel: string;
  readonly listener: ChannelListener;
  /** How often it was interrupted. What was on its way then is lost. */
  interruptions: number;
}

export interface Expiry {
  readonly member: string;
  readonly partition: number;
  /** Milliseconds after the deadline. */
  readonly late: number;
}

/**
 * What the functions of a store do as far as its background needs it, in one process and on a fake clock. Calls and
 * messages take some time, as on a network.
 */
export class SimulatedStore {
  readonly partitions: Partition[];
  readonly expiries: Expiry[] = [];
  /** How many calls of each function there have been. */
  readonly calls: Record<string, number> = {};
  /** The most sessions that one call has reaped. */
  largestBatch = 0;
  /** How far the node's clock is ahead of the test's, in ms. */
  ahead = 1_900_000_000_000.7;
  /** Sessions whose entry in an index is in another partition than they. */
  readonly indexed = new Set<string>();
  /** Partitions that do not answer. */
  readonly down = new Set<number>();
  /** Partitions whose node says that it cannot serve them. */
  readonly refused = new Set<number>();
  readonly clock: FakeClock;
  readonly latency: () => number;
  /** For messages, which come over connections of their own. */
  messageLatency: () => number;
  #processes = new Map<string, number>();

  /** @param latency Returns how many ms the next call, reply or message is on its way. */
  constructor(clock: FakeClock, partitions: number, latency: () => number = () => 0) {
    this.clock = clock;
    this.latency = latency;
    this.messageLatency = latency;
    this.partitions = Array.from({ length: partitions }, () => ({
      deadlines: new Map(),
      due: new Map(),
      keys: new Map(),
      outbox: [],
      lastId: 0,
      listeners: new Set(),
      creating: new Map(),
      unindexing: new Map(),
      index: new Set(),
    }));
  }

  /** The node's time in whole ms. */
  get now(): number {
    return Math.floor(this.clock.now() + this.ahead);
  }

  connect(): SimulatedNodes {
    return new SimulatedNodes(this);
  }

  /** Creates a session, or moves its place in the due set, as `expire` does. */
  create(partition: number, member: string, ttl: number): void {
    this.partitions[partition].deadlines.set(member, this.now + ttl);
    this.#place(partition, member);
  }

  /** Gives a key of a session a deadline. */
  setFor(partition: number, member: string, ttl: number): void {
    const { deadlines, due, keys } = this.partitions[partition];
    if (!deadlines.has(member)) return;
    keys.set(member, [...(keys.get(member) ?? []), this.now + ttl]);
    if (this.now + ttl < (due.get(member) as number)) this.#place(partition, member);
  }

  /** Places a session where it is due next, and announces this if it is near. */
  #place(partition: number, member: string): void {
    const { deadlines, due, keys } = this.partitions[partition];
    const at = Math.min(deadlines.get(member) as number, ...(keys.get(member) ?? []));
    due.set(member, at);
    if (at < this.now + HORIZON) this.publish(partition, 'due', `${at} ${member}`);
  }

  /** Restarts a duration. Its place in the due set stays where it is, unless the deadline is now earlier. */
  extend(partition: number, member: string, ttl: number): void {
    const { deadlines, due } = this.partitions[partition];
    if (!deadlines.has(member)) return;
    if (this.now + ttl < (due.get(member) as number)) this.create(partition, member, ttl);
    else deadlines.set(member, this.now + ttl);
  }

  end(partition: number, member: string): void {
    this.partitions[partition].deadlines.delete(member);
    this.partitions[partition].due.delete(member);
    this.partitions[partition].keys.delete(member);
  }

  /** Appends an event to the outbox. @param isPublished Whether the message also leaves, with its payload. */
  event(partition: number, payload: string, isPublished: boolean | 'without payload' = true): void {
    const outbox = this.partitions[partition];
    outbox.lastId++;
    outbox.outbox.push({ id: outbox.lastId, at: this.now, payload });
    if (isPublished === false) return;
    this.publish(partition, 'events', `${outbox.lastId}-0 ${isPublished === true ? payload : ''}`);
  }

  publish(partition: number, channel: string, message: string): void {
    for (const listening of this.partitions[partition].listeners) {
      if (listening.channel !== channel) continue;
      const { interruptions } = listening;
      listening.nodes.push(() => {
        if (this.partitions[partition].listeners.has(listening) && listening.interruptions === interruptions) {
          listening.listener.onMessage(partition, Buffer.from(message, 'latin1'));
        }
      });
    }
  }

  /** Runs a function. */
  run(number: number, fn: string, args: readonly string[]): Reply {
    this.calls[fn] = (this.calls[fn] ?? 0) + 1;
    const partition = this.partitions[number];
    switch (fn) {
      case 'heartbeat': {
        const [id, lease] = args;
        if (Number(lease) === 0) this.#processes.delete(id);
        else this.#processes.set(id, this.now);
        for (const [other, at] of this.#processes) {
          if (Number(lease) > 0 && at <= this.now - Number(lease)) this.#processes.delete(other);
        }
        return [this.now, ...[...this.#processes.keys()].map((one) => Buffer.from(one))];
      }
      case 'due': {
        const [horizon, count] = args.map(Number);
        const due = [...partition.due].filter(([, at]) => at <= this.now + horizon).sort((a, b) => a[1] - b[1]);
        return [
          this.now,
          ...due.slice(0, count).flatMap(([member, at]) => [Buffer.from(member, 'latin1'), Buffer.from(String(at))]),
        ];
      }
      case 'reap':
        this.largestBatch = Math.max(this.largestBatch, args.length);
        return [this.now, ...args.map((member) => this.#reap(number, member))];
      case 'events': {
        const [after, count] = args;
        const last = Buffer.from(`${partition.lastId}-0`);
        if (after === '$') return [last];
        const isLater = ({ id, at }: { id: number; at: number }) =>
          after.startsWith('-') ? at >= this.now + Number(after) : id > Number(after.split('-')[0]);
        const entries = partition.outbox.filter(isLater).slice(0, Number(count));
        return [last, ...entries.flatMap(({ id, payload }) => [Buffer.from(`${id}-0`), Buffer.from(payload)])];
      }
      case 'leftovers': {
        const [creating, unindexing, count] = args.map(Number);
        const older = (set: Map<string, number>, ms: number) =>
          [...set].filter(([, at]) => at <= this.now - ms).map(([member]) => Buffer.from(member, 'latin1'));
        return [
          older(partition.creating, creating).slice(0, count),
          older(partition.unindexing, unindexing).slice(0, count),
        ];
      }
      case 'tokens':
        return args.map((id) =>
          [...partition.deadlines.keys()].some((member) => member.startsWith(id)) ? Buffer.from('token') : null,
        );
      case 'indexed':
        for (const member of args) partition.creating.delete(member);
        return args.length;
      case 'unindex':
        for (const member of args) {
          partition.creating.delete(member);
          partition.index.delete(member);
        }
        return args.length;
      case 'unindexed':
        for (const member of args) partition.unindexing.delete(member);
        return args.length;
      default:
        throw new Error(`unknown function ${fn}`);
    }
  }

  #reap(number: number, member: string): number {
    const { deadlines, due, keys } = this.partitions[number];
    const deadline = deadlines.get(member);
    if (deadline === undefined) return NOTHING;
    const left = (keys.get(member) ?? []).sort((a, b) => a - b);
    if (deadline > this.now && left[0] <= this.now) {
      this.expiries.push({ member, partition: number, late: this.now - left[0] });
      keys.set(
        member,
        left.filter((at) => at > this.now),
      );
      this.#place(number, member);
      return EXPIRED;
    }
    if (deadline > this.now) {
      this.#place(number, member);
      return (due.get(member) as number) - this.now;
    }
    this.end(number, member);
    this.expiries.push({ member, partition: number, late: this.now - deadline });
    return this.indexed.has(member) ? INDEXED : EXPIRED;
  }
}

/** What one process sees of the store. */
export class SimulatedNodes implements Nodes {
  readonly #store: SimulatedStore;
  readonly #listening = new Set<Listening>();
  /** When the last call will have come to the node, and the last reply and the last message to this process. */
  #lastCall = 0;
  #lastReply = 0;
  #lastMessage = 0;
  #cut = false;

  constructor(store: SimulatedStore) {
    this.#store = store;
  }

  /** Neither calls nor messages get through from now on, as if the process had been killed. */
  cut(): void {
    this.#cut = true;
  }

  /** Interrupts the subscriptions to partitions for some ms. What is published meanwhile is lost. */
  interrupt(ms: number): void {
    for (const listening of this.#listening) {
      this.#store.partitions[listening.partition].listeners.delete(listening);
      listening.interruptions++;
    }
    this.#store.clock.after(ms, () => {
      for (const listening of this.#listening) this.#begin(listening);
    });
  }

  call(partition: number, fn: string, args: readonly Argument[]): Promise<Reply> {
    const store = this.#store;
    const texts = args.map((arg) => (arg instanceof Uint8Array ? Buffer.from(arg).toString('latin1') : String(arg)));
    return new Promise((resolve, reject) => {
      store.clock.after(TIMEOUT, () => reject(new StoreError('TRYAGAIN', 'timeout', true)));
      const reply = (settle: () => void) => {
        this.#lastReply = this.#later(this.#lastReply, store.latency(), settle);
      };
      this.#lastCall = this.#later(this.#lastCall, store.latency(), () => {
        if (store.down.has(partition)) return;
        if (store.refused.has(partition)) {
          reply(() => reject(new StoreError('CLUSTERDOWN', 'refused', false)));
        } else {
          const result = store.run(partition, fn, texts);
          reply(() => resolve(result));
        }
      });
    });
  }

  command(): Promise<Reply> {
    return Promise.reject(new Error('the simulated store runs only functions'));
  }

  subscribe(channel: string, partitions: Iterable<number>, listener: ChannelListener): Subscription {
    const listenings = new Map<number, Listening>();
    const set = (wanted: Iterable<number>) => {
      const kept = new Set(wanted);
      for (const [partition, listening] of listenings) {
        if (kept.has(partition)) continue;
        listenings.delete(partition);
        this.#listening.delete(listening);
        this.#store.partitions[partition].listeners.delete(listening);
      }
      for (const partition of kept) {
        if (listenings.has(partition)) continue;
        const listening = { nodes: this, partition, channel, listener, interruptions: 0 };
        listenings.set(partition, listening);
        this.#listening.add(listening);
        this.#begin(listening);
      }
    };
    set(partitions);
    return { set, close: () => set([]) };
  }

  /** Does something when a message that is published now has arrived. */
  push(action: () => void): void {
    this.#lastMessage = this.#later(this.#lastMessage, this.#store.messageLatency(), action);
  }

  state(): StoreState {
    const health = { reachable: true, since: 0, lastError: undefined, times: new DurationHistogram(), failures: 0 };
    return { kind: 'single', version: '', primaries: [], ...health };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Returns when it happens: after `previous`. */
  #later(previous: number, latency: number, action: () => void): number {
    const { clock } = this.#store;
    const at = Math.max(previous, clock.now() + latency);
    clock.after(at - clock.now(), () => {
      if (!this.#cut) action();
    });
    return at;
  }

  #begin(listening: Listening): void {
    if (!this.#listening.has(listening)) return;
    this.#store.partitions[listening.partition].listeners.add(listening);
    this.push(() => {
      if (this.#listening.has(listening)) listening.listener.onStart(listening.partition);
    });
  }
}

/** Lets time pass, ms by ms, with everything that waits for promises. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed++) {
    clock.advance(1);
    await turn();
  }
}
