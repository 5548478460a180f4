import type { Slice } from '../slice.js';

/**
 * All records of the journal, in one table. The encoder, the decoder and their types are made from it.
 *
 * Every record is absolute: it says which session a token leads to from then on, or what that session has, not how it
 * changes. Replayed in order and to the end, over any later state, the records lead to the same final state. Because of
 * this a base can be written while sessions change: the changes are in the increment as well, and replaying them does
 * no harm. `test/journal/replay.test.ts` checks this, and shows how to replay.
 *
 * For this to work, a record is about the session that currently has its token or, if the token is `@` and a name,
 * about the shared session of that name. If there is no such session, the record is ignored. So a shared session needs
 * no token, which saves an HMAC.
 *
 * Timestamps are unix ms on the journal's clock (`durability/wall-time.ts`). Times are in ms, except where a name says
 * seconds. 0 means none.
 */

/**
 * How an argument is written: `bytes` unchanged, an `integer` (0 to 2^53 - 1) in decimal digits, a `decimal` with up to
 * three digits after the point, `flags` as the letters of those that are set.
 */
type FieldType = 'bytes' | 'integer' | 'decimal' | 'flags';

/** What follows the fields: nothing, keys, or alternating keys and values. */
export type RestType = 'none' | 'keys' | 'pairs';

interface RecordDeclaration {
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly rest: RestType;
}

/** The properties of a session other than its token and its data. */
const SESSION_FIELDS = {
  name: 'bytes',
  duration: 'integer',
  /** When its current duration ends; 0 if none is running. */
  deadline: 'integer',
  /** When it was created, on the wall clock. The fraction orders sessions created within one millisecond. */
  created: 'decimal',
  maxAgeSeconds: 'integer',
  /** When MAXAGE ends the session. */
  maxAgeEnd: 'integer',
  flags: 'flags',
} as const;

