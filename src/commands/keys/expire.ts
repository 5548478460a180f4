import { NO_SESSION } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { CONDITION_WORDS, CONDITIONS, type Condition } from './expire-conditions.js';
import {
  type ExpiryUnit,
  expireIn,
  MILLISECONDS,
  readExpiry,
  SECONDS,
  UNIX_MILLISECONDS,
  UNIX_SECONDS,
} from './expiry.js';
import { KEY } from './grammar.js';
import { findKey } from './lookup.js';

/** EXPIRE, PEXPIRE, EXPIREAT and PEXPIREAT: the same command in two units, counted from now or from 1970. */
function expireBy(name: string, summary: string, unit: ExpiryUnit): Command {
  return {
    name,
    summary,
    complexity: 'O(1)',
    group: 'generic',
    flags: ['write', 'fast'],
    arity: -3,
    arguments: [
      { ...KEY, use: 'RW update' },
      unit.argument,
      {
        name: 'condition',
        type: 'oneof',
        optional: true,
        multiple: true,
        arguments: CONDITION_WORDS,
      },
    ],
    reply: '1; 0 if there is no such key or a condition is not met',
    run(context, args) {
      const { client, engine, reply } = context;
      const key = args.key(client);
      const time = args.slice();
      const conditions = readConditions(args);
      const ms = readExpiry(unit, time, -Infinity, context, args);
      const session = findKey(engine, key);
      const may = session !== NO_SESSION && allHold(conditions, engine.timeLeft(session), ms);
      if (may) expireIn(context, key, session, ms);
      reply.integer(may ? 1 : 0);
    },
  };
}

const NO_CONDITIONS: readonly Condition[] = [];

function allHold(conditions: readonly Condition[], left: number, ms: number): boolean {
  return conditions.every(({ holds }) => holds(left, ms));
}

/** Reads the conditions. @throws CodedError for an unknown word, and for words that exclude each other. */
function readConditions(args: Arguments): readonly Condition[] {
  if (args.left === 0) return NO_CONDITIONS;
  const conditions: Condition[] = [];
  while (args.left > 0) {
    const condition = args.option(CONDITIONS);
    if (condition === undefined) throw new CodedError('ERR', `Unsupported option ${redacted(args.bytes())}`);
    conditions.push(condition);
  }
  const has = (word: string) => conditions.some((condition) => condition.word === word);
  if (has('NX') && (has('XX') || has('GT') || has('LT'))) {
    throw new CodedError('ERR', 'NX and XX, GT or LT options at the same time are not compatible');
  }
  if (has('GT') && has('LT')) throw new CodedError('ERR', 'GT and LT options at the same time are not compatible');
  return conditions;
}

export const expire = expireBy('expire', 'Sets the expiration time of a key in seconds.', SECONDS);
export const pexpire = expireBy('pexpire', 'Sets the expiration time of a key in milliseconds.', MILLISECONDS);
export const expireat = expireBy(
  'expireat',
  'Sets the expiration time of a key to a unix time in seconds.',
  UNIX_SECONDS,
);
export const pexpireat = expireBy(
  'pexpireat',
  'Sets the expiration time of a key to a unix time in milliseconds.',
  UNIX_MILLISECONDS,
);
