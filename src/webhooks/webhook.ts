import type { Clock } from '../engine/index.js';
import { globMatcher } from '../glob.js';
import type { Answer } from '../store/answer.js';
import type { WebhookLine } from '../webhook-lines.js';
import { backoff } from './backoff.js';
import type { EventContent, EventGroup, GroupedEvent } from './event-group.js';
import { batchOf, messageIdOf, messageOf } from './message.js';
import { Pace } from './pace.js';
import type { Outcome, Sender } from './sender.js';
import { SessionOrder } from './session-order.js';
import type { Sign } from './signature.js';
import type { TurnTime } from './turn-time.js';
import type { WebhookStatus } from './webhook-status.js';

/** The most events that are read and not delivered. */
const MOST_WAITING = 1000;
/** The most events that are read in one turn of the event loop. */
const PAGE = 100;
/** The most data in a batch, in bytes. */
const BATCH_BYTES = 1024 * 1024;
/** While messages with so much data are under way, no more are sent, in bytes. */
const MOST_BYTES_IN_FLIGHT = 8 * 1024 * 1024;
/** The longest time between two attempts of one message, in ms. */
const LONGEST_WAIT = 3_600_000;
/** How long after reading events has failed it is tried again, in ms. */
const READ_AGAIN_MS = 1000;
/** How long a request that is under way may still take once the webhook is closed, in ms. */
const GRACE_MS = 1000;
/** The receiver wants nothing more, for good. */
const GONE = 410;

/** What a webhook has counted. It outlives a change of the webhook's configuration. */
export class WebhookCounts {
  requests = 0;
  failures = 0;
  delivered = 0;
  /** Events given up after the last attempt. */
  givenUp = 0;
  lastSuccess: number | undefined;
  lastError = '';
}

/** Notified of what an operator should know. */
export interface WebhookObserver {
  /** A request has failed. */
  onFailure(webhook: string, reason: string): void;
  /** Events were given up after their last attempt. */
  onDeadLetters(webhook: string, events: readonly GroupedEvent[], reason: string): void;
  /** The receiver wants nothing more. */
  onGone(webhook: string): void;
  /** An internal error. */
  onFault(fault: unknown): void;
}

interface WebhookParts {
  readonly line: WebhookLine;
  readonly group: EventGroup;
  readonly sender: Sender;
  /** Undefined if messages are not signed. */
  readonly sign: Sign | undefined;
  readonly counts: WebhookCounts;
  readonly clock: Clock;
  readonly turn: TurnTime;
  /** Returns a number from 0 to 1, as Math.random does. */
  readonly random: () => number;
  readonly observer: WebhookObserver;
}

/** A message that is on its way, or that waits for its next attempt. */
interface Delivery {
  readonly id: string;
  readonly events: readonly GroupedEvent[];
  /** Bytes of data. */
  readonly bytes: number;
  failures: number;
  /** When the next attempt is due, in ms on the clock. */
  dueAt: number;
}

/**
 * Posts events to a receiver. It reads a bounded number of them from its group, posts several at a time, but only one
 * for each session, and acknowledges what the receiver has accepted. So whatever happens to it, an event stays pending
 * in the group until it has been delivered or given up.
 */
export class Webhook {
  readonly #parts: WebhookParts;
  readonly #pace: Pace;
  readonly #order = new SessionOrder();
  readonly #isNameWanted: (name: string) => boolean;
  /** When each event happened that was read and is not settled, oldest first, by its entry. */
  readonly #waiting = new Map<string, number>();
  /** Those whose last attempt has failed. */
  #retries: Delivery[] = [];
  #inFlight = 0;
  #bytesInFlight = 0;
  /** The last entry of those that were pending when the webhook began; undefined once they have all been read. */
  #recovered: { readonly after: string | undefined } | undefined = { after: undefined };
  #isRunning = false;
  #isWoken = false;
  #isGone = false;
  #isClosed = false;
  #onIdle: () => void = () => {};
  #cancelTimer: () => void = () => {};

