import type { Command } from '../command.js';
import { NAME } from './grammar.js';

export const sessionTokens: Command = {
  name: 'session.tokens',
  summary: 'Lists the tokens of the live sessions of a name.',
  complexity: 'O(N) with N sessions of the name',
  group: 'session',
  // Tokens are credentials: who may list them may be anybody.
  flags: ['readonly', 'admin'],
  arguments: [NAME],
  reply: 'array of tokens, oldest session first',
  run({ engine, reply }, args) {
    const sessions = engine.sessionsOf(args.slice());
    reply.array(sessions.length);
    for (const session of sessions) reply.bulk(engine.tokenBytes(session));
  },
};
