import { MAX_SECONDS } from '../../engine/index.js';
import type { Command } from '../command.js';
import { TOKEN } from './grammar.js';

export const sessionRotate: Command = {
  name: 'session.rotate',
  summary: 'Gives a session a new token, as after a login; data and deadline stay.',
  complexity: 'O(1); without GRACE O(N) with N old tokens still in their grace',
  group: 'session',
  // Not denyoom: who logs in gets a new token even where memory is short.
  flags: ['write', 'fast'],
  arguments: [TOKEN, { name: 'seconds', type: 'integer', token: 'GRACE', optional: true }],
  reply: 'new token; the old one stops at once, or when the grace is over',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    let grace = 0;
    if (args.left > 0) {
      args.choice('GRACE');
      grace = args.time(MAX_SECONDS) * 1000;
    }
    args.end();
    engine.rotate(session, grace);
    reply.bulk(engine.tokenBytes(session));
  },
};
