import { NO_SESSION, type Session, type SessionData } from '../../engine/index.js';
import { Slice } from '../../slice.js';
import { readPositive } from '../arguments/positive.js';
import { drawOne } from '../collections/draws.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { endIfEmpty, findKind } from '../keys/lookup.js';

export const spop: Command = {
  name: 'spop',
  summary: 'Removes random members from a set and returns them. Removes the key if no members remain.',
  complexity: 'O(N), where N is the number of members removed',
  group: 'set',
  flags: ['write', 'fast'],
  arity: -2,
  arguments: [
    { ...KEY, use: 'RW access delete' },
    { name: 'count', type: 'integer', optional: true },
  ],
  reply: 'the member, or null; with a count, set of members',
  run(context, args) {
    const { client, engine, reply, server } = context;
    const key = args.key(client);
    const count = readPositive(args);
    const session = findKind(engine, key, 'set');
    if (count !== undefined) reply.set(session === NO_SESSION ? 0 : Math.min(count, engine.data.count(session)));
    else if (session === NO_SESSION) reply.null();
    if (session === NO_SESSION || count === 0) return;
    take(engine.data, session, count ?? 1, (member) => reply.bulk(member));
    server.keyspaceEvents.notify('s', 'spop', key);
    endIfEmpty(context, key, session);
  },
};

/** Removes up to `count` random members. Visits each before it is removed. */
function take(data: SessionData, session: Session, count: number, visit: (member: Slice) => void): void {
  if (count >= data.count(session)) {
    data.forEachKey(session, visit);
    data.removeAllMembers(session);
    return;
  }
  for (let left = count; left > 0; left--) {
    const member = Slice.of(data.keyAt(session, drawOne(data.count(session))).copy());
    visit(member);
    data.removeMembers(session, [member]);
  }
}
