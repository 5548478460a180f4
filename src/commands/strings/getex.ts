import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { expireIn, readExpiry } from '../keys/expiry.js';
import { KEY } from '../keys/grammar.js';
import { lookUpString } from '../keys/lookup.js';
import { persistKey } from '../keys/persist.js';
import { EXPIRY_ARGUMENTS, EXPIRY_OPTIONS, type ExpiryOption } from './expiry-options.js';

const OPTIONS: readonly (ExpiryOption | { readonly word: 'PERSIST' })[] = [...EXPIRY_OPTIONS, { word: 'PERSIST' }];

export const getex: Command = {
  name: 'getex',
  summary: 'Returns the value of a string, and says when it expires.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'fast'],
  arguments: [
    KEY,
    {
      name: 'expiration',
      type: 'oneof',
      optional: true,
      arguments: [...EXPIRY_ARGUMENTS, { name: 'persist', type: 'pure-token', token: 'PERSIST' }],
    },
  ],
  reply: 'value or null',
  run(context, args) {
    const { engine, reply } = context;
    const key = args.slice();
    const option = args.option(OPTIONS);
    const expires = option !== undefined && 'msPerUnit' in option;
    const ms = expires ? readExpiry(option, engine, args, 1) : 0;
    if (args.left > 0) throw new CommandError(SYNTAX);
    const session = lookUpString(context, key);
    if (session === NO_SESSION) {
      reply.null();
      return;
    }
    reply.bulkOrNull(engine.data.getString(session));
    if (expires) expireIn(context, key, session, ms);
    else if (option !== undefined) persistKey(context, key, session);
  },
};
