import { BUSY, CodedError } from '../../errors.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { Argument, Command, CommandFlag } from '../declaration/command.js';
import { container } from '../declaration/container.js';
import { killRefusal } from '../scripts/script.js';

// FUNCTION: there are no functions, so there is nothing to list and nothing to flush.

/** What Redis' FUNCTION DUMP returns if there are no functions, in the format of Redis 7.0 and later. */
const EMPTY_DUMP = Buffer.from('0a005d9b5c400f7fa2da', 'hex');

const NOT_FOUND = new CodedError('ERR', 'Library not found');
const UNSUPPORTED = new CodedError('ERR', 'respite has no functions. Scripts work: see EVAL and SCRIPT LOAD');

function sub(
  name: string,
  summary: string,
  arity: number,
  args: readonly Argument[],
  reply: string,
  run: NonNullable<Command['run']>,
  flags: readonly CommandFlag[] = [],
): Command {
  return {
    name,
    summary,
    complexity: 'O(1)',
    group: 'scripting',
    flags: ['noscript', ...flags],
    arity,
    arguments: args,
    reply,
    run,
  };
}

const word = (token: string): Argument => ({ name: token.toLowerCase(), type: 'pure-token', token });

const flush = sub(
  'flush',
  'Does nothing, because there are no functions.',
  -2,
  [{ name: 'flush-type', type: 'oneof', optional: true, arguments: [word('ASYNC'), word('SYNC')] }],
  'OK',
  ({ reply }, args) => {
    const type = args.left > 0 ? args.word() : 'sync';
    args.endOfSubcommand();
    if (type !== 'async' && type !== 'sync') {
      throw new CodedError('ERR', 'FUNCTION FLUSH only supports SYNC|ASYNC option');
    }
    reply.ok();
  },
);

const list = sub(
  'list',
  'Returns an empty list, because there are no functions.',
  -2,
  [
    { name: 'library-name-pattern', type: 'string', token: 'LIBRARYNAME', optional: true },
    { ...word('WITHCODE'), optional: true },
  ],
  'an empty array',
  ({ reply }, args) => {
    const given = new Set<string>();
    while (args.left > 0) {
      const word = args.bytes();
      const option = word.toString('latin1').toLowerCase();
      if (given.has(option) || (option !== 'libraryname' && option !== 'withcode')) {
        throw new CodedError('ERR', `Unknown argument ${redacted(word)}`);
      }
      given.add(option);
      if (option === 'withcode') continue;
      if (args.left === 0) throw new CodedError('ERR', 'library name argument was not given');
      args.slice();
    }
    reply.array(0);
  },
);

const stats = sub(
  'stats',
  'Returns statistics of functions. There are no functions, so all are 0.',
  2,
  [],
  'map: running_script, engines',
  ({ reply, server }) => {
    // As in Redis: what runs is not a function.
    if (server.scripts.isPaused) throw BUSY;
    reply.map(2);
    reply.bulk('running_script');
    reply.null();
    reply.bulk('engines');
    reply.map(1);
    reply.bulk('LUA');
    reply.map(2);
    for (const count of ['libraries_count', 'functions_count']) {
      reply.bulk(count);
      reply.integer(0);
    }
  },
  ['allow_busy'],
);

const dump = sub('dump', 'Returns what Redis returns if there are no functions.', 2, [], 'bytes', ({ reply }) =>
  reply.bulk(EMPTY_DUMP),
);

const kill = sub(
  'kill',
  'Refused, because there are no functions.',
  2,
  [],
  'an error',
  ({ server }) => {
    throw killRefusal(server.scripts);
  },
  ['allow_busy'],
);

const remove = sub(
  'delete',
  'Refused, because there are no functions.',
  3,
  [{ name: 'library-name', type: 'string' }],
  'an error',
  () => {
    throw NOT_FOUND;
  },
);

const load = sub(
  'load',
  'Refused, because there are no functions.',
  -3,
  [
    { ...word('REPLACE'), optional: true },
    { name: 'function-code', type: 'string' },
  ],
  'an error',
  () => {
    throw UNSUPPORTED;
  },
);

const restore = sub(
  'restore',
  'Refused, because there are no functions.',
  -3,
  [
    { name: 'serialized-value', type: 'string' },
    { name: 'policy', type: 'oneof', optional: true, arguments: [word('FLUSH'), word('APPEND'), word('REPLACE')] },
  ],
  'an error',
  () => {
    throw UNSUPPORTED;
  },
);

export const functions = container('function', 'scripting', 'A container for commands about functions.', [
  remove,
  dump,
  flush,
  kill,
  list,
  load,
  restore,
  stats,
]);

/** FCALL and FCALL_RO: no function can be found. */
function fcall(name: string): Command {
  return {
    name,
    summary: 'Refused, because there are no functions.',
    complexity: 'O(1)',
    group: 'scripting',
    flags: ['noscript'],
    arity: -3,
    arguments: [
      { name: 'function', type: 'string' },
      { name: 'numkeys', type: 'integer' },
      { name: 'arg', type: 'string', optional: true, multiple: true },
    ],
    reply: 'an error',
    run() {
      throw new CodedError('ERR', 'Function not found');
    },
  };
}

export const fcallWriting = fcall('fcall');
export const fcallReadOnly = fcall('fcall_ro');
