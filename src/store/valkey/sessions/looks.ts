import { extendOf, type SessionInfo } from '../../../engine/index.js';
import type { SessionLooks } from '../../session-store.js';
import type { Address, Addresses } from '../addressing/addresses.js';
import type { OriginIds } from '../addressing/origin-ids.js';
import type { Partitions } from '../addressing/partitions.js';
import { DELETE_SESSION, EXTEND_GET, EXTEND_SET, SHARED } from '../library/flags.js';
import { bufferOf, integerOf, isOne, listOf, timeLeftOf } from '../library/replies.js';
import type { NameIndexes } from '../names/name-indexes.js';
import type { NameSessions } from '../names/name-sessions.js';
import { sessionList, startOf } from '../names/session-list.js';
import type { Unindexing } from '../names/unindexing.js';
import type { Calls, Reply } from '../nodes/nodes.js';
import { scanPartitions } from './scan-partitions.js';
import type { SessionCalls } from './session-calls.js';

/** Returns the operations that look at single sessions. */
export function looksAtOne(
  calls: SessionCalls,
  addresses: Addresses,
  ids: OriginIds,
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
  const [name, keys, flags, duration, maxAgeMs, left, created, bytes, encoding] = listOf(reply);
  const isSet = (flag: number) => (integerOf(flags) & flag) !== 0;
  return {
    name: bufferOf(name),
    keys: integerOf(keys),
    shared: isSet(SHARED),
    extend: extendOf(isSet(EXTEND_GET), isSet(EXTEND_SET)),
    duration: integerOf(duration),
    deleteSession: isSet(DELETE_SESSION),
    maxAgeMs: integerOf(maxAgeMs),
    timeLeft: timeLeftOf(left),
    created: Math.floor(integerOf(created) / 1000),
    bytes: integerOf(bytes),
    encoding: String(encoding) === 'hashed' ? 'hashed' : 'packed',
  };
}

/** Returns the ms until a deadline; undefined if there is no session. */
function timeOf(reply: Reply): number | undefined {
  return integerOf(reply) === -2 ? undefined : timeLeftOf(reply);
}

/** Returns the operations that look at many sessions, which may be in any partition. */
export function looksAtMany(
  nodes: Calls,
  partitions: Partitions,
  names: NameIndexes,
  sessions: NameSessions,
  ids: OriginIds,
  unindexing: Unindexing,
): Pick<SessionLooks, 'tokens' | 'list' | 'scan' | 'scanNames'> {
  return {
    tokens: (name) => sessions.tokens(name.toBuffer()),
    list: (name, listing) => sessionList(names, ids, name.toBuffer(), startOf(listing.cursor), listing),
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
