import type { MetricGroup } from './metric.js';

/** While sessions are in memory, these metrics are 0. */
export const STORE_METRICS: MetricGroup = {
  title: 'Store',
  metrics: [
    {
      type: 'gauge',
      name: 'respite_store_enabled',
      help: '1 if the sessions are in a store outside of the server (the option store). Otherwise all metrics of the store are 0. The metrics of sessions are then those of the whole store, and are the same on each server.',
      read: ({ store }) => Number(store !== undefined),
    },
    {
      type: 'gauge',
      name: 'respite_store_reachable',
      help: '1 if the store can serve all sessions.',
      read: ({ store }) => Number(store?.reachable ?? false),
    },
    {
      type: 'gauge',
      name: 'respite_store_nodes',
      help: 'Primaries of the store.',
      read: ({ store }) => store?.nodes.length ?? 0,
    },
    {
      type: 'gauge',
      name: 'respite_store_partitions',
      help: 'Partitions of the store.',
      read: ({ store }) => store?.partitions ?? 0,
    },
    {
      type: 'gauge',
      name: 'respite_store_owned_partitions',
      help: 'Partitions whose sessions this server expires. Over all servers they add up to the partitions of the store.',
      read: ({ store }) => store?.owned ?? 0,
    },
    {
      type: 'gauge',
      name: 'respite_store_processes',
      help: 'Servers that use the store, this one included.',
      read: ({ store }) => store?.processes ?? 0,
    },
    {
      type: 'counter',
      name: 'respite_store_calls_total',
      help: 'Calls to the store that were answered or failed.',
      read: ({ store }) => store?.calls ?? 0,
    },
    {
      type: 'counter',
      name: 'respite_store_failed_calls_total',
      help: 'Calls that failed because the store did not answer in time, or could not serve them.',
      read: ({ store }) => store?.failures ?? 0,
    },
    {
      type: 'counter',
      name: 'respite_store_call_seconds_total',
      help: 'Time from each call to its answer, added up. Divided by the calls, it is the latency of the store.',
      read: ({ store }) => (store?.totalMs ?? 0) / 1000,
    },
  ],
};
