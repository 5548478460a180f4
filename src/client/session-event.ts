/** The events that carry data: those after which a session's data is gone. */
export const SESSION_EVENT_NAMES = ['expired', 'cleared', 'ended', 'limit', 'maxage', 'replaced', 'evicted'] as const;

export type SessionEventName = (typeof SESSION_EVENT_NAMES)[number];

/** The event of a key that expired by itself, while the rest of its session stays. */
export type KeyEventName = 'keyexpired';

/** What happened to a session, with its last data. */
export type SessionEvent = WholeSessionEvent | TruncatedSessionEvent;

/** What happened to a key of a session, with its last value. */
export type KeyEvent = WholeKeyEvent | TruncatedKeyEvent;

/** What the messages of an event say. */
export type EventOf<Name extends SessionEventName | KeyEventName> = Name extends KeyEventName ? KeyEvent : SessionEvent;

interface AnyEvent<Name> {
  readonly event: Name;
  readonly name: string;
  readonly token: string;
  /** When it happened, in Unix ms. */
  readonly at: number;
  /** When the session was created, in Unix ms. */
  readonly created: number;
}

/** An event with the session's data. */
export interface WholeSessionEvent extends AnyEvent<SessionEventName> {
  readonly truncated: false;
  /** The session's data. A value that is not valid UTF-8 is a Buffer. */
  readonly keys: Readonly<Record<string, string | Buffer>>;
}

/** An event of a session with more data than the server puts into a message (`event-data-max-bytes`). */
export interface TruncatedSessionEvent extends AnyEvent<SessionEventName> {
  readonly truncated: true;
  readonly keys?: undefined;
  /** How many keys the session had. */
  readonly count: number;
  /** The length of each value in bytes, for as many keys as fitted into the message. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** An event with the key's value. */
export interface WholeKeyEvent extends AnyEvent<KeyEventName> {
  readonly truncated: false;
  readonly key: string;
  /** A Buffer if it is not valid UTF-8. */
  readonly value: string | Buffer;
}

/** An event of a key with a longer value than the server puts into a message (`event-data-max-bytes`). */
export interface TruncatedKeyEvent extends AnyEvent<KeyEventName> {
  readonly truncated: true;
  /** Missing if not even the key fitted into the message. */
  readonly key?: string | undefined;
  readonly value?: undefined;
  /** The length of the value in bytes. */
  readonly size: number;
}

type Json = string | { readonly base64: string };

/**
 * Parses a message of a `__sessiondata__` channel. Returns undefined if it is not an event with this name.
 * @param orToken The token if the message has none.
 */
export function parseEvent<Name extends SessionEventName | KeyEventName>(
  event: Name,
  message: string,
  orToken?: string,
): EventOf<Name> | undefined {
  const json = parse(message);
  if (!isRecord(json) || json.event !== event) return undefined;
  json.token ??= orToken;
  const parsed = event === 'keyexpired' ? parseKeyEvent(event, json) : parseSessionEvent(event, json);
  return parsed as EventOf<Name> | undefined;
}

function parseSessionEvent(event: SessionEventName, json: Record<string, unknown>): SessionEvent | undefined {
  const { truncated = false, keys, count, sizes } = json;
  const common = commonOf(event, json);
  if (common === undefined) return undefined;
  if (truncated === true) {
    if (!isNumber(count) || !isRecordOf(sizes, isNumber)) return undefined;
    return { ...common, truncated, count, sizes: decoded(sizes, (size) => size) };
  }
  if (truncated !== false || !isRecordOf(keys, isJson)) return undefined;
  return { ...common, truncated, keys: decoded(keys, bytesOf) };
}

function parseKeyEvent(event: KeyEventName, json: Record<string, unknown>): KeyEvent | undefined {
  const { truncated = false, key, value, size } = json;
  const common = commonOf(event, json);
  if (common === undefined || !(key === undefined || isJson(key))) return undefined;
  const text = key === undefined ? undefined : String(bytesOf(key));
  if (truncated === true) return isNumber(size) ? { ...common, truncated, key: text, size } : undefined;
  if (truncated !== false || text === undefined || !isJson(value)) return undefined;
  return { ...common, truncated, key: text, value: bytesOf(value) };
}

/** Returns what all events have. */
function commonOf<Name>(event: Name, json: Record<string, unknown>): AnyEvent<Name> | undefined {
  const { name, token, at, created } = json;
  if (!isJson(name) || typeof token !== 'string' || !isNumber(at) || !isNumber(created)) return undefined;
  return { event, name: String(bytesOf(name)), token, at, created };
}

function parse(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isRecordOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is Record<string, T> {
  return isRecord(value) && Object.values(value).every(isItem);
}

const isJson = (value: unknown): value is Json =>
  typeof value === 'string' || (isRecord(value) && typeof value.base64 === 'string');

const bytesOf = (json: Json): string | Buffer => (typeof json === 'string' ? json : Buffer.from(json.base64, 'base64'));

const decoded = <T, U>(record: Record<string, T>, toValue: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [keyOf(key), toValue(value)]));

const BASE64 = 'base64:';

/** Keys are text, as in `getAll`. Bytes that are not valid UTF-8 become replacement characters. */
const keyOf = (json: string): string =>
  json.startsWith(BASE64) ? Buffer.from(json.slice(BASE64.length), 'base64').toString() : json;
