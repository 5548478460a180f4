import type { Command } from '../command.js';
import { readExpiry } from '../keys/expiry.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { asString, isKey } from '../keys/lookup.js';
import { EXPIRY_ARGUMENTS, readStringOptions, type StringOption, type StringOptions } from './expiry-options.js';
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
    const options = args.left === 0 ? NO_OPTIONS : readStringOptions(args, OPTIONS);
    const { condition, get, time } = options;
    const ms = time === undefined ? 0 : readExpiry(time.unit, engine, args, 1, time.given);
    const session = engine.findShared(key);
    // Without them it does not matter what was there.
    if (condition !== undefined || get !== undefined) {
      const exists = isKey(engine, session);
      if (get !== undefined) reply.bulkOrNull(exists ? engine.data.getString(asString(engine, session)) : undefined);
      if (condition !== undefined && exists === (condition === 'NX')) {
        if (get === undefined) reply.null();
        return;
      }
    }
    const keeps = options.expiry === 'KEEPTTL';
    writeString(context, key, session, value, keeps ? undefined : Math.max(ms, 0));
    // Its time has been: those who watch it see it come and go.
    if (time !== undefined && ms <= 0) engine.end(engine.findShared(key));
    if (get === undefined) reply.ok();
  },
};

const NO_OPTIONS: StringOptions = {};

const OPTIONS: readonly StringOption[] = [
  { word: 'NX', kind: 'condition' },
  { word: 'XX', kind: 'condition' },
  { word: 'GET', kind: 'get' },
  { word: 'KEEPTTL', kind: 'expiry' },
];
