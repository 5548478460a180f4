import { ERROR_CODES } from '../errors.js';
import { DURATION_BOUNDS, durationSample } from './histograms.js';
import type { MetricGroup } from './metric.js';

export const COMMAND_METRICS: MetricGroup = {
  title: 'Commands',
  metrics: [
    {
      type: 'histogram',
      name: 'respite_command_duration_seconds',
      help: 'Time from reading a request to its reply. Commands that never ran are left out.',
      labels: ['command'],
      bounds: DURATION_BOUNDS,
      read: ({ server }) =>
        server.statistics.lifetime.filter(({ count }) => count > 0).map((tally) => durationSample(tally, tally.name)),
    },
    {
      type: 'counter',
      name: 'respite_commands_failed_total',
      help: 'Calls that ran and ended with an error.',
      labels: ['command'],
      read: ({ server }) => server.statistics.lifetime.map(({ failed, name }) => [failed, name]),
    },
    {
      type: 'counter',
      name: 'respite_commands_rejected_total',
      help: 'Calls that were refused before they ran: wrong number of arguments, no permission, no memory.',
      labels: ['command'],
      read: ({ server }) => server.statistics.lifetime.map(({ rejected, name }) => [rejected, name]),
    },
    {
      type: 'counter',
      name: 'respite_errors_total',
      help: 'Errors that clients got, by code. OOM and MISCONF are refused writes.',
      labels: ['code'],
      read: ({ server }) => ERROR_CODES.map((code) => [server.counters.errorCodes[code], code]),
    },
  ],
};
