import { NO_SESSION, type Session, type SessionData, STRING_KEY } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readString } from '../keys/lookup.js';

/** GETRANGE, and SUBSTR, its old name. */
function range(name: string): Command {
  return {
    name,
    summary: 'Returns part of a string. Negative positions count from its end.',
    complexity: 'O(N), where N is the number of bytes returned',
    group: 'string',
    flags: ['readonly'],
    arity: 4,
    arguments: [KEY, { name: 'start', type: 'integer' }, { name: 'end', type: 'integer' }],
    reply: 'the bytes from start to end, inclusive',
    run(context, args) {
      const key = args.key(context.client);
      const start = args.int64();
      const end = args.int64();
      const session = readString(context, key);
      context.reply.bulk(session === NO_SESSION ? '' : rangeOf(context.engine.data, session, start, end));
    },
  };
}

export const getrange = range('getrange');
export const substr = range('substr');

/**
 * Returns the bytes from `start` to `end`, inclusive. Negative positions count from the end. They are compared before
 * they are rounded to doubles, because 64-bit integers that differ can round to the same one.
 */
function rangeOf(data: SessionData, session: Session, start: bigint, end: bigint): Slice | string {
  if (start < 0n && end < 0n && start > end) return '';
  const length = data.getLength(session, STRING_KEY);
  const first = Math.max(0, positionOf(start, length));
  const last = Math.min(length - 1, Math.max(0, positionOf(end, length)));
  if (first > last) return '';
  return data.peekPart(session, STRING_KEY, first, last - first + 1) ?? '';
}

function positionOf(position: bigint, length: number): number {
  return Number(position) + (position < 0n ? length : 0);
}
