import { CodedError, SYNTAX } from '../../errors.js';
import { type EntryId, FIRST_ID } from '../../stream/entry-id.js';
import type { EventStream } from '../../stream/event-stream.js';
import type { Arguments } from '../arguments/arguments.js';
import { KEY } from './grammar.js';
import { readId } from './ids.js';
import { streamCommand } from './stream-command.js';

const TWO_STRATEGIES = new CodedError(
  'ERR',
  'syntax error, MAXLEN and MINID options at the same time are not compatible',
);
const NO_STRATEGY = new CodedError('ERR', 'syntax error, XTRIM must be called with a trimming strategy');
const LIMIT_ALONE = new CodedError('ERR', 'syntax error, LIMIT cannot be used without specifying a trimming strategy');
const LIMIT_EXACT = new CodedError('ERR', 'syntax error, LIMIT cannot be used without the special ~ option');
const NEGATIVE_LENGTH = new CodedError('ERR', 'The MAXLEN argument must be >= 0.');
const NEGATIVE_LIMIT = new CodedError('ERR', 'The LIMIT argument must be >= 0.');

/** How many entries `~` without LIMIT removes at most, as in Redis. */
const USUAL_LIMIT = 10_000;

export const xtrim = streamCommand({
  name: 'xtrim',
  summary: 'Removes the oldest entries of the stream of session events.',
  complexity: 'O(N), where N is the number of entries removed',
  flags: ['write'],
  arity: -4,
  arguments: [
    { ...KEY, use: 'RW delete' },
    {
      name: 'trim',
      type: 'block',
      arguments: [
        {
          name: 'strategy',
          type: 'oneof',
          arguments: [
            { name: 'maxlen', type: 'pure-token', token: 'MAXLEN' },
            { name: 'minid', type: 'pure-token', token: 'MINID' },
          ],
        },
        {
          name: 'operator',
          type: 'oneof',
          optional: true,
          arguments: [
            { name: 'equal', type: 'pure-token', token: '=' },
            { name: 'approximately', type: 'pure-token', token: '~' },
          ],
        },
        { name: 'threshold', type: 'string' },
        { name: 'count', type: 'integer', token: 'LIMIT', optional: true },
      ],
    },
  ],
  reply: 'the number of entries removed',
  answer(stream, { reply }, args) {
    const { trim, limit } = readTrim(args);
    reply.integer(trim(stream, limit));
  },
});

interface Trim {
  /** Removes up to `limit` entries. Returns how many. */
  readonly trim: (stream: EventStream, limit: number) => number;
  readonly limit: number;
}

function readTrim(args: Arguments): Trim {
  let trim: Trim['trim'] | undefined;
  let isApproximate = false;
  let limit: number | undefined;
  while (args.left > 0) {
    const word = args.left > 1 ? args.option(WORDS)?.word : undefined;
    if (word === undefined) throw SYNTAX;
    if (word === 'LIMIT') {
      limit = Number(args.int64());
      if (limit < 0) throw NEGATIVE_LIMIT;
      continue;
    }
    if (trim !== undefined) throw TWO_STRATEGIES;
    isApproximate = args.left > 1 && args.option(OPERATORS)?.word === '~';
    trim = word === 'MAXLEN' ? readLength(args) : readLeastId(args);
  }
  if (trim === undefined) throw limit ? LIMIT_ALONE : NO_STRATEGY;
  if (limit !== undefined && !isApproximate) throw LIMIT_EXACT;
  return { trim, limit: (limit ?? (isApproximate ? USUAL_LIMIT : 0)) || Infinity };
}

const WORDS = [{ word: 'MAXLEN' }, { word: 'MINID' }, { word: 'LIMIT' }] as const;
const OPERATORS = [{ word: '=' }, { word: '~' }] as const;

function readLength(args: Arguments): Trim['trim'] {
  const length = Number(args.int64());
  if (length < 0) throw NEGATIVE_LENGTH;
  return (stream, limit) => stream.trimToLength(Math.max(length, stream.length - limit));
}

function readLeastId(args: Arguments): Trim['trim'] {
  const id = readId(args);
  return (stream, limit) => stream.trimBefore(limit === Infinity ? id : atMost(stream, id, limit));
}

/** Returns the id before which at most `limit` entries are, or `id` if there are fewer before that. */
function atMost(stream: EventStream, id: EntryId, limit: number): EntryId {
  let last = id;
  const passed = stream.range(FIRST_ID, id, limit + 1, (ms, n) => {
    last = { ms, n };
  });
  return passed > limit ? last : id;
}
