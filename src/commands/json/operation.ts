import { JsonDocument } from '../../json/json-document.js';
import type { Work } from '../../json/limits.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';

/** A command on JSON, wherever the value is: in a plain key or in a session. */
export interface JsonOperation<Result> {
  /** Takes the arguments after the key. Returns what is to be done, which may be done several times. */
  read(args: Arguments): JsonAction<Result>;
  write(reply: ReplyEncoder, result: Result): void;
}

/**
 * Computes a result, and maybe a new value.
 * @param value The current value, or undefined if there is none. See `documentOf`.
 */
export type JsonAction<Result> = (value: Slice | undefined, work: Work) => Outcome<Result>;

export interface Outcome<Result> {
  readonly result: Result;
  /** The new value. Undefined if it stays as it is. */
  readonly text?: Buffer | undefined;
}

/** Returns the document that a value is. @throws CodedError if it is not JSON. */
export function documentOf(value: Slice, work: Work): JsonDocument {
  work.parse(value.length);
  return JsonDocument.parse(value.toBuffer(), 'the value of the key');
}
