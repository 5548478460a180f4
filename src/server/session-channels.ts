import { SESSION_EVENTS, type SessionEvent } from '../engine/index.js';
import type { Audience, PubSubHub } from './pubsub-hub.js';

/** The channels of one event and their audiences. */
interface EventChannels {
  readonly event: Audience;
  /** Set for events after which the data is gone: it is published one last time. */
  readonly data: Audience | undefined;
}

/**
 * The channels on which events of sessions are published: the token on `__session__:<event>:<name>` and, if the event
 * removes the data, the session with its last data on `__sessiondata__:<event>:<name>`.
 */
export type SessionChannels = Readonly<Record<SessionEvent, EventChannels>>;

export function sessionChannels(hub: PubSubHub): SessionChannels {
  const entries = Object.entries(SESSION_EVENTS).map(([event, gone]) => [
    event,
    {
      event: hub.audience(`__session__:${event}:`),
      data: gone === 'nothing' ? undefined : hub.audience(`__sessiondata__:${event}:`),
    },
  ]);
  return Object.fromEntries(entries) as SessionChannels;
}
