import { randomBytes } from 'node:crypto';
import { Failure, mapOf, type Reply, show } from '../../tools/replies.js';
import type { Client, ClientKind } from '../client.js';
import { Comparison } from '../comparison.js';
import { SLACK } from '../pair.js';
import type { Outcome, Runner } from '../runner.js';
import type { Request } from '../sequence.js';
import { FILL, withIds } from './stream-sequence.js';
import { STREAM } from './stream-table.js';

/**
 * A client of each of the two servers, for commands on the stream. respite's has entries because of its sessions, and
 * they are added to that of Redis.
 */
export class StreamPair implements Runner {
  readonly kind: string;
  readonly #respite: Client;
  readonly #redis: Client;
  /** The ids of the entries that were added in this sequence. */
  #ids: string[] = [];
  /** Whether the other server is Redis too. */
  readonly #isSelf: boolean;

  private constructor(kind: string, respite: Client, redis: Client, isSelf: boolean) {
    this.kind = kind;
    this.#respite = respite;
    this.#redis = redis;
    this.#isSelf = isSelf;
  }

  static async open(kind: ClientKind, respitePort: number, redisPort: number, isSelf: boolean): Promise<StreamPair> {
    return new StreamPair(kind.name, await kind.open(respitePort), await kind.open(redisPort), isSelf);
  }

  close(): void {
    this.#respite.close();
    this.#redis.close();
  }

  async run(sequences: readonly (readonly Request[])[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const requests of sequences) outcomes.push(await this.#runOne(requests));
    return outcomes;
  }

  async #runOne(requests: readonly Request[]): Promise<Outcome> {
    await this.#empty();
    const began = performance.now();
    const sent: Request[] = [];
    const respite: Reply[] = [];
    const redis: Reply[] = [];
    let part: Request[] = [];
    const send = async () => {
      const [ours, theirs] = await Promise.all([this.#respite.ask([part]), this.#redis.ask([part])]);
      respite.push(...ours[0]);
      redis.push(...theirs[0]);
      sent.push(...part);
      part = [];
    };
    for (const request of requests) {
      if (request[0] !== FILL) {
        part.push(withIds(request, this.#ids));
        continue;
      }
      if (part.length > 0) await send();
      await this.#fill(Number(request[1]));
    }
    if (part.length > 0) await send();
    const comparison = new Comparison(performance.now() - began + SLACK);
    return { difference: comparison.compare(sent, respite, redis), comparison };
  }

  /** Removes entries and groups. respite counts its entries on, so Redis is told where it is. */
  async #empty(): Promise<void> {
    this.#ids = [];
    const [replies] = await this.#respite.ask([
      [['DISCARD'], ['XTRIM', STREAM, 'MAXLEN', '0'], ['XINFO', 'GROUPS', STREAM], ['XINFO', 'STREAM', STREAM]],
    ]);
    const [groups, state] = replies.slice(-2);
    if (state instanceof Failure && this.#isSelf) {
      await this.#fill(1);
      await this.#empty();
      return;
    }
    const names = (groups as readonly Reply[]).map((group) => String(mapOf(group).get('name')));
    if (names.length > 0) await this.#respite.ask([names.map((name) => ['XGROUP', 'DESTROY', STREAM, name])]);
    const figures = mapOf(state);
    const last = String(figures.get('last-generated-id'));
    const added = String(figures.get('entries-added'));
    const [made] = await this.#redis.ask([
      [
        ['DISCARD'],
        ['FLUSHALL'],
        ['XGROUP', 'CREATE', STREAM, 'none', '0', 'MKSTREAM'],
        ['XGROUP', 'DESTROY', STREAM, 'none'],
        ...(added === '0' ? [] : [['XSETID', STREAM, last, 'ENTRIESADDED', added, 'MAXDELETEDID', '0-0']]),
      ],
    ]);
    const failed = made.slice(1).find((reply) => reply instanceof Failure);
    if (failed !== undefined) throw new Error(`the stream of Redis could not be prepared: ${show(failed)}`);
  }

  async #fill(count: number): Promise<void> {
    const after = this.#ids.at(-1) ?? '-';
    const requests = Array.from({ length: count }, () => this.#eventRequest());
    const from = after === '-' ? '-' : `(${after}`;
    // A shortened sequence may be within a transaction here.
    const [replies] = await this.#respite.ask([[['DISCARD'], ...requests, ['XRANGE', STREAM, from, '+']]]);
    const entries = replies.at(-1) as readonly (readonly [id: string, fields: readonly string[]])[];
    this.#ids.push(...entries.map(([id]) => id));
    await this.#redis.ask([[['DISCARD'], ...entries.map(([id, fields]) => ['XADD', STREAM, id, ...fields])]]);
  }

  /** A request that adds an entry to respite's stream. */
  #eventRequest(): Request {
    if (this.#isSelf) return ['XADD', STREAM, '*', 'event', 'new'];
    return ['SESSION.NEW', 'name', '1000', 'DATA', 'key', randomBytes(4).toString('hex')];
  }
}
