import type { EngineStats } from '../../engine/index.js';
import { sessionCommand } from '../declaration/session-command.js';

/** The fields of the reply, in order, and where their values come from. */
const FIELDS: readonly (readonly [name: string, field: keyof EngineStats])[] = [
  ['sessions', 'sessions'],
  ['keys', 'keys'],
  ['bytes', 'bytes'],
  ['names', 'names'],
  ['created', 'created'],
  ['ended', 'ended'],
  ['expired', 'expired'],
  ['cleared', 'cleared'],
  ['keys_expired', 'keysExpired'],
  ['timed_keys', 'timedKeys'],
  ['extended', 'extended'],
  ['tick', 'tickMs'],
  ['slots', 'wheelSlots'],
  ['pending', 'pending'],
  ['late_p99', 'lateP99'],
];

export const sessionStats = sessionCommand({
  name: 'session.stats',
  summary: 'Returns counters of sessions and of the timing wheel.',
  complexity: 'O(1)',
  group: 'session',
  flags: ['readonly', 'fast'],
  arity: 1,
  arguments: [],
  reply:
    'map: sessions, keys, bytes, names, created, ended, expired, cleared, keys_expired, timed_keys, extended, tick (ms), slots, pending, late_p99 (ms)',
  inSteps: true,
  ask: (store) => store.stats(),
  write(reply, stats) {
    reply.map(FIELDS.length);
    for (const [name, field] of FIELDS) {
      reply.bulk(name);
      reply.integer(stats[field]);
    }
  },
});
