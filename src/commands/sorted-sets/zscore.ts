import { NO_SESSION } from '../../engine/index.js';
import { writeScoreOrNull } from '../arguments/score.js';
import type { Command } from '../declaration/command.js';
import { KEY, MEMBER, MEMBERS } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';

// ZSCORE and ZMSCORE.

export const zscore: Command = {
  name: 'zscore',
  summary: 'Returns the score of a member of a sorted set.',
  complexity: 'O(1)',
  group: 'sorted-set',
  flags: ['readonly', 'fast'],
  arity: 3,
  arguments: [KEY, MEMBER],
  reply: 'the score, or null',
  run(context, args) {
    const { client, engine, reply } = context;
    const session = readKind(context, args.key(client), 'zset');
    if (session !== NO_SESSION) engine.data.read(session);
    writeScoreOrNull(reply, session === NO_SESSION ? undefined : engine.data.peekScore(session, args.slice()));
  },
};

export const zmscore: Command = {
  name: 'zmscore',
  summary: 'Returns the scores of members of a sorted set.',
  complexity: 'O(N), where N is the number of members given',
  group: 'sorted-set',
  flags: ['readonly', 'fast'],
  arity: -3,
  arguments: [KEY, MEMBERS],
  reply: 'array of scores, with null for each missing member',
  run(context, args) {
    const { client, engine, reply } = context;
    const session = readKind(context, args.key(client), 'zset');
    const members = args.rest();
    if (session !== NO_SESSION) engine.data.read(session);
    reply.array(members.length);
    for (const member of members) {
      writeScoreOrNull(reply, session === NO_SESSION ? undefined : engine.data.peekScore(session, member));
    }
  },
};
