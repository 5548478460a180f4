import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchPrefix, newFileId } from '../../src/journal/frames.js';
import { RecordDecoder, RecordError } from '../../src/journal/record-decoder.js';
import { RecordEncoder } from '../../src/journal/record-encoder.js';
import { FLAG_LETTERS, fieldIndexes, RECORDS, SessionFlag } from '../../src/journal/records.js';
import { Slice } from '../../src/slice.js';
import { anyRecord, append, bytes, type PlainRecord, plain } from './arbitrary-record.js';
import { parseFrames } from './parse-frames.js';

const PREFIX = batchPrefix(newFileId());

/** Encodes records, without a batch around them. */
function encoded(records: readonly PlainRecord[]): Buffer {
  const encoder = new RecordEncoder();
  for (const record of records) append(encoder, record);
  const batch = encoder.takeBatch(PREFIX);
  const [[, , , payload]] = parseFrames(batch) as [Buffer[]];
  return payload;
}

function decoded(bytes: Buffer): PlainRecord[] {
  const decoder = new RecordDecoder();
  const records: PlainRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    at = decoder.decode(bytes, at, bytes.length);
    records.push(plain(decoder));
  }
  return records;
}

/** Returns a record's arguments as redis-parser should read them. */
function argumentsOf({ name, fields, rest }: PlainRecord): string[] {
  const values = Object.entries(RECORDS[name].fields).map(([field, type]) => {
    const value = fields[field];
    if (typeof value === 'object') return value.toString('latin1');
    if (type === 'decimal') return Number.isInteger(value) ? String(value) : value.toFixed(3);
    return type === 'integer' ? String(value) : [...FLAG_LETTERS].filter((_, bit) => (value >> bit) & 1).join('');
  });
  return [name, ...values, ...rest.map((value) => value.toString('latin1'))];
}

