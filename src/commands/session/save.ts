import type { Session } from '../../engine/index.js';
import { sessionOf } from '../../store/memory/find-session.js';
import type { Command } from '../declaration/command.js';
import { DATA_SET, TOKENS } from './grammar.js';

export const sessionSave: Command = {
  name: 'session.save',
  summary:
    'Saves all sessions, or only the given ones, as a new data set with the given name. Other clients are served meanwhile.',
  complexity: 'O(N), where N is the number of sessions and their keys',
  group: 'session',
  flags: ['admin', 'no_multi'],
  onlyInMemory: "use the store's own backups",
  arity: -2,
  arguments: [DATA_SET, { ...TOKENS, optional: true }],
  reply: 'map: name, sessions, keys, bytes (size of the file), milliseconds',
  async run({ engine, server, reply }, args) {
    const name = args.slice().latin1();
    const tokens = new Map<Session, Buffer>();
    const isPart = args.left > 0;
    while (args.left > 0) {
      const session = sessionOf(engine, args.slice());
      tokens.set(session, engine.tokenBytes(session).copy());
    }
    const { sessions, keys, bytes, ms } = await server.saves.save(name, isPart ? [...tokens.values()] : undefined);
    reply.map(5);
    reply.bulk('name');
    reply.bulk(name);
    reply.bulk('sessions');
    reply.integer(sessions);
    reply.bulk('keys');
    reply.integer(keys);
    reply.bulk('bytes');
    reply.integer(bytes);
    reply.bulk('milliseconds');
    reply.integer(Math.round(ms));
  },
};
