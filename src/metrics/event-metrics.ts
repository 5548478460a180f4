import type { GroupFigures } from '../store/remote-store.js';
import type { MetricGroup } from './metric.js';
import type { Scrape } from './scrape.js';

/** The stream in memory, or that of the store as of the latest look. */
const streamOf = ({ server }: Scrape) => server.eventStream ?? server.store?.streamFigures;

/** Sums and maxima over consumer groups: their names come from clients, so they are not labels. */
const groupsOf = ({ server }: Scrape): readonly GroupFigures[] =>
  server.eventStream?.groups() ?? server.store?.streamFigures?.groups ?? [];

const forwardingOf = ({ server }: Scrape) => server.store?.stream?.status;

export const EVENT_METRICS: MetricGroup = {
  title: 'Event stream',
  metrics: [
    {
      type: 'gauge',
      name: 'respite_event_stream_entries',
      help: 'Entries of the event stream.',
      read: (scrape) => streamOf(scrape)?.length ?? 0,
    },
    {
      type: 'counter',
      name: 'respite_event_stream_appended_total',
      help: 'Entries appended to the event stream since it began, over restarts too.',
      read: (scrape) => streamOf(scrape)?.entriesAdded ?? 0,
    },
    {
      type: 'counter',
      name: 'respite_event_stream_lost_total',
      help: 'Entries that were removed from the event stream before a consumer group had acknowledged them, added up over the groups. Over a store: those that this server has removed before a group had read them.',
      read: ({ server }) => server.eventStream?.lost ?? server.store?.stream?.status.lost ?? 0,
    },
    {
      type: 'gauge',
      name: 'respite_event_stream_groups',
      help: 'Consumer groups of the event stream.',
      read: (scrape) => groupsOf(scrape).length,
    },
    {
      type: 'gauge',
      name: 'respite_event_stream_pending',
      help: 'Entries delivered and not acknowledged, added up over the consumer groups.',
      read: (scrape) => groupsOf(scrape).reduce((sum, { pending }) => sum + pending, 0),
    },
    {
      type: 'gauge',
      name: 'respite_event_stream_lag',
      help: 'Entries not delivered yet to the consumer group that is furthest behind. Over a store, groups whose position is unknown are left out.',
      read: (scrape) => groupsOf(scrape).reduce((most, { unread }) => Math.max(most, unread ?? 0), 0),
    },
    {
      type: 'counter',
      name: 'respite_store_forwarded_events_total',
      help: 'Events that this server has appended to the event stream of the store.',
      read: (scrape) => forwardingOf(scrape)?.forwarded ?? 0,
    },
    {
      type: 'counter',
      name: 'respite_store_failed_forwarding_calls_total',
      help: 'Calls that failed while this server appended events to the event stream of the store. They were repeated.',
      read: (scrape) => forwardingOf(scrape)?.failures ?? 0,
    },
    {
      type: 'gauge',
      name: 'respite_store_forwarding_lag_seconds',
      help: 'For how long the oldest event that this server has to append to the event stream of the store has been waiting for it.',
      read: (scrape) => (forwardingOf(scrape)?.lag ?? 0) / 1000,
    },
  ],
};
