import { CodedError } from '../../errors.js';
import type { Scripts } from '../../scripting/scripts.js';
import type { Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';

const exists: Command = {
  name: 'exists',
  summary: 'Returns which scripts the server knows.',
  complexity: 'O(N), where N is the number of scripts to look for',
  group: 'scripting',
  flags: ['noscript', 'loading', 'stale'],
  arity: -3,
  arguments: [{ name: 'sha1', type: 'string', multiple: true }],
  reply: 'array: 1 for each script that is known, 0 for the others',
  run({ reply, server }, args) {
    reply.array(args.left);
    while (args.left > 0) {
      reply.integer(server.scripts.find(args.slice().latin1().toLowerCase()) === undefined ? 0 : 1);
    }
  },
};

const flush: Command = {
  name: 'flush',
  summary: 'Forgets all scripts. SYNC and ASYNC do the same.',
  complexity: 'O(N), where N is the number of scripts',
  group: 'scripting',
  flags: ['noscript'],
  arity: -2,
  arguments: [
    {
      name: 'flush-type',
      type: 'oneof',
      optional: true,
      arguments: [
        { name: 'async', type: 'pure-token', token: 'ASYNC' },
        { name: 'sync', type: 'pure-token', token: 'SYNC' },
      ],
    },
  ],
  reply: 'OK',
  run({ reply, server }, args) {
    if (args.left > 0) {
      const isKnown = ['async', 'sync'].includes(args.word());
      if (!isKnown || args.left > 0) throw new CodedError('ERR', 'SCRIPT FLUSH only support SYNC|ASYNC option');
    }
    server.scripts.flush();
    reply.ok();
  },
};

const UNKILLABLE = new CodedError(
  'UNKILLABLE',
  'Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.',
);

/** Why no script can be killed: only one that has written ever runs beside other commands. */
export function killRefusal({ isPaused }: Scripts): CodedError {
  return isPaused ? UNKILLABLE : new CodedError('NOTBUSY', 'No scripts in execution right now.');
}

const kill: Command = {
  name: 'kill',
  summary: 'Refused: a script that has run for too long is stopped without it, unless it has written.',
  complexity: 'O(1)',
  group: 'scripting',
  flags: ['noscript', 'allow_busy'],
  arity: 2,
  arguments: [],
  reply: 'an error: NOTBUSY, or UNKILLABLE while a script that has written is running',
  run({ server }) {
    throw killRefusal(server.scripts);
  },
};

const load: Command = {
  name: 'load',
  summary: 'Loads a script, so that EVALSHA can run it.',
  complexity: 'O(N), where N is the length of the script',
  group: 'scripting',
  flags: ['noscript', 'stale'],
  arity: 3,
  arguments: [{ name: 'script', type: 'string' }],
  reply: 'the SHA-1 of the script',
  onlyInMemory: 'use the SESSION commands, or run scripts on the store itself with a Redis client',
  run({ reply, server }, args) {
    reply.bulk(server.scripts.load(args.slice(), true).sha);
  },
};

export const script = container('script', 'scripting', 'A container for commands about scripts.', [
  exists,
  flush,
  kill,
  load,
]);
