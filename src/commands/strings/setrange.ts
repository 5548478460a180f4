import { Slice } from '../../slice.js';
import type { Command } from '../command.js';
import { CommandError } from '../command-error.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { putString, stringValue } from './write-string.js';

export const setrange: Command = {
  name: 'setrange',
  summary: 'Overwrites a part of a string, which is filled up with zero bytes where it is too short.',
  complexity: 'O(N) with N bytes of the string after it',
  group: 'string',
  flags: ['write', 'denyoom'],
  arguments: [KEY, { name: 'offset', type: 'integer' }, VALUE],
  reply: 'length in bytes after it',
  run({ engine, reply, server }, args) {
    const key = args.slice();
    const offset = Number(args.int64());
    const part = args.slice();
    if (offset < 0) throw new CommandError('ERR offset is out of range');
    const session = engine.findShared(key);
    const old = stringValue(engine, session);
    if (part.length === 0) {
      reply.integer(old?.length ?? 0);
      return;
    }
    const value = engine.data.overwritten(old, offset, part);
    putString(engine, key, session, Slice.of(value));
    server.keyspaceEvents.tell('$', 'setrange', key);
    reply.integer(value.length);
  },
};
