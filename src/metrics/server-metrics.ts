import { version as nodeVersion } from 'node:process';
import { DURATION_BOUNDS, durationSample, LATENESS_BOUNDS, latenessSample } from './histograms.js';
import type { MetricGroup } from './metric.js';

const MICROSECONDS = 1e6;

export const SERVER_METRICS: MetricGroup = {
  title: 'Server and process',
  metrics: [
    {
      type: 'gauge',
      name: 'respite_build_info',
      help: 'Always 1. The labels have the versions of respite and Node.js.',
      labels: ['version', 'node_version'],
      read: ({ server }) => [[1, server.version, nodeVersion]],
    },
    {
      type: 'gauge',
      name: 'respite_ready',
      help: '1 if clients should be sent here: what /readyz answers.',
      read: ({ readiness }) => Number([...readiness.values()].every((passes) => passes)),
    },
    {
      type: 'gauge',
      name: 'respite_ready_check',
      help: '1 for each check of /readyz that passes, 0 for each that fails.',
      labels: ['check'],
      read: ({ readiness }) => [...readiness].map(([check, passes]) => [Number(passes), check]),
    },
    {
      type: 'gauge',
      name: 'respite_process_start_time_seconds',
      help: 'When the server started, in unix time.',
      read: ({ server }) => server.started / 1000,
    },
    {
      type: 'counter',
      name: 'respite_process_cpu_seconds_total',
      help: 'CPU time of the process: mode is user or system.',
      labels: ['mode'],
      read: ({ processUsage: { userCPUTime, systemCPUTime } }) => [
        [userCPUTime / MICROSECONDS, 'user'],
        [systemCPUTime / MICROSECONDS, 'system'],
      ],
    },
    {
      type: 'histogram',
      name: 'respite_event_loop_delay_seconds',
      help: 'For how long the event loop kept a timer waiting, looked at 25 times a second. A stall can have been up to 40 ms longer.',
      bounds: LATENESS_BOUNDS,
      read: ({ server }) => [latenessSample(server.eventLoopDelay)],
    },
    {
      type: 'counter',
      name: 'respite_event_loop_active_seconds_total',
      help: 'Time that the event loop spent on work. At a rate of 1 the server is at its limit.',
      read: ({ runtime }) => runtime.activeMs / 1000,
    },
    {
      type: 'histogram',
      name: 'respite_gc_duration_seconds',
      help: 'Duration of the garbage collections of V8: kind is minor, major, incremental or weak_callbacks.',
      labels: ['kind'],
      bounds: DURATION_BOUNDS,
      read: ({ runtime }) => [...runtime.collections].map(([kind, durations]) => durationSample(durations, kind)),
    },
  ],
};
