import { sessionCommand } from '../declaration/session-command.js';
import { NAME } from './grammar.js';

export const sessionEndid = sessionCommand({
  name: 'session.endid',
  summary: 'Ends those sessions with a name that have one of the public ids ("log out this device").',
  complexity:
    'O(N+M), where N is the number of sessions with the name and M the number of ids; if they are large, other commands run in between',
  group: 'session',
  flags: ['write'],
  arity: -3,
  arguments: [NAME, { name: 'id', type: 'string', multiple: true }],
  reply: 'the number of sessions ended',
  inSteps: true,
  ask(store, args) {
    args.own();
    return store.endByIds(args.slice(), args.rest());
  },
  write: (reply, ended) => reply.integer(ended),
});
