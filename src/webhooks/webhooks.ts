import type { Clock } from '../engine/index.js';
import type { EventGroups } from './event-group.js';
import { HttpSender } from './http-sender.js';
import { TurnTime } from './turn-time.js';
import { Webhook, WebhookCounts, type WebhookObserver } from './webhook.js';
import { isSame, type WebhookSetup } from './webhook-setup.js';
import type { WebhookStatus } from './webhook-status.js';

interface WebhooksParts {
  readonly groups: EventGroups;
  readonly clock: Clock;
  /** Returns a number from 0 to 1, as Math.random does. */
  readonly random: () => number;
  readonly observer: WebhookObserver;
}

/** The webhooks of a server. */
export class Webhooks {
  readonly #parts: WebhooksParts;
  readonly #webhooks = new Map<string, { readonly setup: WebhookSetup; readonly webhook: Webhook }>();
  /** They outlive a change of a webhook, so that they never go back. */
  readonly #counts = new Map<string, WebhookCounts>();
  readonly #turn: TurnTime;
  readonly #stopWaking: () => void;
  /** Those that there are to be. */
  #wanted: ReadonlyMap<string, WebhookSetup> = new Map();
  /** Settled when all that has been asked for is done. */
  #changing: Promise<void> = Promise.resolve();

  constructor(parts: WebhooksParts) {
    this.#parts = parts;
    this.#turn = new TurnTime(parts.clock);
    this.#stopWaking = parts.groups.onAppend(() => {
      for (const { webhook } of this.#webhooks.values()) webhook.wake();
    });
  }

  get status(): WebhookStatus[] {
    return [...this.#webhooks.values()].map(({ webhook }) => webhook.status);
  }

  /**
   * Starts, changes and removes webhooks so that there are these, which must have groups. One that was changed goes on
   * where it was. One that was not, but is disabled, is enabled.
   */
  replace(setups: readonly WebhookSetup[]): void {
    this.#wanted = new Map(setups.map((setup) => [setup.line.name, setup]));
    const ended = [...this.#webhooks].filter(([name, { setup, webhook }]) => {
      const next = this.#wanted.get(name);
      return next === undefined || !isSame(setup, next) || webhook.status.state === 'disabled';
    });
    for (const [name] of ended) this.#webhooks.delete(name);
    // At once: one that goes on would make its group again after it was removed.
    const closing = Promise.all(ended.map(([, { webhook }]) => webhook.close()));
    this.#changing = this.#changing
      .then(() => closing)
      .then(() => this.#startWanted())
      .catch(this.#parts.observer.onFault);
  }

  /** Stops all webhooks. Resolves when nothing is under way, after a second at most. */
  async close(): Promise<void> {
    this.#stopWaking();
    await this.#changing;
    await Promise.all([...this.#webhooks.values()].map(({ webhook }) => webhook.close()));
  }

  #startWanted(): void {
    for (const name of this.#counts.keys()) if (!this.#wanted.has(name)) this.#counts.delete(name);
    for (const [name, setup] of this.#wanted) if (!this.#webhooks.has(name)) this.#start(name, setup);
  }

  #start(name: string, setup: WebhookSetup): void {
    const { groups, clock, random, observer } = this.#parts;
    const { line, ca, sign } = setup;
    const { url, isPrivate, concurrency: connections, timeoutMs } = line;
    const counts = this.#counts.get(name) ?? new WebhookCounts();
    this.#counts.set(name, counts);
    const webhook = new Webhook({
      line,
      group: groups.open(name),
      sender: new HttpSender({ url, ca, isPrivate, connections, timeoutMs, clock }),
      sign,
      counts,
      clock,
      turn: this.#turn,
      random,
      observer,
    });
    this.#webhooks.set(name, { setup, webhook });
    webhook.wake();
  }
}
