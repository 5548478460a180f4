import type { JsonBytes } from '../json-bytes.js';

/**
 * The requests and responses of the page's session API. Each is a POST with a JSON object as its body: names must not
 * be in URLs, which proxies log. The page imports these types, so this file imports only types.
 *
 * | path | request | response | runs | needs, besides `monitor` |
 * |---|---|---|---|---|
 * | `/api/names` | {@link NamesRequest} | {@link NamesResponse} | SESSION.NAMES | `read` |
 * | `/api/sessions` | {@link SessionsRequest} | {@link SessionsResponse} | SESSION.LIST | `read` |
 * | `/api/end-session` | {@link EndSessionRequest} | {@link EndResponse} | SESSION.ENDID | `write` |
 * | `/api/end-name` | {@link EndNameRequest} | {@link EndResponse} | SESSION.ENDNAME | `write` |
 *
 * Names, keys and values may hold any bytes. Those that are UTF-8 are strings, all others are in base64; both come back
 * unchanged. An error has a status from 400 on and an {@link ApiError} as its body.
 */
export interface SessionApi {
  readonly '/api/names': { readonly request: NamesRequest; readonly response: NamesResponse };
  readonly '/api/sessions': { readonly request: SessionsRequest; readonly response: SessionsResponse };
  readonly '/api/end-session': { readonly request: EndSessionRequest; readonly response: EndResponse };
  readonly '/api/end-name': { readonly request: EndNameRequest; readonly response: EndResponse };
}

export type SessionApiPath = keyof SessionApi;

export interface NamesRequest {
  /** A pattern as in SESSION.SCAN: `user:*`. All names by default. */
  readonly match?: JsonBytes;
  /** The cursor of the previous response; none for the first page. */
  readonly cursor?: string;
  /** About how many names to return, from 1 to 1000. 100 by default. */
  readonly count?: number;
}

export interface NamesResponse {
  /**
   * The cursor of the next page; undefined at the end. A page may have fewer names than asked for, even none, because a
   * request looks only at so many sessions as take little time.
   */
  readonly cursor?: string;
  readonly names: readonly ListedName[];
}

export interface ListedName {
  readonly name: JsonBytes;
  /** The number of its sessions. */
  readonly sessions: number;
}

export interface SessionsRequest {
  readonly name: JsonBytes;
  /** The cursor of the previous response; none for the first page. */
  readonly cursor?: string;
  /** How many sessions to return, from 1 to 1000. 50 by default. */
  readonly count?: number;
  /** The keys whose values to return. */
  readonly keys?: readonly JsonBytes[];
}

/** The sessions with a name, the oldest first. */
export interface SessionsResponse {
  /** The cursor of the next page; undefined at the end. A page may have fewer sessions than asked for. */
  readonly cursor?: string;
  readonly sessions: readonly ListedSession[];
}

export interface ListedSession {
  /** The public id. */
  readonly id: string;
  /** In unix ms. */
  readonly created: number;
  /** In unix ms; undefined if it has not been used since the server started. */
  readonly lastUsed?: number;
  /** Ms until the deadline; undefined if no deadline is pending. */
  readonly timeLeft?: number;
  /** The size of its keys and values. */
  readonly bytes: number;
  /** The number of its keys. */
  readonly keyCount: number;
  /** Its keys and the sizes of their values in bytes. Not all of them if there are very many. */
  readonly keys: readonly { readonly key: JsonBytes; readonly bytes: number }[];
  /** The values of the keys asked for, in the same order; null for a key that the session does not have. */
  readonly values: readonly (JsonBytes | null)[];
}

export interface EndSessionRequest {
  readonly name: JsonBytes;
  /** Public ids. */
  readonly ids: readonly string[];
}

export interface EndNameRequest {
  readonly name: JsonBytes;
}

export interface EndResponse {
  /** The number of sessions that were ended. */
  readonly ended: number;
}

export interface ApiError {
  /** The code of the command's error, such as NOPERM or LOADING; HTTP for a request that is no command. */
  readonly code: string;
  /** In words, without the code. */
  readonly error: string;
}
