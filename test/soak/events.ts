import { isToken } from '../tools/operations.js';
import { Push, type Reply, show } from '../tools/replies.js';
import { Link } from './link.js';
import type { Stage } from './stage.js';

const EVENTS = ['new', 'expired', 'cleared', 'ended', 'limit', 'maxage', 'evicted', 'rotated'] as const;
type Event = (typeof EVENTS)[number];
/** The events after which there is no such session. */
const FINAL = new Set<Event>(['expired', 'ended', 'limit', 'maxage', 'evicted']);
/** How many ended sessions are remembered at least; at most twice as many. */
const REMEMBERED = 100_000;

/** Checks that the events of each session arrive in a possible order, and counts them. */
export class EventLog {
  readonly #counts = new Map<Event, number>();
  /** It has received every event since the server started. */
  readonly #complete: boolean;
  readonly #alive = new Set<string>();
  #ended = new Set<string>();
  #endedBefore = new Set<string>();

  constructor(complete: boolean) {
    this.#complete = complete;
  }

  count(...events: readonly Event[]): number {
    return events.reduce((sum, event) => sum + (this.#counts.get(event) ?? 0), 0);
  }

  /** How many tokens have no final event. Tokens that were rotated are among them. */
  get open(): number {
    return this.#alive.size;
  }

  /** @throws Error if the event is impossible at this point. */
  note(channel: string, token: string): void {
    const [, name] = /^__session__:(\w+):/.exec(channel) ?? [];
    const event = EVENTS.find((one) => one === name);
    if (event === undefined) throw new Error(`a message on ${JSON.stringify(channel)}`);
    if (!isToken(token)) throw new Error(`not a token on ${channel}: ${JSON.stringify(token)}`);
    this.#counts.set(event, this.count(event) + 1);
    if (event === 'new' || event === 'rotated') {
      // A shared session's token returns, and so may one that a client has chosen.
      if (this.#alive.has(token)) throw new Error(`${channel}: ${token} already exists`);
      this.#ended.delete(token);
      this.#endedBefore.delete(token);
      this.#alive.add(token);
      return;
    }
    if (this.#ended.has(token) || this.#endedBefore.has(token)) throw new Error(`${channel}: ${token} had ended`);
    if (this.#complete && !this.#alive.has(token)) throw new Error(`${channel}: ${token} was never new`);
    if (!FINAL.has(event)) return;
    this.#alive.delete(token);
    this.#ended.add(token);
    if (this.#ended.size < REMEMBERED) return;
    this.#endedBefore = this.#ended;
    this.#ended = new Set();
  }
}

/** Passes the messages of a pattern subscription to a function. */
export function onMessage(link: Link, listener: (channel: string, message: string) => void): void {
  link.intercept = (reply) => {
    const items: Reply = link.protocol === 2 ? reply : reply instanceof Push ? reply.items : null;
    if (!Array.isArray(items) || items[0] !== 'pmessage') return false;
    const [, , channel, message] = items;
    if (items.length !== 4 || typeof channel !== 'string' || typeof message !== 'string') {
      throw new Error(`not a message: ${show(reply)}`);
    }
    listener(channel, message);
    return true;
  };
}

/** Receives every event from first to last. Its counts must equal those in INFO. */
export class Auditor {
  readonly log = new EventLog(true);
  readonly #link: Link;

  private constructor(link: Link) {
    this.#link = link;
    onMessage(link, (channel, message) => this.log.note(channel, message));
  }

  static async start(stage: Stage, protocol: 2 | 3): Promise<Auditor> {
    const link = await Link.join(stage, { name: `auditor-${protocol}`, protocol, unix: protocol === 2 });
    const auditor = new Auditor(link);
    await link.demand('PSUBSCRIBE', '__session__:*');
    return auditor;
  }

  /** Resolves when it has received the events of everything that has happened. */
  async caughtUp(): Promise<void> {
    await this.#link.demand('PING');
  }

  leave(): Promise<void> {
    return this.#link.leave();
  }
}
