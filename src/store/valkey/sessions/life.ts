import { NO_SESSION_WITH_NAME, NOT_SHARED, SHARED_EXISTS } from '../../../engine/session-error.js';
import { Slice } from '../../../slice.js';
import type { SessionLife } from '../../session-store.js';
import { type Address, tokenIn } from '../addressing/addresses.js';
import { isOne } from '../library/replies.js';
import { type Plan, tokenOf } from '../names/creation.js';
import { endAll } from '../names/end-all.js';
import type { Ending } from '../names/ending.js';
import { inPart } from '../nodes/in-part.js';
import type { SessionCalls } from './session-calls.js';
import type { StoreParts } from './store-parts.js';

/** Returns the operations that open, change and end single sessions. */
export function lifeOfOne(
  calls: SessionCalls,
  ending: Ending,
  { addresses, partitions, names }: StoreParts,
): Pick<SessionLife, 'open' | 'end' | 'endMany' | 'rotate' | 'setDuration' | 'touch'> {
  const end = (address: Address) => ending.one(address);
  const touch = (address: Address) => calls.askAt('touch', address, [], isOne);
  return {
    async open(given) {
      const address = addresses.ofShared(given);
      if (address === undefined) throw NO_SESSION_WITH_NAME;
      const name = given.copy();
      if (await calls.askAt('exists', address, [], isOne)) return Slice.of(tokenIn(address));
      throw (await names.isAny(name)) ? NOT_SHARED : NO_SESSION_WITH_NAME;
    },
    end: (token) => {
      const address = addresses.find(token);
      return address !== undefined && end(address);
    },
    endMany: (tokens) => countIn(tokens, calls.askEach(tokens, end)),
    rotate: (token, grace) => {
      // The new token belongs to the partition in which the session is.
      const next = partitions.newTokenIn(addresses.of(token).partition);
      return calls.ask('rotate', token, [next, grace], () => Slice.of(next));
    },
    setDuration: (token, duration, deleteSession) => {
      const address = addresses.find(token);
      const flag = deleteSession === undefined ? '' : deleteSession ? 1 : 0;
      return address !== undefined && calls.askAt('expire', address, [duration, flag], isOne);
    },
    touch: (tokens) => countIn(tokens, calls.askEach(tokens, touch)),
  };
}

/** Returns the operations that create sessions or end many of them, which may be in any partition. */
export function lifeOfMany({
  nodes,
  addresses,
  partitions,
  creation,
  names,
  unindexing,
}: StoreParts): Pick<SessionLife, 'create' | 'endName' | 'endByIds' | 'endAll'> {
  const createShared = async (plan: Plan, address: Address) => {
    // The session often exists already. Then the index of the name need not change.
    const isThere = (await nodes.call(address.partition, 'exists', [address.text])) === 1;
    if (isThere) throw SHARED_EXISTS;
    return tokenOf(await creation.create(plan));
  };
  const createLimited = async (plan: Plan, limit: number) => {
    const created = await creation.create(plan);
    if (created.entries > limit) await inPart(names.limit(plan.name, limit));
    return tokenOf(created);
  };
  return {
    create: (name, settings) => {
      const plan = creation.plan(name, settings);
      const address = settings.shared ? addresses.ofShared(name) : undefined;
      if (address !== undefined) return createShared(plan, address);
      if (settings.limit !== undefined) return createLimited(plan, settings.limit);
      return creation.create(plan).then(tokenOf);
    },
    endName: (name) => inPart(names.end(name.copy())),
    endByIds: (name, ids) => inPart(names.endByIds(name.toBuffer(), ids)),
    endAll: () => inPart(endAll(nodes, partitions.count, unindexing)),
  };
}

/** Returns how many of the answers are true. */
async function countIn(tokens: readonly Slice[], answers: Promise<readonly boolean[]>): Promise<number> {
  let count = 0;
  for (const answer of await (tokens.length > 1 ? inPart(answers) : answers)) if (answer) count++;
  return count;
}
