import { LATENESS_BOUNDS, latenessSample } from './histograms.js';
import type { MetricGroup } from './metric.js';

export const SESSION_METRICS: MetricGroup = {
  title: 'Sessions',
  metrics: [
    { type: 'gauge', name: 'respite_sessions', help: 'Number of sessions.', read: ({ stats }) => stats.sessions },
    {
      type: 'gauge',
      name: 'respite_session_names',
      help: 'Number of names that have sessions.',
      read: ({ stats }) => stats.names,
    },
    {
      type: 'gauge',
      name: 'respite_session_keys',
      help: 'Number of keys in all sessions.',
      read: ({ stats }) => stats.keys,
    },
    {
      type: 'gauge',
      name: 'respite_session_timed_keys',
      help: 'Number of keys that have a deadline of their own.',
      read: ({ stats }) => stats.timedKeys,
    },
    {
      type: 'counter',
      name: 'respite_session_keys_expired_total',
      help: 'Keys that were removed at deadlines of their own.',
      read: ({ stats }) => stats.keysExpired,
    },
    {
      type: 'gauge',
      name: 'respite_session_data_bytes',
      help: 'Bytes in the keys and values of all sessions.',
      read: ({ stats }) => stats.bytes,
    },
    {
      type: 'counter',
      name: 'respite_sessions_created_total',
      help: 'Sessions that were created.',
      read: ({ stats }) => stats.created,
    },
    {
      type: 'counter',
      name: 'respite_sessions_ended_total',
      help: 'Sessions that were ended by a command, by LIMIT or by MAXAGE, or replaced by another session.',
      read: ({ stats }) => stats.ended,
    },
    {
      type: 'counter',
      name: 'respite_sessions_expired_total',
      help: 'Sessions that were removed at their deadline.',
      read: ({ stats }) => stats.expired,
    },
    {
      type: 'counter',
      name: 'respite_sessions_cleared_total',
      help: 'Sessions that lost their data at their deadline, because deleteSession is off.',
      read: ({ stats }) => stats.cleared,
    },
    {
      type: 'counter',
      name: 'respite_sessions_evicted_total',
      help: 'Sessions that were ended to free memory.',
      read: ({ stats }) => stats.evicted,
    },
    {
      type: 'counter',
      name: 'respite_sessions_extended_total',
      help: 'Reads, writes and TOUCHes that restarted the duration of a session.',
      read: ({ stats }) => stats.extended,
    },
    {
      type: 'counter',
      name: 'respite_sessions_rotated_total',
      help: 'Sessions that got a new token.',
      read: ({ stats }) => stats.rotated,
    },
    {
      type: 'counter',
      name: 'respite_session_lookups_total',
      help: 'Look-ups of sessions by token or by shared name: result is found or missed.',
      labels: ['result'],
      read: ({ stats }) => [
        [stats.found, 'found'],
        [stats.missed, 'missed'],
      ],
    },
    {
      type: 'gauge',
      name: 'respite_wheel_pending_timers',
      help: 'Deadlines that the timing wheel keeps.',
      read: ({ stats }) => stats.pending,
    },
    {
      type: 'histogram',
      name: 'respite_expiry_lateness_seconds',
      help: 'Time from a deadline until it was processed: the session or key expired, and its event was published.',
      bounds: LATENESS_BOUNDS,
      read: ({ lateness }) => [latenessSample(lateness)],
    },
  ],
};
