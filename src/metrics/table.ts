import { CLIENT_METRICS } from './client-metrics.js';
import { COMMAND_METRICS } from './command-metrics.js';
import { EVENT_METRICS } from './event-metrics.js';
import { MEMORY_METRICS } from './memory-metrics.js';
import type { MetricGroup } from './metric.js';
import { PERSISTENCE_METRICS } from './persistence-metrics.js';
import { SERVER_METRICS } from './server-metrics.js';
import { SESSION_METRICS } from './session-metrics.js';
import { STORE_METRICS } from './store-metrics.js';
import { WEBHOOK_METRICS } from './webhook-metrics.js';

/** All metrics. `docs/metrics.md` comes from this table. */
export const METRIC_GROUPS: readonly MetricGroup[] = [
  SESSION_METRICS,
  COMMAND_METRICS,
  CLIENT_METRICS,
  MEMORY_METRICS,
  EVENT_METRICS,
  PERSISTENCE_METRICS,
  STORE_METRICS,
  WEBHOOK_METRICS,
  SERVER_METRICS,
];
