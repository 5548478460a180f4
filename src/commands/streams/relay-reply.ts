import type { Context } from '../../execution/context/context.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { StreamReply } from '../../store/remote-store.js';
import { STREAM_KEY } from '../../stream-key.js';
import { seesToken } from './write-entries.js';

/** Writes what a store has replied to an X command. @param command Its name in upper case. */
export function writeRelayReply(context: Context, command: string, answer: StreamReply): void {
  const { reply } = context;
  // No X command replies with a single text that is not a status.
  if (Buffer.isBuffer(answer)) {
    reply.simple(answer.toString('latin1'));
  } else if (answer === null) {
    reply.nullArray();
  } else {
    const writer = new Writer(reply, seesToken(context), command === 'XINFO');
    if (command === 'XREAD' || command === 'XREADGROUP') writer.writeRead(answer);
    else writer.write(answer);
  }
}

type Field = readonly Buffer[];

class Writer {
  readonly #reply: ReplyEncoder;
  readonly #withToken: boolean;
  /** Whether arrays that describe something are maps in RESP3. */
  readonly #hasMaps: boolean;

  constructor(reply: ReplyEncoder, withToken: boolean, hasMaps: boolean) {
    this.#reply = reply;
    this.#withToken = withToken;
    this.#hasMaps = hasMaps;
  }

  /** Writes the entries of XREAD. The store calls the key by another name. */
  writeRead(answer: StreamReply): void {
    const [[, entries]] = answer as readonly (readonly StreamReply[])[];
    const reply = this.#reply;
    if (reply.protocol === 3) {
      reply.map(1);
    } else {
      reply.array(1);
      reply.array(2);
    }
    reply.bulk(STREAM_KEY);
    this.write(entries);
  }

  write(answer: StreamReply): void {
    const reply = this.#reply;
    if (answer === null) reply.null();
    else if (typeof answer === 'number') reply.integer(answer);
    else if (Buffer.isBuffer(answer)) reply.bulk(answer);
    else if (isFields(answer) && !this.#withToken) this.#writeArray(withoutToken(answer));
    else if (this.#hasMaps && isDescription(answer)) this.#writeMap(answer);
    else this.#writeArray(answer);
  }

  #writeArray(items: readonly StreamReply[]): void {
    this.#reply.array(items.length);
    for (const item of items) this.write(item);
  }

  #writeMap(items: readonly StreamReply[]): void {
    this.#reply.map(items.length / 2);
    for (const item of items) this.write(item);
  }
}

/** Whether an array has the fields of an entry: alternating names and values. */
function isFields(items: readonly StreamReply[]): items is Field {
  return items.length >= 2 && items.length % 2 === 0 && String(items[0]) === 'event';
}

/** Whether an array has alternating names and values, in a reply of XINFO. */
function isDescription([first]: readonly StreamReply[]): boolean {
  const name = Buffer.isBuffer(first) ? first.toString('latin1') : '';
  return name === 'name' || name === 'length';
}

/** Leaves out the token of a session, and its copy in the data. */
function withoutToken(fields: Field): Field {
  const kept: Buffer[] = [];
  let token: Buffer | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i], fields[i + 1]];
    const text = name.toString('latin1');
    if (text === 'token') token = value;
    else kept.push(name, text === 'data' && token !== undefined ? dataWithout(token, value) : value);
  }
  return kept;
}

/** The first place with the token is the right one: before it there is only a name, in which quotes are escaped. */
function dataWithout(token: Buffer, data: Buffer): Buffer {
  const member = Buffer.concat([Buffer.from(',"token":"'), token, Buffer.from('"')]);
  const at = data.indexOf(member);
  return at < 0 ? data : Buffer.concat([data.subarray(0, at), data.subarray(at + member.length)]);
}
