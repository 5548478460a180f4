import { counted } from '../counted.js';
import type { Clock } from '../engine/index.js';
import type { EventLog } from '../log/log-events.js';
import type { EventStream } from '../stream/event-stream.js';
import { LocalGroups } from '../webhooks/local-groups.js';
import type { WebhookObserver } from '../webhooks/webhook.js';
import { isSame, type WebhookSetup } from '../webhooks/webhook-setup.js';
import type { WebhookStatus } from '../webhooks/webhook-status.js';
import type { Webhooks } from '../webhooks/webhooks.js';
import type { Faults } from './faults.js';
import type { Incidents } from './incidents.js';

interface RunnerParts {
  readonly setups: readonly WebhookSetup[];
  /** Undefined if the server has none. Then there are no webhooks either. */
  readonly stream: EventStream | undefined;
  readonly clock: Clock;
  readonly incidents: Incidents;
  readonly faults: Faults;
  readonly log: EventLog;
}

/** Runs the webhooks of a server, from the time when its stream is complete. Loads their code only if there are any. */
export class WebhookRunner {
  readonly #parts: RunnerParts;
  #setups: readonly WebhookSetup[];
  #webhooks: Webhooks | undefined;
  #loading: Promise<void> | undefined;
  #isStarted = false;
  #isClosed = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#setups = parts.setups;
  }

  get status(): readonly WebhookStatus[] {
    return this.#webhooks?.status ?? [];
  }

  /** Starts the webhooks. What is pending in the stream must be known by now. */
  start(): void {
    this.#isStarted = true;
    this.#apply();
  }

  /** Changes the webhooks, and enables those that are disabled. Returns whether they differ from the current ones. */
  replace(setups: readonly WebhookSetup[]): boolean {
    const before = this.#setups;
    this.#setups = setups;
    if (this.#isStarted) this.#apply();
    return setups.length !== before.length || setups.some((setup, index) => !isSame(setup, before[index]));
  }

  /** Call this about once a second. */
  beat(): void {
    // A receiver that is down is asked about once a minute. In between, the incident goes on.
    for (const { name, state, lastError } of this.status)
      if (state === 'failing') this.#reportFailure(name, lastError, 0);
  }

  /** Stops the webhooks. Resolves when nothing is under way, after a second at most. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#loading;
    await this.#webhooks?.close();
  }

  #apply(): void {
    const { stream, clock, faults } = this.#parts;
    if (stream === undefined || this.#isClosed) return;
    const groups = new LocalGroups(stream, clock);
    // At once, so that a webhook gets everything that happens from now on.
    faults.contain(() => groups.keep(this.#setups.map(({ line }) => line.name)));
    if (this.#webhooks !== undefined) this.#webhooks.replace(this.#setups);
    else if (this.#setups.length > 0) this.#loading ??= this.#load(groups).catch(faults.report);
  }

  async #load(groups: LocalGroups): Promise<void> {
    const { clock } = this.#parts;
    const { Webhooks } = await import('../webhooks/webhooks.js');
    if (this.#isClosed) return;
    this.#webhooks = new Webhooks({ groups, clock, random: Math.random, observer: this.#observer });
    this.#webhooks.replace(this.#setups);
  }

  readonly #observer: WebhookObserver = {
    onFailure: (webhook, reason) => this.#reportFailure(webhook, reason, 1),
    onDeadLetters: (webhook, events, reason) => {
      const [{ event, entry }] = events;
      const count = events.length;
      const which = count === 1 ? `the event ${event} ${entry}` : `${counted(count, 'event')} from ${entry} on`;
      const message = `the webhook ${webhook} gave up ${which}: ${reason}`;
      this.#parts.incidents.report('webhook-dead-letter', {
        message,
        fields: { webhook, reason, entry },
        subject: webhook,
        count,
      });
    },
    onGone: (webhook) => {
      const message = `the receiver of the webhook ${webhook} answered 410, so nothing more is sent to it until the configuration is reloaded`;
      this.#parts.log.warning(message, { event: 'webhook-gone', webhook });
    },
    onFault: (fault) => this.#parts.faults.report(fault),
  };

  #reportFailure(webhook: string, reason: string, count: number): void {
    const message = `a request of the webhook ${webhook} failed, and is repeated later: ${reason}`;
    this.#parts.incidents.report('webhook-failure', { message, fields: { webhook, reason }, subject: webhook, count });
  }
}
