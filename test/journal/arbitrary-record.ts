import fc from 'fast-check';
import type { JournalRecord } from '../../src/journal/record-decoder.js';
import type { RecordEncoder } from '../../src/journal/record-encoder.js';
import { FLAG_LETTERS, RECORDS, type RecordName, recordNames } from '../../src/journal/records.js';
import { Slice } from '../../src/slice.js';

/** A record as the tests represent it. */
export interface PlainRecord {
  readonly name: RecordName;
  readonly fields: Record<string, Buffer | number>;
  readonly rest: readonly Buffer[];
}

export const bytes = (maxLength = 60) => fc.uint8Array({ maxLength, size: 'max' }).map((array) => Buffer.from(array));

const values = {
  bytes: bytes(),
  integer: fc.oneof(fc.maxSafeNat(), fc.nat(), fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER)),
  decimal: fc.oneof(
    fc.nat().map((thousandths) => 2e12 + thousandths / 1000),
    fc.maxSafeNat().map((number) => Math.min(number, Number.MAX_SAFE_INTEGER - 1)),
  ),
  flags: fc.nat({ max: 2 ** FLAG_LETTERS.length - 1 }),
};

function arbitraryOf(name: RecordName): fc.Arbitrary<PlainRecord> {
  const { fields, rest } = RECORDS[name];
  const pair = fc.tuple(bytes(), bytes()).map((two) => two as Buffer[]);
  const rests = {
    none: fc.constant([]),
    keys: fc.array(bytes(), { maxLength: 5 }),
    pairs: fc.array(pair, { maxLength: 5 }).map((pairs) => pairs.flat()),
  };
  return fc.record({
    name: fc.constant(name),
    fields: fc.record(Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, values[type]]))),
    rest: rests[rest],
  });
}

/** Any record, with any bytes. */
export const anyRecord: fc.Arbitrary<PlainRecord> = fc.oneof(...recordNames.map(arbitraryOf));

type Appends = Pick<RecordEncoder, 'append'>;

export function append(to: Appends, { name, fields, rest }: PlainRecord): void {
  const slices = Object.entries(fields).map(([field, value]) => [
    field,
    typeof value === 'number' ? value : Slice.of(value),
  ]);
  to.append(name, Object.fromEntries(slices) as never, rest.map(Slice.of));
}

/** Copies the record that was read. */
export function plain(record: JournalRecord): PlainRecord {
  const types = Object.entries(RECORDS[record.name].fields);
  const fields = types.map(([field, type], index) => [
    field,
    type === 'bytes' ? record.slice(index).copy() : record.integer(index),
  ]);
  const rest = Array.from({ length: record.count - record.fields }, (_, index) =>
    record.slice(record.fields + index).copy(),
  );
  return { name: record.name, fields: Object.fromEntries(fields), rest };
}

/** `SET <token> n <n>`: a record that contains its own number. */
export function numbered(n: number): PlainRecord {
  return { name: 'SET', fields: { token: Buffer.from('token') }, rest: [Buffer.from('n'), Buffer.from(String(n))] };
}

export function numberIn(record: JournalRecord): number {
  return Number(record.slice(record.count - 1));
}
