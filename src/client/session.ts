import { checkFlag, checkText, checkWhole, MAX_SECONDS } from '../argument-checks.js';
import { type Bytes, checkConnection, type RedisConnection, request, requestBytes } from './connection.js';
import { bytesOf, type Fields, flatten, type Value } from './fields.js';
import { arrayOf, booleanOf, integerOf, mapOf, textOf, textOrNullOf } from './replies.js';
import { type SessionInfo, sessionInfoOf } from './session-info.js';

/**
 * One session on the server, addressed by its token. The object stores only the token: every method sends a command.
 *
 * If the session is gone, methods throw NoSessionError, except `exists`, `ttl`, `pttl`, `expire`, `pexpire`, `touch`
 * and `end`, which say so in their result. Other failures are RequestErrors. No error contains the token.
 *
 * Values are returned as text; `getBuffer` returns a value's bytes.
 */
export class Session {
  readonly #connection: RedisConnection;
  // Private, so that logging the object does not reveal it.
  #token: string;

  /** @throws TypeError if the connection cannot send commands or the token is not a string. */
  constructor(connection: RedisConnection, token: string) {
    checkConnection(connection);
    checkText('the token', token);
    this.#connection = connection;
    this.#token = token;
  }

  /** The token that opens the session: a credential. `rotate` changes it. */
  get token(): string {
    return this.#token;
  }

  // Life cycle

