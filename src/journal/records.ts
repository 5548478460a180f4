import type { Slice } from '../slice.js';

/**
 * What the journal says: one table. The encoder, the decoder and their types are made from it.
 *
 * Every record is absolute: it says what a token leads to from then on, or what the session that bears it has, not what to do
 * to what was. Replayed over any later state, in order and to the end, the records lead to the state that they led to the
 * first time. That is what lets a base be written while sessions change: what happened meanwhile is in the increment as
 * well, and harmless. (`test/journal/replay.test.ts` holds it, and is a replay to copy.)
 *
 * For that, a record is about the session whose present token it names or, where that is `@` and a name, about the shared
 * session of the name; where there is no such session, it is ignored. So a shared session needs no token, which takes an HMAC.
 *
 * Instants are unix ms in the journal's time (`durability/wall-time.ts`), 0 for none; durations are ms and MAXAGE is s, 0 for none.
 */

/**
 * How an argument is written: `bytes` as they are, `integer` in decimal digits (0 to 2^53 - 1), `decimal` as one that may have a point and
 * three more digits, `flags` as the letters of those that are set.
 */
export type FieldType = 'bytes' | 'integer' | 'decimal' | 'flags';

/** What follows the fields: nothing, keys, or keys and values in turn. */
export type RestType = 'none' | 'keys' | 'pairs';

interface RecordDeclaration {
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly rest: RestType;
}

/** What a session is besides its token and its data. */
const SESSION_FIELDS = {
  name: 'bytes',
  duration: 'integer',
  /** When its running duration ends; 0 if none is running. */
  deadline: 'integer',
  /** On the wall clock. The fraction tells those of one millisecond apart. */
  created: 'decimal',
  maxAge: 'integer',
  /** When MAXAGE ends it. */
  maxAgeEnd: 'integer',
  flags: 'flags',
} as const;

export const RECORDS = {
  /** About so many sessions follow, of so many names: room may be made for them. A base starts with it. */
  EXPECT: { fields: { sessions: 'integer', names: 'integer' }, rest: 'none' },
  /**
   * The session of this token is this, with these keys and values and no others, and no old tokens, whatever the token led to
   * before: another session, which is gone with its old tokens, or as an old token to another session. The token is `@` and
   * the name for a shared session whose token nobody has asked for. A shared session takes the place of that of the same name.
   */
  SESSION: { fields: { token: 'bytes', ...SESSION_FIELDS }, rest: 'pairs' },
  /**
   * Begins a session that is put together piece by piece. It has this random token until it is REVEALED: SET, WRITE, DEL and CLEAR for it
   * may follow. It cannot be found until then, and one that is still PREPARED at the end of the journal is dropped.
   */
  PREPARED: { fields: { token: 'bytes' }, rest: 'none' },
  /** The session that was prepared under `token` is complete: `newToken` is this from now on, as SESSION says, with the keys and values that it has. */
  REVEALED: { fields: { token: 'bytes', newToken: 'bytes', ...SESSION_FIELDS }, rest: 'none' },
  /** The session has these settings; its keys and values stay. */
  SETTINGS: {
    fields: {
      token: 'bytes',
      duration: 'integer',
      deadline: 'integer',
      maxAge: 'integer',
      maxAgeEnd: 'integer',
      flags: 'flags',
    },
    rest: 'none',
  },
  /** The running duration of the session ends then; 0: none is running. */
  DEADLINE: { fields: { token: 'bytes', deadline: 'integer' }, rest: 'none' },
  /** These keys of the session have these values. */
  SET: { fields: { token: 'bytes' }, rest: 'pairs' },
  /**
   * The value of a key is cut to `lengthBefore` bytes, or filled up to as many with zero bytes, and then has these bytes from `offset` on,
   * with zero bytes before them if it does not reach so far.
   */
  WRITE: {
    fields: { token: 'bytes', key: 'bytes', offset: 'integer', lengthBefore: 'integer', bytes: 'bytes' },
    rest: 'none',
  },
  /** The session does not have these keys. */
  DEL: { fields: { token: 'bytes' }, rest: 'keys' },
  /** The session has no keys. */
  CLEAR: { fields: { token: 'bytes' }, rest: 'none' },
  /** `oldToken` leads to the session until `graceEnd`. The session that bore it, if any, is gone with its old tokens. */
  ALIAS: { fields: { token: 'bytes', oldToken: 'bytes', graceEnd: 'integer' }, rest: 'none' },
  /**
   * The session has another token from now on, a random one that no session had before. Until `graceEnd` this one leads to it as an old
   * token; 0: no old token does. If a session has the new token already, it is this session in a later state: the one with this token is
   * removed, and its old tokens lead to the other.
   */
  ROTATED: { fields: { token: 'bytes', newToken: 'bytes', graceEnd: 'integer' }, rest: 'none' },
  /** There is no session of this token, nor does any old token of it lead anywhere. */
  GONE: { fields: { token: 'bytes' }, rest: 'none' },
  /** There is no session. */
  FLUSH: { fields: {}, rest: 'none' },
  /** Nothing follows. It is the last record of a data set, which without it has been cut; the journal has none. */
  END: { fields: {}, rest: 'none' },
} as const satisfies Record<string, RecordDeclaration>;

export type RecordName = keyof typeof RECORDS;

/** Those whose only field is a token. */
export type TokenRecord = 'SET' | 'DEL' | 'CLEAR' | 'GONE' | 'PREPARED';

export const recordNames = Object.keys(RECORDS) as RecordName[];

type ValueOf<Type extends FieldType> = Type extends 'bytes' ? Slice : number;

/** The values of a record's fields, by name. */
export type RecordFields<Name extends RecordName> = {
  readonly [Field in keyof (typeof RECORDS)[Name]['fields']]: (typeof RECORDS)[Name]['fields'][Field] extends FieldType
    ? ValueOf<(typeof RECORDS)[Name]['fields'][Field]>
    : never;
};

/** Where each field of a record is among its arguments: `const SESSION = fieldIndexes('SESSION')`, then `record.integer(SESSION.deadline)`. */
export function fieldIndexes<Name extends RecordName>(
  name: Name,
): { readonly [Field in keyof (typeof RECORDS)[Name]['fields']]: number } {
  const fields = Object.keys(RECORDS[name].fields);
  return Object.fromEntries(fields.map((field, index) => [field, index])) as ReturnType<typeof fieldIndexes<Name>>;
}

/** Bits of a session's flags. */
export const SessionFlag = { DeleteSession: 1, Shared: 2, ExtendGet: 4, ExtendSet: 8, String: 16 } as const;

/** The letters of the flags in the file, by bit: Delete session, Shared, extended by Get, extended by set (Write), a string (one Value). */
export const FLAG_LETTERS = 'DSGWV';
