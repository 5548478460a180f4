import { KEY } from './grammar.js';
import { streamCommand } from './stream-command.js';

export const xlen = streamCommand({
  name: 'xlen',
  summary: 'Returns the number of entries in the stream of session events.',
  complexity: 'O(1)',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [{ ...KEY, use: 'RO' }],
  reply: 'the number of entries',
  answer(stream, { reply }) {
    reply.integer(stream.length);
  },
});
