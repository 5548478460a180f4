import { NO_SESSION, type Session, type SessionData, STRING_KEY } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readString } from '../keys/lookup.js';

export const getrange: Command = {
  name: 'getrange',
  summary: 'Returns part of a string. Negative positions count from its end.',
  complexity: 'O(N), where N is the number of bytes returned',
  group: 'string',
  flags: ['readonly'],
  arity: 4,
  arguments: [KEY, { name: 'start', type: 'integer' }, { name: 'end', type: 'integer' }],
  reply: 'the bytes from start to end, inclusive',
  run(context, args) {
    const key = args.slice();
    const start = Number(args.int64());
    const end = Number(args.int64());
    const session = readString(context, key);
    context.reply.bulk(session === NO_SESSION ? '' : rangeOf(context.engine.data, session, start, end));
  },
};

/** Returns the bytes from `start` to `end`, inclusive. Negative positions count from the end. */
function rangeOf(data: SessionData, session: Session, start: number, end: number): Slice | string {
  const length = data.getLength(session, STRING_KEY);
  if (start < 0 && end < 0 && start > end) return '';
  const first = Math.max(0, start < 0 ? length + start : start);
  const last = Math.min(length - 1, Math.max(0, end < 0 ? length + end : end));
  if (first > last) return '';
  return data.peekPart(session, STRING_KEY, first, last - first + 1) ?? '';
}
