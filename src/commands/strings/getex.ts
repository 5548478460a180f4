import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { expireIn, readExpiry } from '../keys/expiry.js';
import { KEY } from '../keys/grammar.js';
import { readString } from '../keys/lookup.js';
import { persistKey } from '../keys/persist.js';
import { choiceOf, readStringOptions, type StringOption } from './expiry-options.js';

const OPTIONS: readonly StringOption<'PERSIST'>[] = [{ word: 'PERSIST', kind: 'expiry' }];

export const getex: Command = {
  name: 'getex',
  summary: 'Returns the value of a string key and sets or removes its expiration.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'fast'],
  arity: -2,
  arguments: [KEY, choiceOf('expiration', 'expiry', OPTIONS)],
  reply: 'the value, or null',
  run(context, args) {
    const { client, engine, reply } = context;
    const key = args.key(client);
    const { expiry, time } = readStringOptions(args, OPTIONS);
    const session = readString(context, key);
    if (session === NO_SESSION) {
      reply.null();
      return;
    }
    const ms = time === undefined ? 0 : readExpiry(time.unit, time.given, 1, context, args);
    reply.bulkOrNull(engine.data.getString(session));
    if (time !== undefined) expireIn(context, key, session, ms);
    else if (expiry === 'PERSIST') persistKey(context, key, session);
  },
};
