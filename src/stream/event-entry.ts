import { JsonWriter } from '../json-writer.js';
import { Slice } from '../slice.js';

/** An event of a session, as it is kept in an entry. Times are Unix ms. */
export interface EventFields {
  /** ASCII, up to 255 bytes. */
  readonly event: string;
  readonly name: Buffer;
  /** The public id and the token of the session: ASCII, up to 255 bytes. */
  readonly id: string;
  readonly token: string;
  readonly at: number;
  readonly created: number;
  /** The rest of the JSON with the data, after `beginMessage`. Undefined for an event without data. */
  readonly data: Slice | undefined;
}

/** Bytes before the texts of an entry. */
const HEADER = 18;
const NAME_LENGTH = 2;
const ID_LENGTH = 4;
const TOKEN_LENGTH = 5;
const AT = 6;
const CREATED = 12;
const TIME_BYTES = 6;

/** More than the longest beginning of a message: a name becomes at most six times as long. */
const LONGEST_START = 64 * 1024;

/** Writes the beginning of the JSON with a session's data, up to the data. */
export function beginMessage(
  json: JsonWriter,
  event: string,
  name: Slice,
  token: string | undefined,
  at: number,
  created: number,
): void {
  json.raw(`{"event":"${event}","name":`);
  json.value(name);
  if (token !== undefined) json.raw(`,"token":"${token}"`);
  json.raw(`,"at":${Math.floor(at)},"created":${Math.floor(created)}`);
}

/** Writes the content of entries. */
export class EventEntryWriter {
  #buffer = Buffer.alloc(1024);
  readonly #content = Slice.of(this.#buffer);

  /** Returns the content of an entry for an event, valid until the next call. */
  write({ event, name, id, token, at, created, data }: EventFields): Slice {
    const dataLength = data?.length ?? 0;
    const length = HEADER + event.length + name.length + id.length + token.length + dataLength;
    if (this.#buffer.length < length) this.#buffer = Buffer.alloc(length);
    const buffer = this.#buffer;
    buffer[0] = event.length;
    buffer[1] = data === undefined ? 0 : 1;
    buffer.writeUInt16LE(name.length, NAME_LENGTH);
    buffer[ID_LENGTH] = id.length;
    buffer[TOKEN_LENGTH] = token.length;
    buffer.writeUIntLE(Math.floor(at), AT, TIME_BYTES);
    buffer.writeUIntLE(Math.floor(created), CREATED, TIME_BYTES);
    let end = HEADER;
    end += buffer.write(event, end, 'latin1');
    end += name.copy(buffer, end);
    end += buffer.write(id, end, 'latin1');
    end += buffer.write(token, end, 'latin1');
    if (data !== undefined) end = data.writeTo(buffer, end);
    const content = this.#content.point(buffer, 0, end);
    // A long text is not kept.
    if (buffer.length > JsonWriter.KEPT_BYTES) this.#buffer = Buffer.alloc(1024);
    return content;
  }
}

const FIELD = {
  event: Slice.of('event'),
  name: Slice.of('name'),
  id: Slice.of('id'),
  token: Slice.of('token'),
  at: Slice.of('at'),
  created: Slice.of('created'),
  data: Slice.of('data'),
};

/** Reads the content of entries. One object serves many. What it returns is valid as long as the content. */
export class EventEntry {
  readonly #json = new JsonWriter();
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  /** Reads the entry with this content from now on. */
  read(content: Slice): this {
    this.#bytes = content.bytes;
    this.#start = content.start;
    this.#end = content.end;
    return this;
  }

  get event(): string {
    const start = this.#start + HEADER;
    return this.#bytes.toString('latin1', start, start + this.#bytes[this.#start]);
  }

  get name(): Slice {
    const start = this.#nameStart;
    return new Slice(this.#bytes, start, start + this.#nameLength);
  }

  /** The public id of the session. */
  get id(): string {
    const start = this.#idStart;
    return this.#bytes.toString('latin1', start, start + this.#bytes[this.#start + ID_LENGTH]);
  }

  /** The token of the session, which is a credential. */
  get token(): string {
    const start = this.#tokenStart;
    return this.#bytes.toString('latin1', start, start + this.#bytes[this.#start + TOKEN_LENGTH]);
  }

  /** When it happened, in Unix ms. */
  get at(): number {
    return this.#bytes.readUIntLE(this.#start + AT, TIME_BYTES);
  }

  /** When the session was created, in Unix ms. */
  get created(): number {
    return this.#bytes.readUIntLE(this.#start + CREATED, TIME_BYTES);
  }

  get hasData(): boolean {
    return this.#bytes[this.#start + 1] === 1;
  }

  /**
   * Returns the JSON with the session's data, as in the message on `__sessiondata__`, or undefined if the event has
   * none.
   * @param withToken Whether the JSON has the token.
   */
  data(withToken: boolean): Buffer | undefined {
    if (!this.hasData) return undefined;
    const json = this.#json;
    json.begin(LONGEST_START, '');
    beginMessage(json, this.event, this.name, withToken ? this.token : undefined, this.at, this.created);
    const start = this.#tokenStart + this.#bytes[this.#start + TOKEN_LENGTH];
    return Buffer.concat([json.take(), this.#bytes.subarray(start, this.#end)]);
  }

  /** Returns how many fields `forEachField` visits. */
  fieldCount(withToken: boolean): number {
    return 5 + (withToken ? 1 : 0) + (this.hasData ? 1 : 0);
  }

  /** Visits the fields that clients see, in their order: event, name, id, token, at, created, data. */
  forEachField(withToken: boolean, visit: (field: Slice, value: Slice) => void): void {
    visit(FIELD.event, Slice.of(this.event));
    visit(FIELD.name, this.name);
    visit(FIELD.id, Slice.of(this.id));
    if (withToken) visit(FIELD.token, Slice.of(this.token));
    visit(FIELD.at, Slice.of(`${this.at}`));
    visit(FIELD.created, Slice.of(`${this.created}`));
    const data = this.data(withToken);
    if (data !== undefined) visit(FIELD.data, Slice.of(data));
  }

  get #nameLength(): number {
    return this.#bytes.readUInt16LE(this.#start + NAME_LENGTH);
  }

  get #nameStart(): number {
    return this.#start + HEADER + this.#bytes[this.#start];
  }

  get #idStart(): number {
    return this.#nameStart + this.#nameLength;
  }

  get #tokenStart(): number {
    return this.#idStart + this.#bytes[this.#start + ID_LENGTH];
  }
}
