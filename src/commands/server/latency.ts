import { bucketLimit } from '../../duration-histogram.js';
import { CodedError } from '../../errors.js';
import type { Tally } from '../../execution/observing/command-statistics.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';
import { latencyGraph } from './latency-graph.js';
import { latencyReport } from './latency-report.js';

const histogram: Command = {
  name: 'histogram',
  summary: 'Returns how long calls took, for the given commands or for all that were called.',
  complexity: 'O(N), where N is the number of commands',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: -2,
  arguments: [{ name: 'command', type: 'string', optional: true, multiple: true }],
  reply: 'map from names to calls and histogram_usec: how many calls took up to 1, 2, 4, … µs',
  run({ server, reply }, args) {
    const named = new Set(args.rest().map((argument) => argument.latin1().toLowerCase()));
    // `client` stands for all of its subcommands.
    const wanted = ({ name }: Tally) => named.size === 0 || named.has(name) || named.has(name.split('|', 1)[0]);
    const tallies = server.statistics.tallies().filter((tally) => tally.count > 0 && wanted(tally));
    reply.map(tallies.length);
    for (const tally of tallies) writeTally(reply, tally);
  },
};

/** The counts are cumulative. A bucket that adds nothing is left out. */
function writeTally(reply: ReplyEncoder, { name, count, buckets }: Tally): void {
  const filled = [...buckets.keys()].filter((bucket) => buckets[bucket] > 0);
  reply.bulk(name);
  reply.map(2);
  reply.bulk('calls');
  reply.integer(count);
  reply.bulk('histogram_usec');
  reply.map(filled.length);
  let total = 0;
  for (const bucket of filled) {
    total += buckets[bucket];
    reply.integer(Math.floor(bucketLimit(bucket) / 1000));
    reply.integer(total);
  }
}

const latest: Command = {
  name: 'latest',
  summary: 'Returns the latest sample of each event that took at least latency-monitor-threshold ms.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'array with, for each event, its name, the unix time, the latest and the longest duration in ms',
  run({ server, reply }) {
    const all = server.latency.all();
    reply.array(all.length);
    for (const { event, samples, max } of all) {
      const { at, ms } = samples[samples.length - 1];
      reply.array(4);
      reply.bulk(event);
      for (const number of [at, ms, max]) reply.integer(number);
    }
  },
};

const history: Command = {
  name: 'history',
  summary: 'Returns up to 160 samples of an event, oldest first. Of each second, the longest is kept.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 3,
  arguments: [{ name: 'event', type: 'string' }],
  reply: 'array of pairs: the unix time and the duration in ms',
  run({ server, reply }, args) {
    const samples = server.latency.of(args.text())?.samples ?? [];
    reply.array(samples.length);
    for (const { at, ms } of samples) {
      reply.array(2);
      reply.integer(at);
      reply.integer(ms);
    }
  },
};

const graph: Command = {
  name: 'graph',
  summary: 'Draws the samples of an event as text.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 3,
  arguments: [{ name: 'event', type: 'string' }],
  reply: 'text, or an error if there is no sample',
  run({ server, reply }, args) {
    const event = args.bytes();
    const series = server.latency.of(event.toString('latin1'));
    if (series === undefined) throw new CodedError('ERR', `No samples available for event '${redacted(event)}'`);
    reply.verbatim(latencyGraph(series, Math.floor(server.clock.wall() / 1000)));
  },
};

const doctor: Command = {
  name: 'doctor',
  summary: 'Says what took long, and what to do about it.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'text',
  run({ server, reply }) {
    reply.verbatim(latencyReport(server.latency, Math.floor(server.clock.wall() / 1000)));
  },
};

const reset: Command = {
  name: 'reset',
  summary: 'Forgets the samples of the given events, or of all.',
  complexity: 'O(N), where N is the number of events',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: -2,
  arguments: [{ name: 'event', type: 'string', optional: true, multiple: true }],
  reply: 'the number of events whose samples were forgotten',
  run({ server, reply }, args) {
    const { latency } = server;
    const events = args.left > 0 ? args.rest().map(String) : latency.all().map(({ event }) => event);
    reply.integer(events.filter((event) => latency.forget(event)).length);
  },
};

export const latency = container('latency', 'server', 'A container for commands about latency.', [
  doctor,
  graph,
  histogram,
  history,
  latest,
  reset,
]);
