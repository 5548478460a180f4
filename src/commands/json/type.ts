import type { JsonType } from '../../json/json-document.js';
import { Work } from '../../json/limits.js';
import { select } from '../../json/query.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readString } from '../keys/lookup.js';
import { OPTIONAL_PATH, readOptionalPath } from './grammar.js';
import { readValue } from './json-key.js';
import { documentOf } from './operation.js';

export const jsonType: Command = {
  name: 'json.type',
  summary: 'Returns the types of the values that a path matches.',
  complexity: 'O(N), where N is the length of the value',
  group: 'json',
  flags: ['readonly'],
  arity: -2,
  arguments: [KEY, OPTIONAL_PATH],
  reply:
    'array of object, array, string, integer, number, boolean or null; one of them for a legacy path; null if there is none. In RESP3 inside another array',
  run(context, args) {
    const { client, reply } = context;
    const key = args.key(client);
    const { segments, isLegacy } = readOptionalPath(args);
    const work = new Work();
    const value = readValue(context, readString(context, key));
    const document = value && documentOf(value, work);
    const types: JsonType[] | undefined =
      document && select(document, segments, work).map((node) => document.type(node));
    if (reply.protocol === 3) reply.array(1);
    if (types === undefined || (isLegacy && types.length === 0)) reply.null();
    else if (isLegacy) reply.bulk(types[0]);
    else {
      reply.array(types.length);
      for (const type of types) reply.bulk(type);
    }
  },
};
