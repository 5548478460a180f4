import { TOKEN_LENGTH } from '../../engine/index.js';
import { sessionCommand } from '../declaration/session-command.js';
import { NAME } from './grammar.js';

export const sessionTokens = sessionCommand({
  name: 'session.tokens',
  summary: 'Returns the tokens of all sessions with a name.',
  complexity: 'O(N), where N is the number of sessions with the name',
  group: 'session',
  // Tokens are credentials: a client that may list them can use every session.
  flags: ['readonly', 'admin'],
  arity: 2,
  arguments: [NAME],
  reply: 'array of tokens, those of the oldest sessions first',
  inSteps: true,
  ask(store, args) {
    args.own();
    return store.tokens(args.slice());
  },
  write: (reply, tokens) => reply.bulksOf(tokens, TOKEN_LENGTH),
});
