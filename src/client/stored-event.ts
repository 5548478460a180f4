import { arrayOf, pairsOf } from './replies.js';
import { type KeyEvent, parseEvent, type SessionEvent } from './session-event.js';

/** An event of a session, as the server's event stream keeps it. */
export interface StoredEvent {
  /** The id of the entry, `<unix ms>-<number>`: the same each time that the event is passed to a listener. */
  readonly entryId: string;
  /** `new`, `expired`, `ended`, … */
  readonly event: string;
  /** The name of the session. */
  readonly name: string;
  /** The public id of the session. */
  readonly id: string;
  /** Missing if the user of the connection lacks the permission `read`. */
  readonly token: string | undefined;
  /** When it happened, in Unix ms. */
  readonly at: number;
  /** When the session was created, in Unix ms. */
  readonly created: number;
  /**
   * What `onEvent` passes for this event, with the data. Undefined for events that remove none, such as `new`. Its
   * `token` is empty if that of the event is missing.
   */
  readonly data: SessionEvent | KeyEvent | undefined;
}

/** Returns the events in an array of entries. Entries that are no longer in the stream are left out. */
export function storedEventsIn(entries: unknown): StoredEvent[] {
  return arrayOf(entries, storedEventOf).filter((event) => event !== undefined);
}

function storedEventOf(entry: unknown): StoredEvent | undefined {
  const [entryId, fields] = entry as [unknown, unknown[] | null];
  if (fields === null) return undefined;
  const all = new Map(pairsOf(fields).map(([field, value]) => [String(field), String(value)]));
  const text = (field: string) => all.get(field) ?? '';
  const data = all.get('data');
  return {
    entryId: String(entryId),
    event: text('event'),
    name: text('name'),
    id: text('id'),
    token: all.get('token'),
    at: Number(text('at')),
    created: Number(text('created')),
    data: data === undefined ? undefined : parseEvent(text('event') as 'expired', data, ''),
  };
}
