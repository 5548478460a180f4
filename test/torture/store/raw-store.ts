import { Cluster } from 'ioredis';
import { OriginIds } from '../../../src/store/valkey/addressing/origin-ids.js';
import { Partitions } from '../../../src/store/valkey/addressing/partitions.js';
import { readEvent } from '../../../src/store/valkey/events/outbox-entry.js';
import type { RedisCluster } from '../../tools/redis-cluster.js';
import { eventText } from './tracked-session.js';

/** An entry of an outbox. Strings have one character per byte. */
export interface OutboxEvent {
  readonly event: string;
  readonly origin: string;
  readonly token: string;
  readonly name: string;
  /** Unix µs, 16 digits. */
  readonly created: string;
  /** When it happened, in unix ms. */
  readonly at: number;
  /** The event with its data. */
  readonly text: string;
}

const PREFIX = 'respite:';
/** Bytes in an id: an origin and 16 digits. */
const ID_LENGTH = 38;

/** Reads the keys of the store, as src/store/valkey/functions/README.md describes them. */
export class RawStore {
  readonly #client: Cluster;
  readonly #partitions: Partitions;
  readonly #numbers: readonly number[];
  /** By partition, the id of the last event that was read. */
  readonly #lastIds: string[];
  /** The id of the last entry of the stream that was read. */
  #lastStreamed = '0';

  constructor(cluster: RedisCluster, partitions: number) {
    this.#client = new Cluster(
      cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
      // It waits for nodes that are away, however long that takes.
      {
        redisOptions: { maxRetriesPerRequest: null, connectTimeout: 60_000 },
        slotsRefreshTimeout: 60_000,
        retryDelayOnFailover: 200,
        retryDelayOnClusterDown: 200,
      },
    );
    this.#client.on('error', () => {});
    this.#partitions = new Partitions(partitions);
    this.#numbers = Array.from({ length: partitions }, (_, number) => number);
    this.#lastIds = this.#numbers.map(() => '0');
  }

  close(): void {
    this.#client.disconnect();
  }

  /** Returns what computes the public id of a session from its origin. */
  async publicIds(): Promise<(origin: string) => string> {
    const secret = await this.#client.hgetBuffer(this.#key(0, 'store'), 'secret');
    const ids = new OriginIds(secret as Buffer);
    return (origin) => ids.ofAll([Buffer.from(origin)])[0];
  }

  /** The events of all partitions since the last call, those of each partition in order. */
  async events(): Promise<OutboxEvent[]> {
    const outboxes = await Promise.all(
      this.#numbers.map((number) =>
        this.#client.xrangeBuffer(this.#key(number, 'events'), `(${this.#lastIds[number]}`, '+'),
      ),
    );
    return outboxes.flatMap((entries, number) => {
      const last = entries.at(-1);
      if (last !== undefined) this.#lastIds[number] = String(last[0]);
      return entries.map(([, fields]) => toEvent(fields[1]));
    });
  }

  /** What the stream of events has got since the last call: `<event>:<name> <token>` of each entry, in order. */
  async streamed(): Promise<string[]> {
    const entries = await this.#client.xrangeBuffer(this.#key(0, 'stream'), `(${this.#lastStreamed}`, '+');
    const last = entries.at(-1);
    if (last !== undefined) this.#lastStreamed = String(last[0]);
    return entries.map(([, fields]) => {
      // event, name, id, token and so on, each before its value.
      const [, event, , name, , , , token] = fields.map((bytes) => bytes.toString('latin1'));
      return `${event}:${name} ${token}`;
    });
  }

  /** The partitions with sessions that are due within that many ms, and when the first of each is, in ms from now. */
  async dueWithin(ms: number): Promise<Map<number, number>> {
    const now = Date.now();
    const first = await Promise.all(
      this.#numbers.map((number) => this.#client.zrange(this.#key(number, 'due'), '0', '0', 'WITHSCORES')),
    );
    const due = first.map(([, score], number): [number, number] => [number, Number(score ?? Infinity) - now]);
    return new Map(due.filter(([, left]) => left < ms));
  }

  /** All members of the sets of what is due. */
  due(): Promise<string[]> {
    return this.#membersOf('due');
  }

  /** The members of sessions whose index entries are still to be confirmed or removed. */
  async marks(): Promise<Set<string>> {
    return new Set([...(await this.#membersOf('creating')), ...(await this.#membersOf('unindexing'))]);
  }

  /** The members of a name's sessions according to its index. */
  async index(name: string): Promise<string[]> {
    const partition = this.#partitions.ofName(Buffer.from(name, 'latin1'));
    const ids = await this.#client.zrangeBuffer(this.#key(partition, `n:${name}`), '0', '-1');
    return ids.map((id) => id.toString('latin1') + name);
  }

  async #membersOf(set: string): Promise<string[]> {
    const all = await Promise.all(
      this.#numbers.map((number) => this.#client.zrangeBuffer(this.#key(number, set), '0', '-1')),
    );
    return all.flat().map((member) => member.toString('latin1'));
  }

  /** The keys of sessions, their deadlines of keys, tokens and indexes, without the prefix and the partition: `s:<origin>`. */
  async keys(): Promise<string[]> {
    const all = await Promise.all(this.#client.nodes('master').map((node) => node.keysBuffer(`${PREFIX}*`)));
    return all
      .flat()
      .map((key) => key.toString('latin1'))
      .map((key) => key.slice(key.indexOf('}:') + 2))
      .filter((key) => /^[kstn]:/.test(key));
  }

  #key(partition: number, key: string): string {
    return `${PREFIX}{${partition}}:${key}`;
  }
}

export function memberOf({ origin, created, name }: Pick<OutboxEvent, 'origin' | 'created' | 'name'>): string {
  return origin + created + name;
}

export function originIn(member: string): string {
  return member.slice(0, 22);
}

export function nameIn(member: string): string {
  return member.slice(ID_LENGTH);
}

function toEvent(payload: Buffer): OutboxEvent {
  const { event, token, name, at: happened, data = [] } = readEvent(payload);
  // After the event's name and 6 bytes of time: 7 bytes, and the origin with its length.
  const at = 1 + payload.readUInt8(0) + 6;
  const created = payload.readUInt32LE(at) + payload.readUIntLE(at + 4, 3) * 2 ** 32;
  const start = at + 8;
  const text = (bytes: Buffer) => bytes.toString('latin1');
  const entries = new Map<string, string>();
  for (let i = 0; i < data.length; i += 2) entries.set(text(data[i]), text(data[i + 1]));
  return {
    event,
    origin: text(payload.subarray(start, start + payload.readUInt8(at + 7))),
    token,
    name: text(name),
    created: String(created).padStart(16, '0'),
    at: happened,
    text: eventText(event, entries),
  };
}
