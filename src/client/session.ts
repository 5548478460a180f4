import { checkFlag, checkText, checkWhole, MAX_SECONDS } from './argument-checks.js';
import { type Bytes, checkConnection, type RedisConnection, request, requestBytes } from './connection.js';
import { bytesOf, type Fields, flatten, type Value } from './fields.js';
import { arrayOf, booleanOf, integerOf, mapOf, textOf, textOrNullOf } from './replies.js';
import { type SessionInfo, sessionInfoOf } from './session-info.js';

/**
 * One session of the server's, reached by its token. It holds nothing of the session but that: every call is a
 * command, and each that needs the session throws NoSessionError when it is gone (`exists`, `ttl`, `pttl`, `expire`,
 * `pexpire`, `touch` and `end` tell it instead). What else goes wrong is a RequestError. Neither says the token.
 *
 * Values come back as text. `getBuffer` gives the bytes of one.
 */
export class Session {
  readonly #connection: RedisConnection;
  // Private, so that no log of the object shows it.
  #token: string;

  /** @throws TypeError unless the connection can send a command and the token is a string. */
  constructor(connection: RedisConnection, token: string) {
    checkConnection(connection);
    checkText('the token', token);
    this.#connection = connection;
    this.#token = token;
  }

  /** What opens the session: a credential. `rotate` changes it. */
  get token(): string {
    return this.#token;
  }

  // Its life

  /** Ends it now, with its data. Returns whether there was one. */
  async end(): Promise<boolean> {
    return booleanOf(await this.#request('SESSION.END'));
  }

  async exists(): Promise<boolean> {
    return booleanOf(await this.#request('SESSION.EXISTS'));
  }

  async info(): Promise<SessionInfo> {
    return sessionInfoOf(await this.#request('SESSION.INFO'));
  }

  /** Seconds to the deadline, rounded up; -1: none pending; -2: no such session. */
  async ttl(): Promise<number> {
    return integerOf(await this.#request('SESSION.TTL'));
  }

  /** Milliseconds to the deadline, rounded up; -1: none pending; -2: no such session. */
  async pttl(): Promise<number> {
    return integerOf(await this.#request('SESSION.PTTL'));
  }

  /**
   * Gives it a new duration, started now. Returns whether there is such a session.
   * @param ttl Whole seconds, to 2147483647; 0: it never expires.
   * @param deleteSession Whether its expiry ends it, or only removes its data. As it was, if left out.
   */
  async expire(ttl: number, deleteSession?: boolean): Promise<boolean> {
    checkWhole('ttl', ttl, 0, MAX_SECONDS);
    return booleanOf(await this.#request('SESSION.EXPIRE', String(ttl), ...flag(deleteSession)));
  }

  /** As `expire`, in milliseconds. */
  async pexpire(milliseconds: number, deleteSession?: boolean): Promise<boolean> {
    checkWhole('milliseconds', milliseconds, 0, MAX_SECONDS * 1000);
    return booleanOf(await this.#request('SESSION.PEXPIRE', String(milliseconds), ...flag(deleteSession)));
  }

  /** Starts its duration again. Returns whether one was running. */
  async touch(): Promise<boolean> {
    return booleanOf(await this.#request('SESSION.TOUCH'));
  }

  /**
   * Gives it a new token, which `token` is from then on. Data and deadline stay.
   * @param options.grace How many seconds the old token is good as well; 0: it stops at once.
   */
  async rotate({ grace = 0 }: { grace?: number } = {}): Promise<string> {
    checkWhole('grace', grace, 0, MAX_SECONDS);
    const token = textOf(await this.#request('SESSION.ROTATE', ...(grace > 0 ? ['GRACE', String(grace)] : [])));
    this.#token = token;
    return token;
  }

  // Writing its data

  /** Sets keys to values. One at least. */
  async set(fields: Fields): Promise<void> {
    await this.#request('SESSION.SET', ...flatten(fields));
  }

  /** Sets those keys that it does not have. Returns how many. */
  async add(fields: Fields): Promise<number> {
    return integerOf(await this.#request('SESSION.ADD', ...flatten(fields)));
  }

  /** Sets a key to `value` if it is `expected` now. Returns whether it was. */
  async cas(key: Bytes, expected: Value, value: Value): Promise<boolean> {
    return booleanOf(await this.#request('SESSION.CAS', key, bytesOf(expected), bytesOf(value)));
  }

  /**
   * Adds to an integer, which counts from 0 if it is missing. Returns the sum: exact to 2^53, though the server counts
   * with 64 bits.
   */
  async incrBy(key: Bytes, increment: number | bigint): Promise<number> {
    return integerOf(await this.#request('SESSION.INCRBY', key, bytesOf(increment)));
  }

  /** Adds bytes at the end of a value, which starts empty. Returns its new length in bytes. */
  async append(key: Bytes, value: Value): Promise<number> {
    return integerOf(await this.#request('SESSION.APPEND', key, bytesOf(value)));
  }

  /** Removes keys. Returns how many there were. */
  async del(...keys: [Bytes, ...Bytes[]]): Promise<number> {
    return integerOf(await this.#request('SESSION.DEL', ...keys));
  }

  /** Removes every key; the session stays. Returns how many there were. */
  async clear(): Promise<number> {
    return integerOf(await this.#request('SESSION.CLEAR'));
  }

  /** Removes every key, then sets others, in one operation. Returns how many were removed. */
  async clearSet(fields: Fields): Promise<number> {
    return integerOf(await this.#request('SESSION.CLEARSET', ...flatten(fields)));
  }

  // Reading it

  async get(key: Bytes): Promise<string | null> {
    return textOrNullOf(await this.#request('SESSION.GET', key));
  }

  /** The bytes of a value. */
  async getBuffer(key: Bytes): Promise<Buffer | null> {
    return (await requestBytes(this.#connection, 'SESSION.GET', this.#token, key)) as Buffer | null;
  }

  /** The value of each key, null where it is missing. */
  async mGet(...keys: [Bytes, ...Bytes[]]): Promise<(string | null)[]> {
    return arrayOf(await this.#request('SESSION.MGET', ...keys), textOrNullOf);
  }

  async getAll(): Promise<Record<string, string>> {
    return mapOf(await this.#request('SESSION.GETALL'), textOf);
  }

  /** Whether it has each key. */
  async contains(...keys: [Bytes, ...Bytes[]]): Promise<boolean[]> {
    return arrayOf(await this.#request('SESSION.CONTAINS', ...keys), booleanOf);
  }

  async keys(): Promise<string[]> {
    return arrayOf(await this.#request('SESSION.KEYS'), textOf);
  }

  /** How many keys it has. */
  async count(): Promise<number> {
    return integerOf(await this.#request('SESSION.COUNT'));
  }

  #request(command: string, ...args: Bytes[]): Promise<unknown> {
    return request(this.#connection, command, this.#token, ...args);
  }
}

function flag(deleteSession: boolean | undefined): string[] {
  if (deleteSession === undefined) return [];
  checkFlag('deleteSession', deleteSession);
  return [deleteSession ? '1' : '0'];
}
