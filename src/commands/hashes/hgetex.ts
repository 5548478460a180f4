import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { EXPIRY_OPTIONS } from '../keys/expiry.js';
import { KEY } from '../keys/grammar.js';
import { expirationOr } from './expiration-option.js';
import { type Expiry, expireField, notifyExpiries, readFieldExpiry } from './field-expiry.js';
import { persistField } from './hpersist.js';
import { NUMBERED_FIELDS, readNumberedFields } from './numbered-fields.js';
import { findHash } from './put-fields.js';

const PERSIST = { word: 'PERSIST' } as const;

export const hgetex: Command = {
  name: 'hgetex',
  summary: 'Returns the values of fields in a hash and sets or removes their expiration.',
  complexity: 'O(N), where N is the number of fields given',
  group: 'hash',
  flags: ['write', 'fast'],
  arity: -5,
  arguments: [KEY, expirationOr(PERSIST.word), NUMBERED_FIELDS],
  reply: 'array of values, with null for each missing field',
  run(context, args) {
    const { client, engine, reply, server } = context;
    const { data } = engine;
    const key = args.key(client);
    const session = findHash(engine, key);
    const unit = args.option(EXPIRY_OPTIONS);
    const ms = unit && readFieldExpiry(unit, context, args);
    const persists = unit === undefined && args.option([PERSIST]) !== undefined;
    const fields = readNumberedFields(args);
    reply.array(fields.length);
    if (session === NO_SESSION) {
      for (const _ of fields) reply.null();
      return;
    }
    data.read(session);
    const outcomes: Expiry[] = [];
    let persisted = false;
    for (const field of fields) {
      reply.bulkOrNull(data.peekValue(session, field));
      if (ms !== undefined) outcomes.push(expireField(context, session, field, ms));
      else if (persists && persistField(data, session, field)) persisted = true;
    }
    if (persisted) server.keyspaceEvents.notify('h', 'hpersist', key);
    else notifyExpiries(context, key, session, outcomes);
  },
};
