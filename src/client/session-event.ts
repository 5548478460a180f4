/** The events that carry data: those after which a session's data is gone. */
export const SESSION_EVENT_NAMES = ['expired', 'cleared', 'ended', 'limit', 'maxage', 'replaced', 'evicted'] as const;

export type SessionEventName = (typeof SESSION_EVENT_NAMES)[number];

/** What happened to a session, with its last data. */
export type SessionEvent = WholeSessionEvent | TruncatedSessionEvent;

interface AnySessionEvent {
  readonly event: SessionEventName;
  readonly name: string;
  readonly token: string;
  /** When it happened, in Unix ms. */
  readonly at: number;
  /** When the session was created, in Unix ms. */
  readonly created: number;
}

/** An event with the session's data. */
export interface WholeSessionEvent extends AnySessionEvent {
  readonly truncated: false;
  /** The session's data. A value that is not valid UTF-8 is a Buffer. */
  readonly keys: Readonly<Record<string, string | Buffer>>;
}

/** An event of a session with more data than the server puts into a message (`event-data-max-bytes`). */
export interface TruncatedSessionEvent extends AnySessionEvent {
  readonly truncated: true;
  readonly keys?: undefined;
  /** How many keys the session had. */
  readonly count: number;
  /** The length of each value in bytes, for as many keys as fitted into the message. */
  readonly sizes: Readonly<Record<string, number>>;
}

type Json = string | { readonly base64: string };

/** Parses a message of a `__sessiondata__` channel. Returns undefined if it is not a session event. */
export function parseSessionEvent(message: string): SessionEvent | undefined {
  const json = parse(message);
  if (!isRecord(json)) return undefined;
  const { event, name, token, at, created, truncated = false, keys, count, sizes } = json;
  if (!isEventName(event) || !isJson(name)) return undefined;
  if (typeof token !== 'string' || !isNumber(at) || !isNumber(created)) return undefined;
  const common = { event, name: String(bytesOf(name)), token, at, created };
  if (truncated === true) {
    if (!isNumber(count) || !isRecordOf(sizes, isNumber)) return undefined;
    return { ...common, truncated, count, sizes: decoded(sizes, (size) => size) };
  }
  if (truncated !== false || !isRecordOf(keys, isJson)) return undefined;
  return { ...common, truncated, keys: decoded(keys, bytesOf) };
}

function parse(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

const isEventName = (value: unknown): value is SessionEventName =>
  (SESSION_EVENT_NAMES as readonly unknown[]).includes(value);

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
