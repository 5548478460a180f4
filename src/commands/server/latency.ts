import { bucketLimit, type Tally } from '../../execution/observing/command-statistics.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';

const histogram: Command = {
  name: 'histogram',
  summary: 'Returns how long calls took, for the given commands or for all that were called.',
  complexity: 'O(N), where N is the number of commands',
  group: 'server',
  flags: ['admin', 'loading', 'stale'],
  arity: -2,
  arguments: [{ name: 'command', type: 'string', optional: true, multiple: true }],
  reply: 'map from names to calls and histogram_usec: how many calls took up to 1, 2, 4, … µs',
  run({ server, reply }, args) {
    const named = new Set(args.rest().map((argument) => argument.latin1().toLowerCase()));
    // `client` stands for all of its subcommands.
    const wanted = ({ name }: Tally) => named.size === 0 || named.has(name) || named.has(name.split('|', 1)[0]);
    const tallies = server.statistics.tallies().filter((tally) => tally.calls > 0 && wanted(tally));
    reply.map(tallies.length);
    for (const tally of tallies) writeTally(reply, tally);
  },
};

/** The counts are cumulative. A bucket that adds nothing is left out. */
function writeTally(reply: ReplyEncoder, { name, calls, buckets }: Tally): void {
  const filled = [...buckets.keys()].filter((bucket) => buckets[bucket] > 0);
  reply.bulk(name);
  reply.map(2);
  reply.bulk('calls');
  reply.integer(calls);
  reply.bulk('histogram_usec');
  reply.map(filled.length);
  let total = 0;
  for (const bucket of filled) {
    total += buckets[bucket];
    reply.integer(bucketLimit(bucket));
    reply.integer(total);
  }
}

/** Redis' latency monitor as it is by default: switched off, and so without events. */
const latest: Command = {
  name: 'latest',
  summary: 'Returns no latency events, because none are recorded. See LATENCY HISTOGRAM and SLOWLOG instead.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale'],
  arity: 2,
  arguments: [],
  reply: 'empty array',
  run({ reply }) {
    reply.array(0);
  },
};

const history: Command = {
  name: 'history',
  summary: 'Returns no samples of a latency event, because none are recorded.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale'],
  arity: 3,
  arguments: [{ name: 'event', type: 'string' }],
  reply: 'empty array',
  run({ reply }) {
    reply.array(0);
  },
};

const reset: Command = {
  name: 'reset',
  summary: 'Does nothing, because no latency events are recorded.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale'],
  arity: -2,
  arguments: [{ name: 'event', type: 'string', optional: true, multiple: true }],
  reply: '0',
  run({ reply }) {
    reply.integer(0);
  },
};

export const latency = container('latency', 'server', 'A container for commands about latency.', [
  histogram,
  history,
  latest,
  reset,
]);
