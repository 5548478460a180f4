import { extendOf, type SessionInfo } from '../../../engine/index.js';
import type { SessionLooks } from '../../session-store.js';
import type { Address } from '../addressing/addresses.js';
import { Flag, INFO, NO_SESSION_TTL } from '../library/constants.js';
import { bufferOf, integerOf, isOne, named, timeLeftOf } from '../library/replies.js';
import { sessionList, startOf } from '../names/session-list.js';
import type { Reply } from '../nodes/nodes.js';
import { scanPartitions } from './scan-partitions.js';
import type { SessionCalls } from './session-calls.js';
import type { StoreParts } from './store-parts.js';

/** Returns the operations that look at single sessions. */
export function looksAtOne(
  calls: SessionCalls,
  { addresses, ids }: StoreParts,
): Pick<SessionLooks, 'has' | 'info' | 'timeLeft' | 'id'> {
  const exists = (address: Address) => calls.askAt('exists', address, [], isOne);
  const idOf = (origin: Reply) => ids.ofAll([bufferOf(origin)])[0];
  return {
    has: (tokens) => calls.askEach(tokens, exists),
    info: (token) => calls.ask('info', token, [], infoOf),
    timeLeft: (token) => {
      const address = addresses.find(token);
      return address && calls.askAt('ttl', address, [], timeOf);
    },
    id: (token) => calls.ask('id', token, [], idOf),
  };
}

function infoOf(reply: Reply): SessionInfo {
  const info = named(INFO, reply);
  const flags = integerOf(info.flags);
  const isSet = (flag: number) => (flags & flag) !== 0;
  return {
    name: bufferOf(info.name),
    keys: integerOf(info.keys),
    shared: isSet(Flag.SHARED),
    extend: extendOf(isSet(Flag.EXTEND_GET), isSet(Flag.EXTEND_SET)),
    duration: integerOf(info.duration),
    deleteSession: isSet(Flag.DELETE),
    maxAgeMs: integerOf(info.maxAge),
    timeLeft: timeLeftOf(info.timeLeft),
    created: Math.floor(integerOf(info.created) / 1000),
    bytes: integerOf(info.bytes),
    encoding: String(info.encoding) === 'hashed' ? 'hashed' : 'packed',
  };
}

/** Returns the ms until a deadline; undefined if there is no session. */
function timeOf(reply: Reply): number | undefined {
  return integerOf(reply) === NO_SESSION_TTL ? undefined : timeLeftOf(reply);
}

/** Returns the operations that look at many sessions, which may be in any partition. */
export function looksAtMany({
  nodes,
  partitions,
  indexes,
  names,
  ids,
  unindexing,
}: StoreParts): Pick<SessionLooks, 'tokens' | 'list' | 'scan' | 'scanNames'> {
  return {
    tokens: (name) => names.tokens(name.toBuffer()),
    list: (name, listing) => sessionList(indexes, ids, name.toBuffer(), startOf(listing.cursor), listing),
    scan: (range) =>
      scanPartitions(nodes, partitions.count, 'scan', range, (token, name) => ({
        token: bufferOf(token),
        name: bufferOf(name),
      })),
    scanNames: (range) => {
      // A client must not find a name whose last session it has just ended.
      unindexing.flush();
      return scanPartitions(nodes, partitions.count, 'namescan', range, (name, sessions) => ({
        name: bufferOf(name),
        sessions: integerOf(sessions),
      }));
    },
  };
}
