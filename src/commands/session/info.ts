import { sessionCommand } from '../declaration/session-command.js';
import { TOKEN } from './grammar.js';
import { milliseconds, seconds } from './time-left.js';

export const sessionInfo = sessionCommand({
  name: 'session.info',
  summary: 'Returns the settings and size of a session. Does not extend the session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session',
  flags: ['readonly'],
  arity: 2,
  arguments: [TOKEN],
  reply:
    'map: name, keys, shared, extend (none, get, set, both), duration (s), deleteSession, maxage (s), pttl (ms; -1 if no deadline is pending), created (unix ms), bytes, encoding (packed, hashed)',
  ask: (store, args) => store.info(args.slice()),
  write(reply, info) {
    reply.map(11);
    reply.bulk('name');
    reply.bulk(info.name);
    reply.bulk('keys');
    reply.integer(info.keys);
    reply.bulk('shared');
    reply.boolean(info.shared);
    reply.bulk('extend');
    reply.bulk(info.extend);
    reply.bulk('duration');
    reply.integer(seconds(info.duration));
    reply.bulk('deleteSession');
    reply.boolean(info.deleteSession);
    reply.bulk('maxage');
    reply.integer(info.maxAgeMs / 1000);
    reply.bulk('pttl');
    reply.integer(milliseconds(info.timeLeft));
    reply.bulk('created');
    reply.integer(info.created);
    reply.bulk('bytes');
    reply.integer(info.bytes);
    reply.bulk('encoding');
    reply.bulk(info.encoding);
  },
});
