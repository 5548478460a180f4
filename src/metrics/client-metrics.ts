import type { MetricGroup } from './metric.js';

export const CLIENT_METRICS: MetricGroup = {
  title: 'Clients',
  metrics: [
    {
      type: 'gauge',
      name: 'respite_connections',
      help: 'Number of connected clients.',
      read: ({ server }) => server.clients.size,
    },
    {
      type: 'gauge',
      name: 'respite_connections_limit',
      help: 'The most clients that may be connected: the option maxclients.',
      read: ({ server }) => server.config.maxclients,
    },
    {
      type: 'counter',
      name: 'respite_connections_accepted_total',
      help: 'Connections that were accepted, including those that were then rejected.',
      read: ({ server }) => server.counters.connections,
    },
    {
      type: 'counter',
      name: 'respite_connections_rejected_total',
      help: 'Connections that were rejected: reason is maxclients, protected_mode or certificate.',
      labels: ['reason'],
      read: ({ server: { counters } }) => [
        [counters.rejectedByMaxclients, 'maxclients'],
        [counters.rejectedByProtectedMode, 'protected_mode'],
        [counters.rejectedByCertificate, 'certificate'],
      ],
    },
    {
      type: 'counter',
      name: 'respite_disconnections_total',
      help: 'Clients that the server disconnected. reason is output_limit (it did not read its replies or messages), query_limit (its request was too large), timeout (it was idle), client_memory (maxmemory-clients) or unauthenticated (it did not log in in time, or made room for another).',
      labels: ['reason'],
      read: ({ server: { counters } }) => [
        [counters.outputLimitDisconnections, 'output_limit'],
        [counters.queryLimitDisconnections, 'query_limit'],
        [counters.timedOut, 'timeout'],
        [counters.evictedClients, 'client_memory'],
        [counters.unauthenticatedDisconnections, 'unauthenticated'],
      ],
    },
    {
      type: 'counter',
      name: 'respite_authentications_failed_total',
      help: 'Failed attempts to authenticate.',
      read: ({ server }) => server.counters.deniedAuthentications,
    },
    {
      type: 'counter',
      name: 'respite_network_received_bytes_total',
      help: 'Bytes received from clients.',
      read: ({ server }) => server.counters.input,
    },
    {
      type: 'counter',
      name: 'respite_network_sent_bytes_total',
      help: 'Bytes sent to clients.',
      read: ({ server }) => server.counters.output,
    },
    {
      type: 'gauge',
      name: 'respite_pubsub_channels',
      help: 'Channels that have subscribers.',
      read: ({ server }) => server.pubsub.channelCount,
    },
    {
      type: 'gauge',
      name: 'respite_pubsub_patterns',
      help: 'Patterns that have subscribers.',
      read: ({ server }) => server.pubsub.patternCount,
    },
    {
      type: 'counter',
      name: 'respite_pubsub_messages_total',
      help: 'Messages passed to subscribers: a message for ten subscribers counts ten times.',
      read: ({ server }) => server.pubsub.delivered,
    },
    {
      type: 'gauge',
      name: 'respite_monitor_clients',
      help: 'Clients that run MONITOR, which slows the server down.',
      read: ({ server }) => server.monitors.size,
    },
  ],
};
