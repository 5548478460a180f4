import { counted } from '../counted.js';
import type { Clock } from '../engine/index.js';
import { CodedError } from '../errors.js';
import type { EventLog } from '../log/log-events.js';
import type { RemoteStream } from '../store/remote-store.js';
import type { EventStream } from '../stream/event-stream.js';
import type { EventGroups } from '../webhooks/event-group.js';
import { LocalGroups } from '../webhooks/local-groups.js';
import { RelayGroups } from '../webhooks/relay-groups.js';
import type { WebhookObserver } from '../webhooks/webhook.js';
import { isSame, type WebhookSetup } from '../webhooks/webhook-setup.js';
import type { WebhookStatus } from '../webhooks/webhook-status.js';
import type { Webhooks } from '../webhooks/webhooks.js';
import type { Faults } from './faults.js';
import type { Incidents } from './incidents.js';

/**
 * When a server takes over the stream of a store, it waits this long before it delivers, in ms. By then the previous
 * one has noticed (within two seconds) and has finished (within one). Otherwise both would deliver, and events of one
 * session could overtake each other.
 */
const TAKE_OVER_MS = 3000;
/** The errors of a store that does not answer. */
const STORE_FAILURES = new Set(['TRYAGAIN', 'CLUSTERDOWN', 'NOREPLICAS']);

interface RunnerParts {
  readonly setups: readonly WebhookSetup[];
  /** The stream of this process, if it has one. */
  readonly stream: EventStream | undefined;
  /** Returns the stream of the store, once the store is open. */
  remote(): RemoteStream | undefined;
  readonly clock: Clock;
  readonly incidents: Incidents;
  readonly faults: Faults;
  readonly log: EventLog;
}

/**
 * Runs the webhooks of a server, from the time when its stream is complete. Loads their code only if there are any. Of
 * the servers over a store, only the one that looks after the stream delivers.
 */
export class WebhookRunner {
  readonly #parts: RunnerParts;
  #setups: readonly WebhookSetup[];
  #webhooks: Webhooks | undefined;
  #loading: Promise<void> | undefined;
  /** Since when this process has looked after the stream of the store, on the clock; undefined if it does not. */
  #ownerSince: number | undefined;
  #isStarted = false;
  #isClosed = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#setups = parts.setups;
  }

  get status(): readonly WebhookStatus[] {
    return this.#webhooks?.status ?? [];
  }

  /**
   * Starts the webhooks. What is pending in the stream must be known by now. Resolves when they will get all that
   * happens. Never rejects.
   */
  async start(): Promise<void> {
    this.#isStarted = true;
    await this.#apply();
  }

  /** Changes the webhooks, and enables those that are disabled. Returns whether they differ from the current ones. */
  replace(setups: readonly WebhookSetup[]): boolean {
    const before = this.#setups;
    this.#setups = setups;
    if (this.#isStarted) void this.#apply();
    return setups.length !== before.length || setups.some((setup, index) => !isSame(setup, before[index]));
  }

  /** Call this about once a second. */
  beat(): void {
    if (this.#isStarted && this.#parts.stream === undefined) this.#followOwner();
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

  async #apply(): Promise<void> {
    const groups = this.#isClosed ? undefined : this.#groups;
    if (groups === undefined) return;
    if (this.#webhooks !== undefined) this.#webhooks.replace(this.#setups);
    else if (this.#setups.length > 0 && this.#isOwner)
      this.#loading ??= this.#load(groups).catch(this.#parts.faults.report);
    try {
      // A group of the store is made by whoever is first, so that nothing is missed until the owner begins.
      await groups.keep(this.#setups.map(({ line }) => line.name));
    } catch (fault) {
      this.#observer.onFault(fault);
    }
  }

  get #groups(): EventGroups | undefined {
    const { stream, clock } = this.#parts;
    if (stream !== undefined) return new LocalGroups(stream, clock);
    const remote = this.#parts.remote();
    return remote && new RelayGroups(remote, clock);
  }

  /** Whether this process is the one that delivers. */
  get #isOwner(): boolean {
    const { stream, clock } = this.#parts;
    if (stream !== undefined) return true;
    return this.#ownerSince !== undefined && clock.now() - this.#ownerSince >= TAKE_OVER_MS;
  }

  /** Begins when this process comes to look after the stream of the store, and ends when another one does. */
  #followOwner(): void {
    const { remote, clock } = this.#parts;
    this.#ownerSince = remote()?.status.ownsStream ? (this.#ownerSince ?? clock.now()) : undefined;
    if (this.#setups.length === 0 || this.#isOwner === (this.#loading !== undefined)) return;
    if (this.#isOwner) {
      void this.#apply();
      return;
    }
    const loaded = this.#loading;
    this.#loading = undefined;
    void loaded?.then(async () => {
      const webhooks = this.#webhooks;
      this.#webhooks = undefined;
      await webhooks?.close();
    });
  }

  async #load(groups: EventGroups): Promise<void> {
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
    onFault: (fault) => {
      // That the store does not answer is reported elsewhere. It is asked again.
      if (!(fault instanceof CodedError) || !STORE_FAILURES.has(fault.code)) this.#parts.faults.report(fault);
    },
  };

  #reportFailure(webhook: string, reason: string, count: number): void {
    const message = `a request of the webhook ${webhook} failed, and is repeated later: ${reason}`;
    this.#parts.incidents.report('webhook-failure', { message, fields: { webhook, reason }, subject: webhook, count });
  }
}
