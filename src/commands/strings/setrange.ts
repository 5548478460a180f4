import { NO_SESSION } from '../../engine/index.js';
import { Slice } from '../../slice.js';
import type { Command } from '../command.js';
import { CommandError } from '../command-error.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { isKey } from '../keys/lookup.js';
import { openString, putString } from './write-string.js';

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
    const session = openString(engine, key);
    const old = session !== NO_SESSION && isKey(engine, session) ? engine.data.getString(session) : undefined;
    if (part.length === 0) {
      reply.integer(old?.length ?? 0);
      return;
    }
    if (offset + part.length > server.config['proto-max-bulk-len']) {
      throw new CommandError('ERR string exceeds maximum allowed size (proto-max-bulk-len)');
    }
    const value = Buffer.alloc(Math.max(old?.length ?? 0, offset + part.length));
    old?.writeTo(value, 0);
    part.writeTo(value, offset);
    putString(engine, key, session, Slice.of(value));
    server.keyspaceEvents.tell('$', 'setrange', key);
    reply.integer(value.length);
  },
};
