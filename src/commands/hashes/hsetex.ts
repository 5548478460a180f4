import { parseInt64 } from '../../engine/fields/int64.js';
import { NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';
import { EXPIRY_OPTIONS } from '../keys/expiry.js';
import { KEY } from '../keys/grammar.js';
import { growthWithDeadlines } from '../keys/growth-with-deadlines.js';
import { expirationOr } from './expiration-option.js';
import { expireField, notifyExpiries, readFieldExpiry } from './field-expiry.js';
import { FIELDS_AND_VALUES, NUMFIELDS } from './grammar.js';
import { findHash, putFields } from './put-fields.js';

type Condition = 'FNX' | 'FXX';

const CONDITIONS = [{ word: 'FNX' }, { word: 'FXX' }] as const;
const KEEPTTL = { word: 'KEEPTTL' } as const;
const FIELDS = { word: 'FIELDS' } as const;

const ONE_CONDITION = new CodedError('ERR', 'Only one of FXX or FNX arguments can be specified');
const ONE_EXPIRATION = new CodedError('ERR', 'Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified');
const INVALID_NUMBER = new CodedError('ERR', 'invalid number of fields');
const MOST_FIELDS = 2n ** 31n - 1n;

/** What is to be set, and how. */
interface Setting {
  condition?: Condition;
  /** In how many ms the fields expire. */
  ms?: number;
  /** Whether the fields still expire when they did before. */
  keepsTtl?: true;
}

/** Takes an option. Options are checked one after the other, as in Redis. */
function readOption(setting: Setting, context: Context, args: Arguments): void {
  const condition = args.option(CONDITIONS);
  if (condition !== undefined) {
    if (setting.condition !== undefined) throw ONE_CONDITION;
    setting.condition = condition.word;
    return;
  }
  const unit = args.option(EXPIRY_OPTIONS);
  const keepsTtl = unit === undefined && args.option([KEEPTTL]) !== undefined;
  if (unit === undefined && !keepsTtl) throw new CodedError('ERR', `unknown argument: ${redacted(args.bytes())}`);
  if (setting.ms !== undefined || setting.keepsTtl) throw ONE_EXPIRATION;
  if (unit === undefined) {
    setting.keepsTtl = true;
  } else {
    if (args.left === 0) throw args.wrongNumber();
    setting.ms = readFieldExpiry(unit, context, args);
  }
}

/** Takes the number of fields and all remaining arguments, which must be as many fields with their values. */
function readNumberedPairs(args: Arguments): readonly Slice[] {
  if (args.left < 3) throw args.wrongNumber();
  const number = parseInt64(args.slice());
  if (number === undefined || number <= 0n || number > MOST_FIELDS) throw INVALID_NUMBER;
  if (2n * number !== BigInt(args.left)) throw args.wrongNumber();
  return args.rest();
}

/** Returns whether a key has all of the fields (FXX) or none of them (FNX). */
function holds(condition: Condition, { data }: SessionEngine, session: Session, pairs: readonly Slice[]): boolean {
  for (let i = 0; i < pairs.length; i += 2) {
    const isThere = session !== NO_SESSION && data.has(session, pairs[i]);
    if (isThere !== (condition === 'FXX')) return false;
  }
  return true;
}

export const hsetex: Command = {
  name: 'hsetex',
  summary: 'Sets fields in a hash, with an expiration.',
  complexity: 'O(N), where N is the number of fields given',
  group: 'hash',
  flags: ['write', 'denyoom', 'fast'],
  arity: -6,
  arguments: [
    { ...KEY, use: 'RW update' },
    {
      name: 'condition',
      type: 'oneof',
      optional: true,
      arguments: CONDITIONS.map(({ word }): Argument => {
        return { name: word.toLowerCase(), type: 'pure-token', token: word };
      }),
    },
    expirationOr(KEEPTTL.word),
    { name: 'fields', type: 'block', token: FIELDS.word, arguments: [NUMFIELDS, FIELDS_AND_VALUES] },
  ],
  reply: '1; 0 if FNX or FXX prevented it',
  growth: growthWithDeadlines,
  run(context, args) {
    const { client, engine, reply, server } = context;
    const key = args.key(client);
    const setting: Setting = {};
    while (args.option([FIELDS]) === undefined) readOption(setting, context, args);
    const pairs = readNumberedPairs(args);
    const { condition, ms, keepsTtl } = setting;
    const session = findHash(engine, key);
    if (condition !== undefined && !holds(condition, engine, session, pairs)) {
      reply.integer(0);
      return;
    }
    putFields(engine, key, pairs, keepsTtl);
    server.keyspaceEvents.notify('h', 'hset', key);
    if (ms !== undefined) {
      const written = engine.findShared(key);
      const fields = pairs.filter((_, i) => i % 2 === 0);
      const outcomes = fields.map((field) => expireField(context, written, field, ms));
      notifyExpiries(context, key, written, outcomes);
    }
    reply.integer(1);
  },
};