  constructor(parts: WebhookParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.line.concurrency, parts.random);
    this.#isNameWanted = globMatcher(parts.line.names);
  }

  /** Lets it look for events in the next turn of the event loop. This is cheap. */
  wake(): void {
    if (this.#isWoken || this.#isClosed || this.#isGone) return;
    this.#isWoken = true;
    this.#parts.clock.after(0, () => {
      this.#isWoken = false;
      void this.#run();
    });
  }

  /** Stops it. Resolves when nothing is under way, after a second at most. */
  async close(): Promise<void> {
    const { clock, sender } = this.#parts;
    this.#isClosed = true;
    this.#cancelTimer();
    if (this.#inFlight > 0) {
      const cancel = clock.after(GRACE_MS, () => sender.close());
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
      cancel();
    }
    sender.close();
  }

  get status(): WebhookStatus {
    const { line, group, counts, clock } = this.#parts;
    const { requests, failures, delivered, givenUp, lastSuccess, lastError } = counts;
    const [oldest] = this.#waiting.values();
    return {
      name: line.name,
      state: this.#isGone ? 'disabled' : this.#pace.isFailing ? 'failing' : 'ok',
      requests,
      failures,
      delivered,
      deadLetters: givenUp + group.lost,
      inFlight: this.#inFlight,
      waiting: this.#waiting.size + group.unread,
      lagMs: oldest === undefined ? 0 : Math.max(0, clock.wall() - oldest),
      lastSuccess,
      lastError,
    };
  }

  async #run(): Promise<void> {
    if (this.#isClosed || this.#isGone || this.#isRunning) return;
    this.#isRunning = true;
    try {
      const isMore = this.#parts.turn.isUp || (await this.#read());
      this.#isRunning = false;
      if (isMore) this.wake();
    } catch (fault) {
      this.#isRunning = false;
      this.#parts.observer.onFault(fault);
      this.#parts.clock.after(READ_AGAIN_MS, () => this.wake());
    }
    this.#sendSome();
  }

  /** Reads some events. Returns whether there may be more to read now. */
  async #read(): Promise<boolean> {
    const { line, group } = this.#parts;
    const room = Math.min(PAGE, MOST_WAITING - this.#waiting.size);
    if (room <= 0) return false;
    const events = await this.#next(room);
    const unwanted: string[] = [];
    for (const event of events) {
      if (line.events?.has(event.event) === false || !this.#isNameWanted(event.name)) {
        unwanted.push(event.entry);
      } else {
        this.#waiting.set(event.entry, event.at);
        this.#order.add(event);
      }
    }
    if (unwanted.length > 0) await group.acknowledge(unwanted);
    return events.length === room;
  }

  /** Returns events that have not been read: first those that were pending when the webhook began. */
  async #next(count: number): Promise<readonly GroupedEvent[]> {
    const { group } = this.#parts;
    if (this.#recovered !== undefined) {
      const pending = await group.pending(this.#recovered.after, count);
      if (pending.length > 0) {
        this.#recovered = { after: pending[pending.length - 1].entry };
        // There may be new ones besides.
        this.wake();
        return pending;
      }
      this.#recovered = undefined;
    }
    return group.take(count);
  }

  #sendSome(): void {
    if (this.#isClosed || this.#isGone) return;
    const now = this.#parts.clock.now();
    while (this.#maySend && this.#pace.notBefore <= now && !this.#parts.turn.isUp) {
      const delivery = this.#takeRetry(now) ?? this.#takeNew();
      if (delivery === undefined) break;
      void this.#deliver(delivery);
    }
    this.#setTimer(now);
  }

  get #maySend(): boolean {
    return this.#inFlight < this.#pace.allowed && this.#bytesInFlight < MOST_BYTES_IN_FLIGHT;
  }

  /** While the receiver is down, any message will do to see whether it is back. */
  #takeRetry(now: number): Delivery | undefined {
    const index = this.#retries.findIndex(({ dueAt }) => this.#pace.isDown || dueAt <= now);
    return index === -1 ? undefined : this.#retries.splice(index, 1)[0];
  }

  #takeNew(): Delivery | undefined {
    const events = this.#order.take(this.#parts.line.batch, BATCH_BYTES);
    if (events.length === 0) return undefined;
    const bytes = events.reduce((sum, event) => sum + event.bytes, 0);
    return { id: messageIdOf(events), events, bytes, failures: 0, dueAt: 0 };
  }

  /** Wakes up when the next request may begin. */
  #setTimer(now: number): void {
    this.#cancelTimer();
    // The end of a request wakes it as well.
    if (!this.#maySend) return;
    const isReady = this.#order.isReady || (this.#pace.isDown && this.#retries.length > 0);
    const due = isReady ? now : this.#retries.reduce((first, { dueAt }) => Math.min(first, dueAt), Infinity);
    const at = Math.max(due, this.#pace.notBefore);
    if (at < Infinity) this.#cancelTimer = this.#parts.clock.after(at - now, () => this.#sendSome());
  }

  async #deliver(delivery: Delivery): Promise<void> {
    this.#inFlight++;
    this.#bytesInFlight += delivery.bytes;
    try {
      const found = this.#contentsOf(delivery);
      // What is there at once is also sent at once, so that it counts for this turn.
      const contents = (found instanceof Promise ? await found : found).filter((content) => content !== undefined);
      // Otherwise retention has removed all of it.
      const outcome = contents.length === 0 ? undefined : await this.#post(delivery, contents);
      if (outcome === undefined || outcome.ok) await this.#settle(delivery);
      if (outcome?.ok) this.#succeed(contents.length);
      else if (outcome !== undefined && !this.#isClosed) await this.#fail(delivery, outcome);
    } catch (fault) {
      this.#parts.observer.onFault(fault);
      this.#retry(delivery);
    }
    this.#inFlight--;
    this.#bytesInFlight -= delivery.bytes;
    if (this.#isClosed && this.#inFlight === 0) this.#onIdle();
    this.#sendSome();
    this.wake();
  }

  /** Returns the events of a message with their data, and undefined for each that retention has removed. */
  #contentsOf({ events }: Delivery): Answer<readonly (EventContent | undefined)[]> {
    return this.#parts.group.contents(events.map(({ entry }) => entry));
  }

  #post({ id }: Delivery, contents: readonly EventContent[]): Promise<Outcome> {
    const { line, sender, sign, counts, clock } = this.#parts;
    const body = line.batch === 1 ? messageOf(contents[0], line.data) : batchOf(contents, line.data);
    const at = new Date(clock.wall());
    counts.requests++;
    return sender.send(
      {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        ...(sign !== undefined && { 'webhook-signature': sign(id, at, body) }),
      },
      body,
    );
  }

  #succeed(events: number): void {
    const { counts, clock } = this.#parts;
    counts.delivered += events;
    counts.lastSuccess = clock.wall();
    // It is back: what has failed meanwhile need not wait longer.
    if (this.#pace.isDown) for (const retry of this.#retries) retry.dueAt = 0;
    this.#pace.succeed();
  }

  async #fail(delivery: Delivery, { status, reason, retryAfterMs }: Outcome): Promise<void> {
    const { line, counts, clock, observer } = this.#parts;
    counts.failures++;
    counts.lastError = reason;
    if (status === GONE) {
      this.#isGone = true;
      this.#retries.push(delivery);
      observer.onGone(line.name);
      return;
    }
    this.#pace.fail(clock.now(), retryAfterMs);
    observer.onFailure(line.name, reason);
    // In a batch, old events may have young ones with them.
    const youngest = delivery.events.reduce((latest, { at }) => Math.max(latest, at), 0);
    if (clock.wall() - youngest < line.retryForMs) {
      this.#retry(delivery);
      return;
    }
    await this.#settle(delivery);
    counts.givenUp += delivery.events.length;
    observer.onDeadLetters(line.name, delivery.events, reason);
  }

  #retry(delivery: Delivery): void {
    const { clock, random } = this.#parts;
    delivery.failures++;
    delivery.dueAt = clock.now() + backoff(delivery.failures, LONGEST_WAIT, random);
    this.#retries.push(delivery);
  }

  /** Forgets events that are delivered, given up or gone. */
  async #settle({ events }: Delivery): Promise<void> {
    await this.#parts.group.acknowledge(events.map(({ entry }) => entry));
    for (const { entry } of events) this.#waiting.delete(entry);
    this.#order.done(events);
  }
}
