import type { Command } from '../declaration/command.js';
import { readExpiry } from '../keys/expiry.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { notifyMiss } from '../keys/lookup.js';
import { type Condition, holds } from './condition.js';
import { choiceOf, readStringOptions, type StringOption, type StringOptions } from './expiry-options.js';
import { stringValue, writeString } from './write-string.js';

type Word = Condition | 'GET' | 'KEEPTTL';

const OPTIONS: readonly StringOption<Word>[] = [
  { word: 'NX', kind: 'condition' },
  { word: 'XX', kind: 'condition' },
  { word: 'IFEQ', kind: 'condition', value: 'ifeq-value' },
  { word: 'IFNE', kind: 'condition', value: 'ifne-value' },
  { word: 'GET', kind: 'get' },
  { word: 'KEEPTTL', kind: 'expiry' },
];

const NO_OPTIONS: StringOptions<Word> = {};

export const set: Command = {
  name: 'set',
  summary: 'Sets a key to a string, replacing a value of any type.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'denyoom'],
  arity: -3,
  arguments: [
    KEY,
    VALUE,
    choiceOf('condition', 'condition', OPTIONS),
    choiceOf('get', 'get', OPTIONS),
    choiceOf('expiration', 'expiry', OPTIONS),
  ],
  reply: 'OK, or null if the condition prevented it; with GET, the previous value or null',
  run(context, args) {
    const { client, engine, reply } = context;
    const key = args.key(client);
    const value = args.slice();
    const { condition, operand, get, expiry, time } = args.left === 0 ? NO_OPTIONS : readStringOptions(args, OPTIONS);
    const ms = time === undefined ? 0 : readExpiry(time.unit, time.given, 1, context, args);
    const session = engine.findShared(key);
    if (get !== undefined) {
      const old = stringValue(engine, session);
      if (old === undefined) notifyMiss(context, key);
      reply.bulkOrNull(old);
    }
    if (condition !== undefined && !holds(condition as Condition, engine, session, operand)) {
      if (get === undefined) reply.null();
      return;
    }
    const written = writeString(context, key, session, value, expiry === 'KEEPTTL' ? undefined : Math.max(ms, 0));
    // The given time has passed. The key is set and ended at once, so that subscribers and watchers notice.
    if (time !== undefined && ms <= 0) engine.end(written);
    if (get === undefined) reply.ok();
  },
};
