import { SYNTAX } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import { inSlices } from '../../execution/in-slices.js';
import { Slice } from '../../slice.js';
import type { ConsumerGroup } from '../../stream/consumer-group.js';
import { type EntryId, idText, nextId } from '../../stream/entry-id.js';
import type { Arguments } from '../arguments/arguments.js';
import { GROUP, KEY } from './grammar.js';
import { type IdRange, readRange } from './ids.js';
import { noGroup, streamCommand, timeOf } from './stream-command.js';
import { arrayInSteps } from './write-entries.js';

export const xpending = streamCommand({
  name: 'xpending',
  summary: 'Returns which entries were delivered to consumers of a group and not acknowledged.',
  complexity: 'O(N), where N is the number of entries returned; without a range the number of consumers',
  flags: ['readonly'],
  arity: -3,
  arguments: [
    KEY,
    GROUP,
    {
      name: 'filters',
      type: 'block',
      optional: true,
      arguments: [
        { name: 'min-idle-time', type: 'integer', token: 'IDLE', optional: true },
        { name: 'start', type: 'string' },
        { name: 'end', type: 'string' },
        { name: 'count', type: 'integer' },
        { name: 'consumer', type: 'string', optional: true },
      ],
    },
  ],
  reply:
    'how many there are, the first and the last id, and the consumers with their numbers; with a range, for each entry its id, its consumer, the milliseconds since its delivery and how often it was delivered',
  answer(stream, context, args) {
    const name = args.slice();
    const filter = args.left === 0 ? undefined : readFilter(args);
    const group = stream.group(name);
    if (group === undefined) throw noGroup(name);
    if (filter !== undefined) return inSlices(context, writePending(context, group, filter));
    writeSummary(context, group);
  },
});

interface Filter extends IdRange {
  readonly minIdle: number;
  readonly count: number;
  /** Valid until the command has ended. */
  readonly consumer: Slice | undefined;
}

/** Reads `[IDLE min-idle-time] start end count [consumer]`. As in Redis, one or two words more are ignored. */
function readFilter(args: Arguments): Filter {
  if (args.left < 3 || args.left > 6) throw SYNTAX;
  let minIdle = 0;
  if (args.option(IDLE) !== undefined) {
    minIdle = Number(args.int64());
    if (args.left < 3) throw SYNTAX;
  }
  const mark = args.mark();
  args.slice();
  args.slice();
  const count = Math.max(0, Number(args.int64()));
  const after = args.mark();
  args.back(mark);
  const range = readRange(args);
  args.back(after);
  return { ...range, minIdle, count, consumer: args.left > 0 ? Slice.of(args.slice().copy()) : undefined };
}

const IDLE = [{ word: 'IDLE' }] as const;

function writeSummary({ reply }: Context, group: ConsumerGroup): void {
  const { count, first, last, consumers } = group.summary();
  reply.array(4);
  reply.integer(count);
  reply.bulkOrNull(first && idText(first));
  reply.bulkOrNull(last && idText(last));
  if (consumers.length === 0) {
    reply.nullArray();
    return;
  }
  reply.array(consumers.length);
  for (const { name, pending } of consumers) {
    reply.array(2);
    reply.bulk(name);
    reply.bulk(String(pending));
  }
}

function* writePending(context: Context, group: ConsumerGroup, filter: Filter): Generator<void, void> {
  const { reply } = context;
  const { from, to, count, minIdle, consumer } = filter;
  const now = timeOf(context);
  let next: EntryId | undefined = from;
  yield* arrayInSteps(reply, count, (most) => {
    if (next === undefined) return 0;
    return group.visitPending(next, to, most, { minIdle, consumer, now }, (ms, n, owner, deliveredAt, deliveries) => {
      next = nextId({ ms, n });
      reply.array(4);
      reply.latin1(idText({ ms, n }));
      reply.bulk(owner);
      reply.integer(Math.max(0, now - deliveredAt));
      reply.integer(deliveries);
    });
  });
}
