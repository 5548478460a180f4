import { Failure, type Reply, show } from '../tools/replies.js';

/** What is known about a pair of replies. */
export interface Exchange {
  readonly words: readonly string[];
  /** By how many ms the two servers may have executed the request apart. */
  readonly apart: number;
  /** The reply to the request that the table sends before it, if it was sent. */
  readonly before?: Reply | undefined;
}

export type Same = (ours: Reply, theirs: Reply, exchange: Exchange) => boolean;

/** Equal replies have the same text. */
export const equal = (ours: Reply, theirs: Reply): boolean => ours === theirs || show(ours) === show(theirs);

/** Arrays of the same items in any order. */
export const unordered = (ours: Reply, theirs: Reply): boolean =>
  Array.isArray(ours) && Array.isArray(theirs) && equal(sorted(ours), sorted(theirs));

/** Maps, or flat arrays of pairs, with the same entries in any order. */
export const pairs = (ours: Reply, theirs: Reply): boolean =>
  Array.isArray(ours) === Array.isArray(theirs) && unordered(pairsOf(ours), pairsOf(theirs));

export const milliseconds: Same = (ours, theirs, { apart }) => isNear(ours, theirs, apart + 1);

export const seconds: Same = (ours, theirs, exchange) => isNear(ours, theirs, secondsApart(exchange));

/**
 * A key that a sequence created has been idle for a few seconds at most. Redis may report more for a small integer,
 * because all keys share one object for it.
 */
export const object: Same = (ours, theirs, exchange) =>
  seconds(ours, theirs, exchange) ||
  (integerOf(theirs) !== undefined && typeof ours === typeof theirs && isNear(Number(ours), 0, secondsApart(exchange)));

/** Numbers of keys. Redis also counts keys whose expiry was set to a time in the past, until it happens on them. */
export const counted: Same = (ours, theirs) => {
  const [one, other] = [integerOf(ours), integerOf(theirs)];
  return one !== undefined && other !== undefined && one <= other;
};

/** Pages of scans. They can only be compared if both scans end with the first page. */
export const page: Same = (ours, theirs, { words }) => comparePages(ours, theirs, words[1] === '0', unordered);

/** Like `page`, for the members of a key. */
export const memberPages: Same = (ours, theirs, { words }) => comparePages(ours, theirs, words[2] === '0', unordered);

/** Like `page`, for pairs. */
export const pages: Same = (ours, theirs, { words }) => comparePages(ours, theirs, words[2] === '0', pairs);

/** Like `page`, for members and scores. Redis writes a score in different ways, depending on how it stores it. */
export const scoredPages: Same = (ours, theirs, { words }) =>
  comparePages(ours, theirs, words[2] === '0', (one, other) => pairs(numbered(one), numbered(other)));

/** Returns pairs of members and scores, with the scores as numbers without a sign of zero. */
function numbered(reply: Reply): Reply {
  if (!Array.isArray(reply)) return reply;
  return reply.map((item, i) => (i % 2 === 1 ? String(Number(String(item).replace('inf', 'Infinity')) + 0) : item));
}

/** Members of a set, of which `before` has all. */
export const drawnMember: Same = (ours, theirs, { words, before }) => {
  const all = listOf(before);
  if (!Array.isArray(ours) || !Array.isArray(theirs)) {
    return ours === null ? theirs === null : typeof theirs === 'string' && drawnFrom(ours, all);
  }
  if (ours.length !== theirs.length) return false;
  if (Number(words[2]) > 0 && new Set(ours.map(show)).size !== ours.length) return false;
  return ours.every((item) => drawnFrom(item, all));
};

export const drawnKey: Same = (ours, theirs, { before }) =>
  ours === null ? theirs === null : theirs !== null && drawnFrom(ours, listOf(before));

export const drawnField: Same = (ours, theirs, { words, before }) => {
  const all = before === undefined ? undefined : pairsOf(before);
  const fields = all?.map(([field]) => field);
  if (!Array.isArray(ours) || !Array.isArray(theirs)) {
    return ours === null ? theirs === null : typeof theirs === 'string' && drawnFrom(ours, fields);
  }
  if (ours.length !== theirs.length) return false;
  // In RESP3, each pair is an array.
  if (!ours.every((item, i) => Array.isArray(item) === Array.isArray(theirs[i]))) return false;
  const drawn = words.length > 3 && !Array.isArray(ours[0]) ? pairsOf(ours) : ours;
  if (Number(words[2]) > 0 && new Set(drawn.map(show)).size !== drawn.length) return false;
  return drawn.every((item) => drawnFrom(item, words.length > 3 ? all : fields));
};

/** Rounding may turn a short time into a second. */
function secondsApart({ apart }: Exchange): number {
  return 1 + Math.ceil(apart / 1000);
}

function drawnFrom(item: Reply, all: readonly Reply[] | undefined): boolean {
  return all === undefined || all.some((one) => equal(item, one));
}

function listOf(reply: Reply | undefined): readonly Reply[] | undefined {
  return Array.isArray(reply) ? reply : undefined;
}

function sorted(items: readonly Reply[]): Reply[] {
  return items.toSorted((one, other) => (show(one) < show(other) ? -1 : 1));
}

function pairsOf(reply: Reply): readonly (readonly [Reply, Reply])[] {
  if (reply instanceof Map) return [...reply];
  if (!Array.isArray(reply)) return [];
  // In RESP3, members and scores are pairs already.
  if (Array.isArray(reply[0])) return reply as unknown as readonly (readonly [Reply, Reply])[];
  return Array.from({ length: Math.ceil(reply.length / 2) }, (_, i) => [reply[2 * i], reply[2 * i + 1]] as const);
}

function comparePages(ours: Reply, theirs: Reply, isFirst: boolean, same: typeof equal): boolean {
  if (!Array.isArray(ours) || !Array.isArray(theirs) || ours.length !== 2) return false;
  if (typeof ours[0] !== 'string' || !/^\d+$/.test(ours[0]) || !Array.isArray(ours[1])) return false;
  return !isFirst || ours[0] !== '0' || theirs[0] !== '0' || same(ours[1], theirs[1]);
}

/** Returns whether two durations are close to each other. -1 and -2 are not durations. */
export function isNear(ours: Reply, theirs: Reply, most: number): boolean {
  const [one, other] = [integerOf(ours), integerOf(theirs)];
  if (one === undefined || other === undefined || typeof ours !== typeof theirs || one < 0n || other < 0n) {
    return equal(ours, theirs);
  }
  return Math.abs(Number(one - other)) <= most;
}

/** ioredis is configured to return integers as strings. */
function integerOf(reply: Reply): bigint | undefined {
  return reply !== null && /^-?\d+$/.test(String(reply)) ? BigInt(String(reply)) : undefined;
}

/** Returns whether two replies are equal or acceptable to the row's `same`. Errors must be equal. */
export function agree(same: Same | undefined, ours: Reply, theirs: Reply, exchange: Exchange): boolean {
  if (equal(ours, theirs)) return true;
  if (same === undefined || ours instanceof Failure || theirs instanceof Failure) return false;
  return same(ours, theirs, exchange);
}
