import { GROUP, IDS, KEY } from './grammar.js';
import { readId } from './ids.js';
import { streamCommand } from './stream-command.js';

export const xack = streamCommand({
  name: 'xack',
  summary: 'Acknowledges entries: they are no longer pending in the group.',
  complexity: 'O(N * log M), where N is the number of ids and M the number of entries that are pending',
  flags: ['write', 'fast'],
  arity: -4,
  arguments: [{ ...KEY, use: 'RW update' }, GROUP, IDS],
  reply: 'the number of entries that were pending; 0 if there is no such group',
  answer(stream, { reply }, args) {
    const group = stream.group(args.slice());
    if (group === undefined) {
      reply.integer(0);
      return;
    }
    const ids = Array.from({ length: args.left }, () => readId(args));
    reply.integer(group.acknowledge(ids));
  },
});
