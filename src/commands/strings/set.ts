import { NO_SESSION, type SessionEngine } from '../../engine/index.js';
import type { Arguments } from '../arguments.js';
import type { Command } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { readExpiry } from '../keys/expiry.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { asString, isKey } from '../keys/lookup.js';
import { EXPIRY_ARGUMENTS, EXPIRY_OPTIONS, type ExpiryOption } from './expiry-options.js';
import { writeString } from './write-string.js';

export const set: Command = {
  name: 'set',
  summary: 'Makes a key a string, whatever it was.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'denyoom'],
  arguments: [
    KEY,
    VALUE,
    {
      name: 'condition',
      type: 'oneof',
      optional: true,
      arguments: [
        { name: 'nx', type: 'pure-token', token: 'NX' },
        { name: 'xx', type: 'pure-token', token: 'XX' },
      ],
    },
    { name: 'get', type: 'pure-token', token: 'GET', optional: true },
    {
      name: 'expiration',
      type: 'oneof',
      optional: true,
      arguments: [...EXPIRY_ARGUMENTS, { name: 'keepttl', type: 'pure-token', token: 'KEEPTTL' }],
    },
  ],
  reply: 'OK, or null if NX or XX forbids it; with GET the value before, or null',
  run(context, args) {
    const { engine, reply } = context;
    const key = args.slice();
    const value = args.slice();
    const { condition, returnsOld, expiry } = args.left === 0 ? NO_OPTIONS : readOptions(engine, args);
    const session = engine.findShared(key);
    // Without them it does not matter what was there.
    if (condition !== undefined || returnsOld) {
      const exists = isKey(engine, session);
      if (returnsOld) reply.bulkOrNull(exists ? engine.data.getString(asString(engine, session)) : undefined);
      if (condition !== undefined && exists === (condition === 'NX')) {
        if (!returnsOld) reply.null();
        return;
      }
    }
    if (expiry !== 'keep' && expiry < 0) {
      // Its time has been: what it would have been made nobody can see.
      if (session !== NO_SESSION) engine.end(session);
    } else {
      writeString(context, key, session, value, expiry === 'keep' ? undefined : expiry);
    }
    if (!returnsOld) reply.ok();
  },
};

interface Options {
  condition: 'NX' | 'XX' | undefined;
  returnsOld: boolean;
  /** In how many ms it expires: 0 for never, less if it has by now. */
  expiry: number | 'keep';
}

const NO_OPTIONS: Options = { condition: undefined, returnsOld: false, expiry: 0 };

type Option = ExpiryOption | { readonly word: 'NX' | 'XX' | 'GET' | 'KEEPTTL' };

const OPTIONS: readonly Option[] = [
  ...EXPIRY_OPTIONS,
  { word: 'NX' },
  { word: 'XX' },
  { word: 'GET' },
  { word: 'KEEPTTL' },
];

/** @throws CommandError syntax error, not an integer, invalid expire time. */
function readOptions(engine: SessionEngine, args: Arguments): Options {
  const options: Options = { ...NO_OPTIONS };
  let expires = false;
  while (args.left > 0) {
    const option = args.option(OPTIONS);
    if (option === undefined) throw new CommandError(SYNTAX);
    if (option.word === 'GET') {
      options.returnsOld = true;
    } else if (option.word === 'NX' || option.word === 'XX') {
      if (options.condition !== undefined && options.condition !== option.word) throw new CommandError(SYNTAX);
      options.condition = option.word;
    } else {
      if (expires && !(option.word === 'KEEPTTL' && options.expiry === 'keep')) throw new CommandError(SYNTAX);
      expires = true;
      // An instant that is now has been.
      options.expiry = 'msPerUnit' in option ? readExpiry(option, engine, args, 1) || -1 : 'keep';
    }
  }
  return options;
}
