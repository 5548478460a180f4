import { Failure, type Reply, Status, show } from '../tools/replies.js';
import { COMMANDS } from './command-table.js';
import { FIELD_COMMANDS } from './hashes/hash-table.js';
import { KNOWN_DIFFERENCES } from './known-differences.js';
import { agree } from './sameness.js';
import type { Request } from './sequence.js';
import { STREAM_COMMANDS } from './streams/stream-table.js';

export interface Difference {
  readonly request: Request;
  readonly respite: Reply;
  readonly redis: Reply;
}

/** Compares the replies to a sequence, and counts known differences and errors. */
export class Comparison {
  readonly #apart: number;
  /** How many times each known difference occurred. */
  readonly known = new Map<string, number>();
  errors = 0;
  /** Because of a known difference, the two servers now have different data, so there is nothing left to compare. */
  isOver = false;

  /** @param apart By how many ms the two servers may have executed a command apart. */
  constructor(apart: number) {
    this.#apart = apart;
  }

  /** Returns the first difference. */
  compare(requests: readonly Request[], respite: readonly Reply[], redis: readonly Reply[]): Difference | undefined {
    let queued: Request[] = [];
    for (let i = 0; i < requests.length && !this.isOver; i++) {
      const request = requests[i];
      const [ours, theirs] = [respite[i], redis[i]];
      const name = request[0].toUpperCase();
      if (theirs instanceof Failure) this.errors++;
      let difference: Difference | undefined;
      if (name === 'EXEC' && Array.isArray(ours) && Array.isArray(theirs) && ours.length === theirs.length) {
        difference = this.compare(queued, ours, theirs);
      } else {
        difference = this.#compareOne(request, ours, theirs, i === 0 ? undefined : [requests[i - 1], redis[i - 1]]);
      }
      if (difference !== undefined) return difference;
      if (isQueued(theirs)) queued.push(request);
      else if (!(theirs instanceof Failure) || name === 'EXEC') queued = [];
    }
    return undefined;
  }

  #compareOne(
    request: Request,
    respite: Reply,
    redis: Reply,
    last?: readonly [Request, Reply],
  ): Difference | undefined {
    const row = ROWS.get(request[0].toUpperCase());
    const before = row?.before?.(request);
    const isBefore = before !== undefined && last !== undefined && show(before) === show(last[0]);
    const exchange = { words: request, apart: this.#apart, before: isBefore ? last[1] : undefined };
    if (agree(row?.same, respite, redis, exchange)) return undefined;
    const known = KNOWN_DIFFERENCES.find(({ matches }) => matches(request, respite, redis));
    if (known === undefined) return { request, respite, redis };
    this.known.set(known.reason, (this.known.get(known.reason) ?? 0) + 1);
    this.isOver ||= known.isLasting;
    return undefined;
  }
}

/** Returns whether a command was queued in a transaction. ioredis does not show that the reply is a status. */
function isQueued(reply: Reply): boolean {
  return reply === 'QUEUED' || (reply instanceof Status && reply.text === 'QUEUED');
}

const ROWS = new Map([...STREAM_COMMANDS, ...COMMANDS, ...FIELD_COMMANDS].map((row) => [row.name, row]));