export const RECORDS = {
  /** About how many sessions and names follow, so that room can be made for them. A base starts with it. */
  EXPECT: { fields: { sessions: 'integer', names: 'integer' }, rest: 'none' },
  /**
   * The token leads to this session, which has exactly these keys and values, no deadlines of keys, and no old tokens. If the token led to
   * another session, that one is removed with its old tokens; if it was an old token of another session, it no longer
   * leads there. The token is `@` and the name for a shared session whose token nobody has asked for. A shared session
   * replaces the one of the same name.
   */
  SESSION: { fields: { token: 'bytes', ...SESSION_FIELDS }, rest: 'pairs' },
  /**
   * Begins a session that is built piece by piece. It has this random token until it is REVEALED; SET, WRITE, DEL and
   * CLEAR records for it may follow. It cannot be found until then. A session that is still PREPARED at the end of the
   * journal is dropped.
   */
  PREPARED: { fields: { token: 'bytes' }, rest: 'none' },
  /**
   * The session prepared under `token` is complete. From now on `newToken` leads to it, as if SESSION had been written
   * with its keys and values.
   */
  REVEALED: { fields: { token: 'bytes', newToken: 'bytes', ...SESSION_FIELDS }, rest: 'none' },
  /** The session has these settings. Its keys and values stay. */
  SETTINGS: {
    fields: {
      token: 'bytes',
      duration: 'integer',
      deadline: 'integer',
      maxAgeSeconds: 'integer',
      maxAgeEnd: 'integer',
      flags: 'flags',
    },
    rest: 'none',
  },
  /** When the current duration of the session ends; 0 if none is running. */
  DEADLINE: { fields: { token: 'bytes', deadline: 'integer' }, rest: 'none' },
  /** The session's keys have these values and no deadlines. Other keys stay. */
  SET: { fields: { token: 'bytes' }, rest: 'pairs' },
  /**
   * The value of a key is cut, or padded with zero bytes, to `lengthBefore` bytes. Then these bytes are written at
   * `offset`, with zero bytes before them if the value is shorter than that.
   */
  WRITE: {
    fields: { token: 'bytes', key: 'bytes', offset: 'integer', lengthBefore: 'integer', bytes: 'bytes' },
    rest: 'none',
  },
  /** The key is removed at this time; 0 if it has no deadline of its own. Nothing if the session has no such key. */
  KEYDEADLINE: { fields: { token: 'bytes', key: 'bytes', deadline: 'integer' }, rest: 'none' },
  /** The session no longer has these keys. */
  DEL: { fields: { token: 'bytes' }, rest: 'keys' },
  /** The session has no keys. */
  CLEAR: { fields: { token: 'bytes' }, rest: 'none' },
  /**
   * `oldToken` leads to the session until `graceEnd`. If it was the token of another session, that one is removed with
   * its old tokens.
   */
  ALIAS: { fields: { token: 'bytes', oldToken: 'bytes', graceEnd: 'integer' }, rest: 'none' },
  /** The session has this public id, which does not follow from its token, because the session was rotated. */
  ID: { fields: { token: 'bytes', id: 'bytes' }, rest: 'none' },
  /**
   * The session has a new random token, which no session had before, and keeps its public id. Until `graceEnd` the
   * token `token` leads to it as an old token; if that is 0, it does not. If a session already has the new token, it is
   * this session in a later state. Then the session with `token` is removed, and its old tokens lead to the other one.
   */
  ROTATED: { fields: { token: 'bytes', newToken: 'bytes', graceEnd: 'integer' }, rest: 'none' },
  /** The session with this token is gone, with all its old tokens. */
  GONE: { fields: { token: 'bytes' }, rest: 'none' },
  /**
   * An entry of the event stream. It is ignored if the stream has had this entry or a later one. Ids and times of the
   * stream are on the wall clock.
   */
  EVENT: { fields: { ms: 'integer', n: 'integer', content: 'bytes' }, rest: 'none' },
  /** The id of the latest entry that the stream has had, and how many it has had. A base has it after the entries. */
  STREAM: { fields: { ms: 'integer', n: 'integer', added: 'integer' }, rest: 'none' },
  /** The stream has no entries up to this one. If `forgets` is 1, these are pending in no consumer group. */
  TRIMMED: { fields: { ms: 'integer', n: 'integer', forgets: 'integer' }, rest: 'none' },
  /**
   * There is a consumer group that has this position: the id of the entry that was delivered last, as clients read it,
   * and one more than the number of entries up to it, or 0 if that is unknown. `lost` entries were removed before it
   * acknowledged them. What is pending in it stays so.
   */
  GROUP: { fields: { group: 'bytes', lastId: 'bytes', read: 'integer', lost: 'integer' }, rest: 'none' },
  /** The consumer group is gone, with everything in it. */
  GROUPGONE: { fields: { group: 'bytes' }, rest: 'none' },
  /** The consumer group has this consumer, which asked for entries at `seenAt`. */
  CONSUMER: { fields: { group: 'bytes', consumer: 'bytes', seenAt: 'integer' }, rest: 'none' },
  /** The consumer is gone, with all that was pending for it. */
  CONSUMERGONE: { fields: { group: 'bytes', consumer: 'bytes' }, rest: 'none' },
  /**
   * Entries are pending for this consumer, of which there is one from now on, and for no other one of the group. Each
   * is four doubles, little-endian: the two parts of its id, when it was delivered last, and how often it was.
   */
  PENDING: { fields: { group: 'bytes', consumer: 'bytes', entries: 'bytes' }, rest: 'none' },
  /** Entries are not pending in the consumer group. Each is two doubles, little-endian: the parts of its id. */
  ACKNOWLEDGED: { fields: { group: 'bytes', entries: 'bytes' }, rest: 'none' },
  /** All sessions are gone. */
  FLUSH: { fields: {}, rest: 'none' },
  /** The last record of a data set. A data set without it has been cut off. The journal has none. */
  END: { fields: {}, rest: 'none' },
} as const satisfies Record<string, RecordDeclaration>;

export type RecordName = keyof typeof RECORDS;

/** Records whose only field is a token. */
export type TokenRecord = 'SET' | 'DEL' | 'CLEAR' | 'GONE' | 'PREPARED';

export const recordNames = Object.keys(RECORDS) as RecordName[];

type ValueOf<Type extends FieldType> = Type extends 'bytes' ? Slice : number;

/** The values of a record's fields, by name. */
export type RecordFields<Name extends RecordName> = {
  readonly [Field in keyof (typeof RECORDS)[Name]['fields']]: (typeof RECORDS)[Name]['fields'][Field] extends FieldType
    ? ValueOf<(typeof RECORDS)[Name]['fields'][Field]>
    : never;
};

/**
 * Returns the index of each field among a record's arguments: `const SESSION = fieldIndexes('SESSION')`, then
 * `record.integer(SESSION.deadline)`.
 */
export function fieldIndexes<Name extends RecordName>(
  name: Name,
): { readonly [Field in keyof (typeof RECORDS)[Name]['fields']]: number } {
  const fields = Object.keys(RECORDS[name].fields);
  return Object.fromEntries(fields.map((field, index) => [field, index])) as ReturnType<typeof fieldIndexes<Name>>;
}

/** The bits of a session's flags. */
export const SessionFlag = {
  DeleteSession: 1,
  Shared: 2,
  ExtendGet: 4,
  ExtendSet: 8,
  String: 16,
  Set: 32,
  SortedSet: 64,
} as const;

/**
 * The letters of the flags in the file, by bit: Delete session, Shared, extended by Get, extended by Write, a string
 * (one Value), a set (of Members), a sorted set (a Z in the names of its commands).
 */
export const FLAG_LETTERS = 'DSGWVMZ';
