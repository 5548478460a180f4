import type { Client, ClientKind } from './client.js';
import { Comparison, type Difference } from './comparison.js';
import type { Outcome, Runner } from './runner.js';
import { equal } from './sameness.js';
import { scanAll } from './scan-all.js';
import type { Request } from './sequence.js';

/** How many ms more than measured the two servers may be apart. */
export const SLACK = 50;
/** Empties a server, in any state of the connection. */
const START: readonly Request[] = [['DISCARD'], ['UNWATCH'], ['FLUSHALL'], ['SELECT', '0']];

/** A client of each of the two servers. Both receive the same requests. */
export class Pair implements Runner {
  readonly kind: string;
  readonly #respite: Client;
  readonly #redis: Client;

  private constructor(kind: string, respite: Client, redis: Client) {
    this.kind = kind;
    this.#respite = respite;
    this.#redis = redis;
  }

  static async open({ name, open }: ClientKind, respitePort: number, redisPort: number): Promise<Pair> {
    return new Pair(name, await open(respitePort), await open(redisPort));
  }

  close(): void {
    this.#respite.close();
    this.#redis.close();
  }

  /**
   * Sends sequences of requests to both servers, all at once. The servers are emptied before each sequence. The data
   * left by the last one is also scanned.
   */
  async run(sequences: readonly (readonly Request[])[]): Promise<Outcome[]> {
    const pipelines = sequences.map((requests) => [...START, ...requests]);
    const began = performance.now();
    const [respite, redis] = await Promise.all([this.#respite.ask(pipelines), this.#redis.ask(pipelines)]);
    const apart = performance.now() - began + SLACK;
    const outcomes = sequences.map((requests, i) => {
      const comparison = new Comparison(apart);
      const difference = comparison.compare(requests, respite[i].slice(START.length), redis[i].slice(START.length));
      return { difference, comparison };
    });
    const last = outcomes.at(-1);
    if (last !== undefined && !last.comparison.isOver) last.difference ??= await this.#scan();
    return outcomes;
  }

  async #scan(): Promise<Difference | undefined> {
    const [respite, redis] = await Promise.all([scanAll(this.#respite), scanAll(this.#redis)]);
    return equal(respite, redis) ? undefined : { request: ['SCAN', 'and', 'HSCAN', 'to the end'], respite, redis };
  }
}
