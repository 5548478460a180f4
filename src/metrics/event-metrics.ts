import type { MetricGroup } from './metric.js';
import type { Scrape } from './scrape.js';

/** Sums and maxima over consumer groups: their names come from clients, so they are not labels. */
const groupsOf = ({ server }: Scrape) => server.eventStream?.groups() ?? [];

export const EVENT_METRICS: MetricGroup = {
  title: 'Event stream',
  metrics: [
    {
      type: 'gauge',
      name: 'respite_event_stream_entries',
      help: 'Entries of the event stream.',
      read: ({ server }) => server.eventStream?.length ?? 0,
    },
    {
      type: 'counter',
      name: 'respite_event_stream_appended_total',
      help: 'Entries appended to the event stream since it began, over restarts too.',
      read: ({ server }) => server.eventStream?.entriesAdded ?? 0,
    },
    {
      type: 'counter',
      name: 'respite_event_stream_lost_total',
      help: 'Entries that were removed from the event stream before a consumer group had acknowledged them, added up over the groups.',
      read: ({ server }) => server.eventStream?.lost ?? 0,
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
      help: 'Entries not delivered yet to the consumer group that is furthest behind. Groups whose position is unknown are left out.',
      read: (scrape) => groupsOf(scrape).reduce((most, { lag }) => Math.max(most, lag ?? 0), 0),
    },
  ],
};
