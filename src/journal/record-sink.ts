import type { Slice } from '../slice.js';
import type { RecordFields, RecordName, TokenRecord } from './records.js';

/** Takes records: the journal, or a base. Arguments are copied. */
export interface RecordSink {
  /**
   * Appends a record.
   * @param rest Keys, or alternating keys and values, as the record's declaration says.
   * @throws RangeError for a number that is not an integer from 0 to 2^53 - 1, or a rest that the record may not have.
   *   Nothing is written then.
   */
  append<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest?: readonly Slice[]): void;

  /** Appends a SET record of one key, which is what most writes are. */
  appendSet(token: Slice, key: Slice, value: Slice): void;

  /**
   * Starts a record. Its `rest` arguments must then be passed one by one to `item`, before anything else is called.
   * @throws RangeError as `append` does.
   */
  begin<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest: number): void;

  /** Like `begin`, for records whose only field is a token, which most records are. */
  beginAbout(name: TokenRecord, token: Slice, rest: number): void;

  /** Appends the next argument of the record that was begun. */
  item(bytes: Slice): void;
}
