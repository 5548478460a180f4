import { MAX_OLD_TOKENS, MAX_SECONDS } from '../../engine/index.js';
import type { Expected } from '../arguments/arguments.js';
import { sessionCommand } from '../declaration/session-command.js';
import { TOKEN } from './grammar.js';

/** About how many bytes an old token takes. */
const OLD_TOKEN = 128;

const GRACE: Expected = { name: 'GRACE', unit: 'seconds' };

export const sessionRotate = sessionCommand({
  name: 'session.rotate',
  summary: `Gives a session a new token, for example after a login. Its data and deadline stay the same. At most ${MAX_OLD_TOKENS} old tokens stay valid at a time.`,
  complexity: 'O(1)',
  group: 'session',
  flags: ['write', 'denyoom', 'fast'],
  arity: -2,
  arguments: [TOKEN, { name: 'seconds', type: 'integer', token: 'GRACE', optional: true }],
  reply: 'the new token; the old one stops working at once or, with GRACE, after that many seconds',
  // Without GRACE nothing is added, so a login gets its new token even when memory is short.
  growth: (request) => (request.length > 2 ? OLD_TOKEN : 0),
  ask(store, args) {
    const token = args.slice();
    let grace = 0;
    if (args.left > 0) {
      args.choice('GRACE');
      grace = args.time(MAX_SECONDS, GRACE) * 1000;
    }
    args.end();
    return store.rotate(token, grace);
  },
  write: (reply, token) => reply.bulk(token),
});
