import type { Slice } from '../slice.js';
import type { RecordFields, RecordName, TokenRecord } from './records.js';

/** Where records go: the journal, or a base. What is given is copied. */
export interface RecordSink {
  /**
   * Appends a record.
   * @param rest Keys, or keys and values in turn, as the record's declaration says.
   * @throws RangeError for a number that is no integer from 0 to 2^53 - 1, or a rest that the record may not have; nothing is written then.
   */
  append<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest?: readonly Slice[]): void;

  /** Appends a SET record of one key: what a write is, as a rule. */
  appendSet(token: Slice, key: Slice, value: Slice): void;

  /**
   * Starts a record whose `rest` arguments are then given one by one to `item`. Until the last one was, nothing else may be done.
   * @throws RangeError as `append`.
   */
  begin<Name extends RecordName>(name: Name, fields: RecordFields<Name>, rest: number): void;

  /** As `begin`, for the records whose only field is a token: what most changes are. */
  beginAbout(name: TokenRecord, token: Slice, rest: number): void;

  /** Gives the next argument of the record that was begun. */
  item(bytes: Slice): void;
}
