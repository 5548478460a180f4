import { Push, type Reply, show } from '../tools/replies.js';
import { Link } from './link.js';
import type { Stage } from './stage.js';

const EVENTS = ['new', 'expired', 'cleared', 'ended', 'limit', 'maxage', 'evicted', 'rotated'] as const;
type Event = (typeof EVENTS)[number];
const LAST = new Set<Event>(['expired', 'ended', 'limit', 'maxage', 'evicted']);
/** Of so many sessions that have ended it is remembered that they have, twice as many at the most. */
const REMEMBERED = 100_000;

/** Holds the events of sessions against each other: which order is possible, and how many of each there were. */
export class EventLog {
  readonly #counts = new Map<Event, number>();
  /** Whether it has heard everything from the beginning. */
  readonly #complete: boolean;
  readonly #alive = new Set<string>();
  #ended = new Set<string>();
  #endedBefore = new Set<string>();

  constructor(complete: boolean) {
    this.#complete = complete;
  }

  count(event: Event): number {
    return this.#counts.get(event) ?? 0;
  }

  /** Tokens that were never heard to end. An old one, given up for a new one, is among them. */
  get open(): number {
    return this.#alive.size;
  }

  /** @throws Error if the event cannot have come then. */
  note(channel: string, token: string): void {
    const [, event] = /^__session__:(\w+):/.exec(channel) ?? [];
    if (!isEvent(event)) throw new Error(`a message on ${JSON.stringify(channel)}`);
    if (!/^[\w-]{22}$/.test(token)) throw new Error(`no token on ${channel}: ${JSON.stringify(token)}`);
    this.#counts.set(event, this.count(event) + 1);
    if (event === 'new' || event === 'rotated') {
      // The token of a shared session comes again, and so does one that a client has chosen.
      if (this.#alive.has(token)) throw new Error(`${channel}: there was ${token}`);
      this.#ended.delete(token);
      this.#endedBefore.delete(token);
      this.#alive.add(token);
      return;
    }
    if (this.#ended.has(token) || this.#endedBefore.has(token)) throw new Error(`${channel}: ${token} had ended`);
    if (this.#complete && !this.#alive.has(token)) throw new Error(`${channel}: ${token} was never new`);
    if (!LAST.has(event)) return;
    this.#alive.delete(token);
    this.#ended.add(token);
    if (this.#ended.size < REMEMBERED) return;
    this.#endedBefore = this.#ended;
    this.#ended = new Set();
  }
}

function isEvent(text: string | undefined): text is Event {
  return EVENTS.some((event) => event === text);
}

/** The channel and the message in a reply, if it is a message of a subscription by pattern. */
export function messageIn(reply: Reply, protocol: 2 | 3): { channel: string; message: string } | undefined {
  const items: Reply = reply instanceof Push && protocol === 3 ? reply.items : protocol === 2 ? reply : null;
  if (!Array.isArray(items) || items[0] !== 'pmessage') return undefined;
  const [, , channel, message] = items;
  if (items.length !== 4 || typeof channel !== 'string' || typeof message !== 'string') {
    throw new Error(`no message: ${show(reply)}`);
  }
  return { channel, message };
}

/** One who hears every event from the first to the last: what it has counted must be what INFO says. */
export class Auditor {
  readonly log = new EventLog(true);
  readonly #link: Link;

  private constructor(link: Link) {
    this.#link = link;
    link.intercept = (reply) => {
      const found = messageIn(reply, link.protocol);
      if (found !== undefined) this.log.note(found.channel, found.message);
      return found !== undefined;
    };
  }

  static async start(stage: Stage, protocol: 2 | 3): Promise<Auditor> {
    const link = await Link.open(stage, { name: `auditor-${protocol}`, protocol, unix: protocol === 2 });
    const auditor = new Auditor(link);
    await link.demand('PSUBSCRIBE', '__session__:*');
    return auditor;
  }

  /** Resolves when it has heard all that has happened. */
  async caughtUp(): Promise<void> {
    await this.#link.demand('PING');
  }

  async leave(): Promise<void> {
    this.#link.leave();
    await this.#link.ended;
  }
}