  /** Ends the session now and removes its data. Returns whether it existed. */
  async end(): Promise<boolean> {
    return booleanOf(await this.#request('SESSION.END'));
  }

  /** Returns whether the session exists. */
  async exists(): Promise<boolean> {
    return booleanOf(await this.#request('SESSION.EXISTS'));
  }

  /** Returns what is known about the session, except its data. */
  async info(): Promise<SessionInfo> {
    return sessionInfoOf(await this.#request('SESSION.INFO'));
  }

  /**
   * Returns the session's public id, which identifies it among the sessions of its name and opens nothing. It stays the
   * same when the token is replaced.
   */
  async id(): Promise<string> {
    return textOf(await this.#request('SESSION.ID'));
  }

  /** Returns the seconds until the deadline, rounded up. -1: there is no deadline. -2: there is no such session. */
  async ttl(): Promise<number> {
    return integerOf(await this.#request('SESSION.TTL'));
  }

  /**
   * Returns the milliseconds until the deadline, rounded up. -1: there is no deadline. -2: there is no such session.
   */
  async pttl(): Promise<number> {
    return integerOf(await this.#request('SESSION.PTTL'));
  }

  /**
   * Sets a new duration, which starts now. Returns whether the session exists.
   * @param ttl In whole seconds, up to 2147483647. 0: the session never expires.
   * @param deleteSession Whether the session ends when it expires; otherwise only its data is removed. By default
   *   unchanged.
   */
  async expire(ttl: number, deleteSession?: boolean): Promise<boolean> {
    checkWhole('ttl', ttl, 0, MAX_SECONDS);
    return booleanOf(await this.#request('SESSION.EXPIRE', String(ttl), ...flag(deleteSession)));
  }

  /** Like `expire`, but in milliseconds. */
  async pexpire(milliseconds: number, deleteSession?: boolean): Promise<boolean> {
    checkWhole('milliseconds', milliseconds, 0, MAX_SECONDS * 1000);
    return booleanOf(await this.#request('SESSION.PEXPIRE', String(milliseconds), ...flag(deleteSession)));
  }

  /** Restarts the duration. Returns whether one was running. */
  async touch(): Promise<boolean> {
    return booleanOf(await this.#request('SESSION.TOUCH'));
  }

  /**
   * Replaces the token. Returns the new token, and sets `token` to it. Data and deadline stay the same.
   * @param options.grace How many seconds the old token stays valid. 0: it becomes invalid immediately.
   */
  async rotate({ grace = 0 }: { grace?: number } = {}): Promise<string> {
    checkWhole('grace', grace, 0, MAX_SECONDS);
    const token = textOf(await this.#request('SESSION.ROTATE', ...(grace > 0 ? ['GRACE', String(grace)] : [])));
    this.#token = token;
    return token;
  }

  // Writing data

  /** Sets one or more keys. */
  async set(fields: Fields): Promise<void> {
    await this.#request('SESSION.SET', ...flatten(fields));
  }

  /**
   * Sets one or more keys, each for a duration of its own. They are removed when it has passed, or with the session.
   * @param ttl In whole seconds, from 1 to 2147483647.
   */
  async setEx(ttl: number, fields: Fields): Promise<void> {
    checkWhole('ttl', ttl, 1, MAX_SECONDS);
    await this.#request('SESSION.SETEX', String(ttl), ...flatten(fields));
  }

  /** Like `setEx`, but in milliseconds. */
  async psetEx(milliseconds: number, fields: Fields): Promise<void> {
    checkWhole('milliseconds', milliseconds, 1, MAX_SECONDS * 1000);
    await this.#request('SESSION.PSETEX', String(milliseconds), ...flatten(fields));
  }

  /** Removes the durations of keys, so that they last as long as the session. Returns how many keys had one. */
  async keyPersist(...keys: [Bytes, ...Bytes[]]): Promise<number> {
    return integerOf(await this.#request('SESSION.KEYPERSIST', ...keys));
  }

  /** Sets only those keys that do not exist yet. Returns how many were set. */
  async add(fields: Fields): Promise<number> {
    return integerOf(await this.#request('SESSION.ADD', ...flatten(fields)));
  }

  /** Sets a key to `value` if its current value is `expected`. Returns whether the key was set. */
  async cas(key: Bytes, expected: Value, value: Value): Promise<boolean> {
    return booleanOf(await this.#request('SESSION.CAS', key, bytesOf(expected), bytesOf(value)));
  }

  /**
   * Adds to an integer; a missing key counts as 0. Returns the sum, which is exact up to 2^53 although the server uses
   * 64 bits.
   */
  async incrBy(key: Bytes, increment: number | bigint): Promise<number> {
    return integerOf(await this.#request('SESSION.INCRBY', key, bytesOf(increment)));
  }

  /** Appends to a value; a missing key counts as empty. Returns the new length in bytes. */
  async append(key: Bytes, value: Value): Promise<number> {
    return integerOf(await this.#request('SESSION.APPEND', key, bytesOf(value)));
  }

  /** Removes keys. Returns how many existed. */
  async del(...keys: [Bytes, ...Bytes[]]): Promise<number> {
    return integerOf(await this.#request('SESSION.DEL', ...keys));
  }

  /** Removes all keys but keeps the session. Returns how many there were. */
  async clear(): Promise<number> {
    return integerOf(await this.#request('SESSION.CLEAR'));
  }

  /** Removes all keys and sets new ones in one operation. Returns how many were removed. */
  async clearSet(fields: Fields): Promise<number> {
    return integerOf(await this.#request('SESSION.CLEARSET', ...flatten(fields)));
  }

  // Reading data

  /** Returns a value as text, or null if the key does not exist. */
  async get(key: Bytes): Promise<string | null> {
    return textOrNullOf(await this.#request('SESSION.GET', key));
  }

  /** Returns a value as bytes, or null if the key does not exist. */
  async getBuffer(key: Bytes): Promise<Buffer | null> {
    return (await requestBytes(this.#connection, 'SESSION.GET', this.#token, key)) as Buffer | null;
  }

  /** Returns the value of each key, or null for a missing one. */
  async mGet(...keys: [Bytes, ...Bytes[]]): Promise<(string | null)[]> {
    return arrayOf(await this.#request('SESSION.MGET', ...keys), textOrNullOf);
  }

  /** Returns all keys and values, as text. */
  async getAll(): Promise<Record<string, string>> {
    return mapOf(await this.#request('SESSION.GETALL'), textOf);
  }

  /** Returns for each key whether it exists. */
  async contains(...keys: [Bytes, ...Bytes[]]): Promise<boolean[]> {
    return arrayOf(await this.#request('SESSION.CONTAINS', ...keys), booleanOf);
  }

  /**
   * Returns for each key the seconds until it expires, rounded up. -1: it has no duration of its own. -2: there is no
   * such key.
   */
  async keyTtl(...keys: [Bytes, ...Bytes[]]): Promise<number[]> {
    return arrayOf(await this.#request('SESSION.KEYTTL', ...keys), integerOf);
  }

  /** Like `keyTtl`, but in milliseconds. */
  async keyPttl(...keys: [Bytes, ...Bytes[]]): Promise<number[]> {
    return arrayOf(await this.#request('SESSION.KEYPTTL', ...keys), integerOf);
  }

  /** Returns all keys, as text. */
  async keys(): Promise<string[]> {
    return arrayOf(await this.#request('SESSION.KEYS'), textOf);
  }

  /** Returns the number of keys. */
  async count(): Promise<number> {
    return integerOf(await this.#request('SESSION.COUNT'));
  }

  // JSON

  /**
   * Returns the values that a path matches in the JSON of a key, as the server parses it: an array, or the value itself
   * for a legacy path such as `.cart`. Without a path, the whole value. Null if the key does not exist.
   * @param path A query of RFC 9535: `$.items[*].price`.
   * @throws RequestError (rejects) if a legacy path matches nothing.
   */
  async jsonGet(key: Bytes, path = '.'): Promise<unknown> {
    const text = textOrNullOf(await this.#request('SESSION.JSONGET', key, path));
    return text === null ? null : JSON.parse(text);
  }

  /**
   * Sets what a path matches in the JSON of a key; `$` is the whole value. Creates the key, or the member that the path
   * names. Returns whether anything was set.
   * @param value What JSON.stringify takes.
   * @param condition `NX`: only if nothing matches yet. `XX`: only if something does.
   */
  async jsonSet(key: Bytes, path: string, value: unknown, condition?: 'NX' | 'XX'): Promise<boolean> {
    const options = condition === undefined ? [] : [condition];
    return isOk(await this.#request('SESSION.JSONSET', key, path, jsonText(value), ...options));
  }

  /** Removes what a path matches in the JSON of a key; without a path, the key. Returns how many values. */
  async jsonDel(key: Bytes, path = '$'): Promise<number> {
    return integerOf(await this.#request('SESSION.JSONDEL', key, path));
  }

  /** Merges a value into what a path matches in the JSON of a key (RFC 7396). Returns whether there was such a place. */
  async jsonMerge(key: Bytes, path: string, value: unknown): Promise<boolean> {
    return isOk(await this.#request('SESSION.JSONMERGE', key, path, jsonText(value)));
  }

  /**
   * Appends to each array that a path matches in the JSON of a key.
   * @param path A query of RFC 9535, which begins with `$`.
   * @returns The new lengths; null for what is not an array.
   */
  async jsonArrAppend(key: Bytes, path: string, ...values: [unknown, ...unknown[]]): Promise<(number | null)[]> {
    const reply = await this.#request('SESSION.JSONARRAPPEND', key, path, ...values.map(jsonText));
    return arrayOf(reply, (length) => (length === null ? null : integerOf(length)));
  }

  /**
   * Adds to each number that a path matches in the JSON of a key.
   * @param path A query of RFC 9535, which begins with `$`.
   * @returns The sums; null for what is not a number. The server computes integers of 64 bits, and these are exact up
   *   to 2^53.
   */
  async jsonIncrBy(key: Bytes, path: string, increment: number): Promise<(number | null)[]> {
    const reply = await this.#request('SESSION.JSONINCRBY', key, path, jsonText(increment));
    // JSON text in RESP2, numbers in RESP3.
    return Array.isArray(reply)
      ? arrayOf(reply, (sum) => (sum === null ? null : Number(sum)))
      : JSON.parse(textOf(reply));
  }

  #request(command: string, ...args: Bytes[]): Promise<unknown> {
    return request(this.#connection, command, this.#token, ...args);
  }
}

/** Returns a value as JSON. @throws TypeError if JSON has no such value. */
function jsonText(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError('the value must be one that JSON has');
  return text;
}

/** Whether the reply is OK, and not null. */
const isOk = (reply: unknown) => reply !== null;

function flag(deleteSession: boolean | undefined): string[] {
  if (deleteSession === undefined) return [];
  checkFlag('deleteSession', deleteSession);
  return [deleteSession ? '1' : '0'];
}
