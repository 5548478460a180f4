import type { WebhookStatus } from '../webhooks/webhook-status.js';
import type { MetricGroup, Sample } from './metric.js';
import type { Scrape } from './scrape.js';

const labels = ['webhook'];

/** Returns a figure of each webhook. */
function each(read: (webhook: WebhookStatus) => number): (scrape: Scrape) => Sample[] {
  return ({ webhooks }) => webhooks.map((webhook) => [read(webhook), webhook.name]);
}

/** The label is the name of a webhook in the configuration. */
export const WEBHOOK_METRICS: MetricGroup = {
  title: 'Webhooks',
  metrics: [
    {
      type: 'gauge',
      name: 'respite_webhook_up',
      help: '1 if the last request of the webhook has succeeded, or there was none yet. 0 if it has failed, or if the webhook is disabled because its receiver has answered 410.',
      labels,
      read: each(({ state }) => Number(state === 'ok')),
    },
    {
      type: 'counter',
      name: 'respite_webhook_delivered_events_total',
      help: 'Events that the receiver has accepted.',
      labels,
      read: each(({ delivered }) => delivered),
    },
    {
      type: 'counter',
      name: 'respite_webhook_requests_total',
      help: 'Requests that have been sent.',
      labels,
      read: each(({ requests }) => requests),
    },
    {
      type: 'counter',
      name: 'respite_webhook_failed_requests_total',
      help: 'Requests that have failed. Each is repeated, unless its events are too old.',
      labels,
      read: each(({ failures }) => failures),
    },
    {
      type: 'counter',
      name: 'respite_webhook_dead_letters_total',
      help: 'Events that were not delivered: given up after the last attempt, or removed from the stream by retention.',
      labels,
      read: each(({ deadLetters }) => deadLetters),
    },
    {
      type: 'gauge',
      name: 'respite_webhook_waiting_events',
      help: 'Events that have not been delivered yet, including those that the webhook has not read and may not want.',
      labels,
      read: each(({ waiting }) => waiting),
    },
    {
      type: 'gauge',
      name: 'respite_webhook_lag_seconds',
      help: 'Age of the oldest event that the webhook has read and not delivered. 0 if there is none.',
      labels,
      read: each(({ lagMs }) => lagMs / 1000),
    },
    {
      type: 'gauge',
      name: 'respite_webhook_requests_in_flight',
      help: 'Requests that are under way.',
      labels,
      read: each(({ inFlight }) => inFlight),
    },
    {
      type: 'gauge',
      name: 'respite_webhook_last_success_timestamp_seconds',
      help: 'When the receiver last accepted a message. 0 if it has not since the start.',
      labels,
      read: each(({ lastSuccess }) => (lastSuccess ?? 0) / 1000),
    },
  ],
};
