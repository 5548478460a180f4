/** The events after which a session's data is gone. They tell it a last time. */
export type SessionEventName = 'expired' | 'cleared' | 'ended' | 'limit' | 'maxage' | 'replaced' | 'evicted';

/** What became of a session, and what it last was. */
export interface SessionEvent {
  readonly event: SessionEventName;
  readonly name: string;
  readonly token: string;
  /** When it happened, in unix ms. */
  readonly at: number;
  /** When the session was created, in unix ms. */
  readonly created: number;
  /** Its data. A value that is not UTF-8 is a Buffer. */
  readonly keys: Readonly<Record<string, string | Buffer>>;
}

type Json = string | { readonly base64: string };

/** A message of a `__sessiondata__` channel. */
export function parseSessionEvent(message: string): SessionEvent {
  const { name, keys, ...event } = JSON.parse(message) as Omit<SessionEvent, 'name' | 'keys'> & {
    name: Json;
    keys: Record<string, Json>;
  };
  return {
    ...event,
    name: String(bytesOf(name)),
    keys: Object.fromEntries(Object.entries(keys).map(([key, value]) => [keyOf(key), bytesOf(value)])),
  };
}

const bytesOf = (json: Json): string | Buffer => (typeof json === 'string' ? json : Buffer.from(json.base64, 'base64'));

const BASE64 = 'base64:';

/** Keys are text, as they are in `getAll`: bytes that are not UTF-8 become replacement characters. */
const keyOf = (json: string): string =>
  json.startsWith(BASE64) ? Buffer.from(json.slice(BASE64.length), 'base64').toString() : json;
