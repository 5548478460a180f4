import { NO_SESSION, STRING_KEY } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { asString, isKey } from '../keys/lookup.js';
import { putString } from './write-string.js';

export const setrange: Command = {
  name: 'setrange',
  summary: 'Overwrites part of a string. A string that is too short is padded with zero bytes.',
  complexity: 'O(N), where N is the number of bytes written, padding included',
  group: 'string',
  flags: ['write', 'denyoom'],
  arity: 4,
  arguments: [{ ...KEY, use: 'RW update' }, { name: 'offset', type: 'integer' }, VALUE],
  reply: 'the new length in bytes',
  // The offset may require padding. An offset that is not a number adds nothing, because it is an error.
  growth: (request) => request.bytes + (Math.max(0, Number(request.word(2).latin1())) || 0),
  run({ client, engine, reply, server }, args) {
    const key = args.key(client);
    const offset = Number(args.int64());
    const part = args.slice();
    if (offset < 0) throw new CodedError('ERR', 'offset is out of range');
    const session = engine.findShared(key);
    const { data } = engine;
    if (isKey(engine, session)) asString(engine, session);
    if (part.length === 0) {
      reply.integer(session === NO_SESSION ? 0 : data.getLength(session, STRING_KEY));
      return;
    }
    if (session === NO_SESSION) putString(engine, key, session, data.padded(offset, part));
    reply.integer(session === NO_SESSION ? offset + part.length : data.writeToString(session, offset, part));
    server.keyspaceEvents.notify('$', 'setrange', key);
  },
};
