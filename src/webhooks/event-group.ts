import type { Answer } from '../store/answer.js';

/** What a webhook has to know of an event to deliver it. */
export interface GroupedEvent {
  /** The id of its entry in the stream. */
  readonly entry: string;
  readonly event: string;
  /** The name of the session, with one character per byte. */
  readonly name: string;
  /** The public id of the session. */
  readonly session: string;
  /** When it happened, in Unix ms. */
  readonly at: number;
  /** The length of its data in bytes. */
  readonly bytes: number;
}

/** An event with all that may leave the server. */
export interface EventContent extends GroupedEvent {
  /** When the session was created, in Unix ms. */
  readonly created: number;
  /** The JSON of its message in `__sessiondata__`, which contains the token. Undefined if the event has no data. */
  readonly data: Buffer | undefined;
}

/** A consumer group of the event stream, with one consumer: the webhook. */
export interface EventGroup {
  /**
   * Takes events that the group has not been given yet, the oldest first. They are pending from then on.
   * @returns None if there are none.
   */
  take(count: number): Answer<readonly GroupedEvent[]>;
  /**
   * Returns events that are pending from before, the oldest first.
   * @param after The entry after which to begin; undefined for the first.
   */
  pending(after: string | undefined, count: number): Answer<readonly GroupedEvent[]>;
  /** Returns pending events with their data; undefined for each that retention has removed. */
  contents(entries: readonly string[]): Answer<readonly (EventContent | undefined)[]>;
  acknowledge(entries: readonly string[]): Answer<void>;
  /** Events that the group has not been given yet. */
  readonly unread: number;
  /** Events that retention has removed although the group had not acknowledged them. */
  readonly lost: number;
}

/** The consumer groups of webhooks. */
export interface EventGroups {
  /** Makes the groups of webhooks that have none, which begin with the next event, and removes those of all others. */
  keep(webhooks: readonly string[]): Answer<void>;
  /** Returns the group of a webhook. */
  open(webhook: string): EventGroup;
  /** Calls back after events were appended. Returns a function that stops this. */
  onAppend(callback: () => void): () => void;
}