describe('records', () => {
  it('are read as they were written, by the decoder and by redis-parser', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 20 }), (records) => {
        const bytes = encoded(records);
        expect(decoded(bytes)).toEqual(records);
        expect(parseFrames(bytes).map((args) => args.map((value) => value.toString('latin1')))).toEqual(
          records.map(argumentsOf),
        );
      }),
    );
  });

  it('with one key are the same from the faster encoder', () => {
    fc.assert(
      fc.property(bytes(300), bytes(300), bytes(300), (...parts) => {
        const [token, key, value] = parts.map(Slice.of);
        const [long, short] = [new RecordEncoder(), new RecordEncoder()];
        long.append('SET', { token }, [key, value]);
        short.appendSet(token, key, value);
        expect(short.takeBatch(PREFIX)).toEqual(long.takeBatch(PREFIX));
      }),
    );
  });

  it('can be read by a person', () => {
    const flags = SessionFlag.DeleteSession | SessionFlag.ExtendSet;
    const settings = { duration: 1800000, deadline: 1893456000000, maxAgeSeconds: 0, maxAgeEnd: 0, flags };
    const bytes = encoded([
      { name: 'SETTINGS', fields: { token: Buffer.from('abc'), ...settings }, rest: [] },
      { name: 'END', fields: {}, rest: [] },
    ]);
    expect(bytes.toString('latin1').replaceAll('\r\n', ' ')).toBe(
      '*7 $8 SETTINGS $3 abc $7 1800000 $13 1893456000000 $1 0 $1 0 $2 DW *1 $3 END ',
    );
    expect(fieldIndexes('SETTINGS')).toEqual({
      token: 0,
      duration: 1,
      deadline: 2,
      maxAgeSeconds: 3,
      maxAgeEnd: 4,
      flags: 5,
    });
  });

  it('can have values larger than a slab', () => {
    const large = Buffer.alloc(3_000_000, 'x');
    const record: PlainRecord = { name: 'SET', fields: { token: Buffer.from('t') }, rest: [large, large] };
    const records = decoded(encoded([record, record]));
    expect(records.flatMap(({ rest }) => rest.map((value) => value.equals(large)))).toEqual([true, true, true, true]);
  });

  it('are in memory that is reused only when no batch in it is needed any more', () => {
    const encoder = new RecordEncoder();
    const take = (n: number) => {
      encoder.append('GONE', { token: Slice.of(Buffer.alloc(400_000, n)) });
      return encoder.takeBatch(PREFIX);
    };
    const [one, two, three] = [take(1), take(2), take(3)];
    expect([two.buffer === one.buffer, three.buffer === one.buffer]).toEqual([true, false]);
    const copy = Buffer.from(two);
    encoder.recycle(one);
    take(4);
    const five = take(5);
    expect(five.buffer).not.toBe(one.buffer);
    expect(two.equals(copy)).toBe(true);
    encoder.recycle(two);
    take(6);
    expect(take(7).buffer).toBe(one.buffer);
  });

  it('do not change a batch that was taken before', () => {
    const encoder = new RecordEncoder();
    const gone = (n: number) => encoder.append('GONE', { token: Slice.of(Buffer.alloc(200, n)) });
    const batches = Array.from({ length: 3000 }, (_, n) => {
      gone(n);
      const batch = encoder.takeBatch(PREFIX);
      return { batch, copy: Buffer.from(batch) };
    });
    expect(batches.every(({ batch, copy }) => batch.equals(copy))).toBe(true);
  });

  it.each([-1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuse the number %d, and are not written',
    (n) => {
      const encoder = new RecordEncoder();
      expect(() => encoder.append('DEADLINE', { token: Slice.of('t'), deadline: n })).toThrow(RangeError);
      expect(encoder.length).toBe(0);
      expect(encoder.records).toBe(0);
    },
  );

  it('refuse invalid arguments', () => {
    const encoder = new RecordEncoder();
    const token = Slice.of('t');
    expect(() => encoder.append('SET', { token }, [token])).toThrow(RangeError);
    expect(() => encoder.append('CLEAR', { token }, [token])).toThrow(RangeError);
    expect(encoder.length).toBe(0);
  });

  it.each([
    ['an unknown name', '*1\r\n$4\r\nWHAT\r\n'],
    ['a name that starts like a known one', '*2\r\n$3\r\nSAT\r\n$1\r\nt\r\n'],
    ['too few fields', '*2\r\n$8\r\nDEADLINE\r\n$1\r\nt\r\n'],
    ['too many fields', '*3\r\n$4\r\nGONE\r\n$1\r\nt\r\n$1\r\nt\r\n'],
    ['a key without a value', '*3\r\n$3\r\nSET\r\n$1\r\nt\r\n$1\r\nk\r\n'],
    ['an invalid number', '*3\r\n$8\r\nDEADLINE\r\n$1\r\nt\r\n$1\r\nx\r\n'],
    ['a number that is too large', '*3\r\n$8\r\nDEADLINE\r\n$1\r\nt\r\n$16\r\n9007199254740992\r\n'],
    ['an empty number', '*3\r\n$8\r\nDEADLINE\r\n$1\r\nt\r\n$0\r\n\r\n'],
    ['an argument beyond the end', '*2\r\n$4\r\nGONE\r\n$9999999999\r\nt\r\n'],
    ['a huge count', '*9999999999\r\n$3\r\nSET\r\n$1\r\nt\r\n'],
    ['no arguments', '*0\r\n'],
    ['no array', '$4\r\nGONE\r\n'],
    ['no end', '*2\r\n$4\r\nGONE\r\n$1\r\nt'],
  ])('are refused if they have %s', (_, text) => {
    expect(() => decoded(Buffer.from(text))).toThrow(RecordError);
  });

  it('are refused or read, whatever their bytes are', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.nat({ max: 255 }),
        (records, at, byte) => {
          const bytes = Buffer.from(encoded(records));
          bytes[at % bytes.length] = byte;
          try {
            decoded(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(RecordError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
