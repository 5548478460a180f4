import { NO_SESSION } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';
import { CONDITION_WORDS, CONDITIONS } from '../keys/expire-conditions.js';
import { type ExpiryUnit, MILLISECONDS, SECONDS, UNIX_MILLISECONDS, UNIX_SECONDS } from '../keys/expiry.js';
import { KEY } from '../keys/grammar.js';
import { Expiry, expireField, notifyExpiries, readFieldExpiry } from './field-expiry.js';
import { NUMBERED_FIELDS, readNumberedFields } from './numbered-fields.js';
import { findHash } from './put-fields.js';

const TOO_FEW = new CodedError('ERR', 'Parameter `numFields` should be greater than 0');

/** HEXPIRE, HPEXPIRE, HEXPIREAT and HPEXPIREAT: the same command in two units, counted from now or from 1970. */
function expireFieldsBy(name: string, summary: string, unit: ExpiryUnit): Command {
  return {
    name,
    summary,
    complexity: 'O(N), where N is the number of fields given',
    group: 'hash',
    flags: ['write', 'fast'],
    arity: -6,
    arguments: [
      { ...KEY, use: 'RW update' },
      unit.argument,
      { name: 'condition', type: 'oneof', optional: true, arguments: CONDITION_WORDS },
      NUMBERED_FIELDS,
    ],
    reply:
      'array with, for each field: 1; 0 if the condition is not met; 2 if the time has passed, so the field was removed; -2 if there is no such field',
    run(context, args) {
      const { client, engine, reply } = context;
      const key = args.key(client);
      const session = findHash(engine, key);
      const ms = readFieldExpiry(unit, context, args);
      const condition = args.option(CONDITIONS);
      const fields = readNumberedFields(args, TOO_FEW);
      const outcomes = fields.map((field) =>
        session === NO_SESSION ? Expiry.NoField : expireField(context, session, field, ms, condition),
      );
      reply.array(outcomes.length);
      for (const outcome of outcomes) reply.integer(outcome);
      if (session !== NO_SESSION) notifyExpiries(context, key, session, outcomes);
    },
  };
}

export const hexpire = expireFieldsBy('hexpire', 'Sets the expiration time of fields in seconds.', SECONDS);
export const hpexpire = expireFieldsBy('hpexpire', 'Sets the expiration time of fields in milliseconds.', MILLISECONDS);
export const hexpireat = expireFieldsBy(
  'hexpireat',
  'Sets the expiration time of fields to a unix time in seconds.',
  UNIX_SECONDS,
);
export const hpexpireat = expireFieldsBy(
  'hpexpireat',
  'Sets the expiration time of fields to a unix time in milliseconds.',
  UNIX_MILLISECONDS,
);
