import { mapOf, type Reply } from '../../tools/replies.js';
import { equal, isNear, type Same } from '../sameness.js';

// How replies about the stream may differ: by the time between the two servers, by how entries are stored, and by what
// Redis has had since 7.2.

/** What says how entries are stored. */
const OF_STORAGE = new Set(['radix-tree-keys', 'radix-tree-nodes']);
/** In Redis since 7.2. */
const SINCE_7_2 = new Set(['active-time', 'inactive']);
const TIMES = new Set(['seen-time', 'active-time', 'idle', 'inactive']);

/** Pending entries of XPENDING: id, consumer, time, deliveries. */
export const pending: Same = (ours, theirs, { apart }) => lists(ours, theirs, (one, other) => entry(one, other, apart));

/** XINFO. */
export const described: Same = (ours, theirs, exchange) => {
  const { apart, words } = exchange;
  if (words[1]?.toUpperCase() !== 'STREAM') return lists(ours, theirs, (a, b) => maps(a, b, {}, apart));
  return words.length > 3 ? fullStream(ours, theirs, exchange) : maps(ours, theirs, {}, apart);
};

const fullStream: Same = (ours, theirs, { apart }) => {
  const entries: Comparer = (one, other) => lists(one, other, (a, b) => entry(a, b, apart));
  const ofConsumer: Comparer = (one, other) => maps(one, other, { pending: entries }, apart);
  const ofGroup: Comparer = (one, other) =>
    maps(one, other, { pending: entries, consumers: (a, b) => lists(a, b, ofConsumer) }, apart);
  return maps(ours, theirs, { groups: (a, b) => lists(a, b, ofGroup) }, apart);
};

type Comparer = (ours: Reply, theirs: Reply) => boolean;

/** Compares pending entries: their times, which come before the number of deliveries, may differ a little. */
function entry(ours: Reply, theirs: Reply, apart: number): boolean {
  if (!Array.isArray(ours) || !Array.isArray(theirs) || ours.length !== theirs.length) return false;
  const time = theirs.length - 2;
  return ours.every((item, i) => (i === time ? isNear(item, theirs[i], apart) : equal(item, theirs[i])));
}

function lists(ours: Reply, theirs: Reply, same: Comparer): boolean {
  if (!Array.isArray(ours) || !Array.isArray(theirs) || ours.length !== theirs.length) return equal(ours, theirs);
  return ours.every((item, i) => same(item, theirs[i]));
}

/** Compares maps. @param special How to compare the values of some fields. */
function maps(ours: Reply, theirs: Reply, special: Readonly<Record<string, Comparer>>, apart: number): boolean {
  if (Array.isArray(ours) !== Array.isArray(theirs)) return false;
  const [one, other] = [mapOf(ours), mapOf(theirs)];
  const names = [...one.keys()].filter((name) => other.has(name) || !SINCE_7_2.has(name));
  if (names.join() !== [...other.keys()].join()) return false;
  return names.every((name) => {
    const [mine, its] = [one.get(name) ?? null, other.get(name) ?? null];
    if (OF_STORAGE.has(name)) return true;
    if (TIMES.has(name)) return isNear(mine, its, apart);
    return (special[name] ?? equal)(mine, its);
  });
}
