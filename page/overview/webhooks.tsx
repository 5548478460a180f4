import type { LiveWebhook } from '../../src/http/live/live-data.js';
import { count } from '../format/count.js';
import { duration } from '../format/duration.js';
import { timestamp } from '../format/time.js';
import { Facts } from './facts.js';

const STATES: Record<LiveWebhook['state'], string> = {
  ok: 'ok',
  failing: 'the last request has failed',
  disabled: 'disabled: the receiver answered 410',
};

/** The webhooks: how far behind each receiver is, and whether it accepts what it is sent. */
export function Webhooks({ webhooks }: { webhooks: readonly LiveWebhook[] }) {
  return (
    <section class="card" aria-labelledby="webhooks-title">
      <h2 id="webhooks-title">Webhooks</h2>
      {webhooks.map((webhook) => (
        <section key={webhook.name} class="webhook" aria-label={webhook.name}>
          <h3>{webhook.name}</h3>
          <Facts facts={factsOf(webhook)} />
        </section>
      ))}
    </section>
  );
}

function factsOf(webhook: LiveWebhook): Record<string, string> {
  const { state, delivered, waiting, lagMs, failures, lastError, deadLetters, lastSuccess } = webhook;
  return {
    state: STATES[state],
    'last success': lastSuccess === undefined ? 'none yet' : timestamp(lastSuccess),
    'events delivered': count(delivered),
    'events that wait': count(waiting),
    lag: duration(lagMs),
    'requests that failed': count(failures),
    ...(lastError !== '' && { 'last failure': lastError }),
    'dead letters': count(deadLetters),
  };
}
