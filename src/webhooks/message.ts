import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { EventContent, GroupedEvent } from './event-group.js';

/** What precedes everything but the name and the token in the JSON of an event. */
const CREATED = Buffer.from(',"created":');
const COMMA = 0x2c;

/**
 * Returns what identifies the message of events over all attempts. The id of an entry is unique in its stream only, the
 * id of a session everywhere. Batches of other events have other ids, even if they begin with the same one: otherwise
 * a receiver that skips repetitions would lose the rest.
 */
export function messageIdOf(events: readonly GroupedEvent[]): string {
  const [{ entry, session }] = events;
  return `${entry}_${session}${events.length === 1 ? '' : `_${digestOf(events)}`}`;
}

function digestOf(events: readonly GroupedEvent[]): string {
  const hash = createHash('sha256');
  for (const { entry, session } of events) hash.update(`${entry}_${session} `);
  return hash.digest('base64url').slice(0, 22);
}

/** Makes a message of several events, with a list of their messages. */
export function batchOf(events: readonly EventContent[], withData: boolean): Buffer {
  const last = events[events.length - 1];
  const parts = events.map((event) => messageOf(event, withData));
  return Buffer.concat([
    Buffer.from(`{"type":"session.batch","timestamp":"${timestampOf(last)}","data":[`),
    ...parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(','), part])),
    Buffer.from(']}'),
  ]);
}

/**
 * Makes the message of an event: a JSON object with `type`, `timestamp` and `data`, as Standard Webhooks recommends. It
 * never contains the token.
 * @param withData Whether it has the data of the session.
 */
export function messageOf(content: EventContent, withData: boolean): Buffer {
  const { event, name, session, at, created, data } = content;
  const head =
    `{"type":"session.${event}","timestamp":"${timestampOf(content)}",` +
    `"data":{"event":"${event}","name":${nameAsJson(name)},"id":"${session}","at":${at},"created":${created}`;
  const rest = withData && data !== undefined ? dataIn(data) : Buffer.from('}');
  return Buffer.concat([Buffer.from(head), rest, Buffer.from('}')]);
}

function timestampOf({ at }: EventContent): string {
  return new Date(at).toISOString();
}

/** As in the messages of pub/sub: bytes that are not text are in base64. */
function nameAsJson(name: string): string {
  const bytes = Buffer.from(name, 'latin1');
  return isUtf8(bytes) ? JSON.stringify(bytes.toString()) : `{"base64":"${bytes.toString('base64')}"}`;
}

/**
 * Returns what follows `created` in the JSON of an event: the data, and the end of the object. A quote within a text is
 * escaped in JSON, so no text can contain what is searched for.
 */
function dataIn(json: Buffer): Buffer {
  const created = json.indexOf(CREATED);
  const comma = created === -1 ? -1 : json.indexOf(COMMA, created + CREATED.length);
  return comma === -1 ? Buffer.from('}') : json.subarray(comma);
}
