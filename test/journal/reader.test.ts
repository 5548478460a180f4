import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JournalFile } from '../../src/journal/file-system.js';
import {
  BATCH_TRAILER,
  batchPrefix,
  encodeFileHeader,
  FILE_HEADER_LENGTH,
  FORMAT_VERSION,
  frameBatch,
  MAX_BATCH_HEADER,
  newFileId,
} from '../../src/journal/frames.js';
import { JournalDamage } from '../../src/journal/journal-error.js';
import { type Foresight, readJournal } from '../../src/journal/reader.js';
import { type JournalRecord, RecordDecoder } from '../../src/journal/record-decoder.js';
import { RecordEncoder } from '../../src/journal/record-encoder.js';
import { Slice } from '../../src/slice.js';
import { anyRecord, append, numbered, numberIn, type PlainRecord, plain } from './arbitrary-record.js';
import { MemoryFileSystem } from './memory-file-system.js';
import { parseFrames } from './parse-frames.js';

const ID = newFileId();

function batchOf(records: readonly PlainRecord[], id = ID): Buffer {
  const encoder = new RecordEncoder();
  for (const record of records) append(encoder, record);
  return encoder.takeBatch(batchPrefix(id));
}

/** Returns the bytes of records, without the batch around them. */
function recordBytes(records: readonly PlainRecord[]): Buffer {
  if (records.length === 0) return Buffer.alloc(0);
  const batch = batchOf(records);
  const header = batch.indexOf('\r\n', batch.indexOf('$', batchPrefix(ID).length)) + 2;
  return batch.subarray(header, batch.length - BATCH_TRAILER);
}

/** Returns a file of batches, and the offset of each. */
function fileOf(batches: readonly Buffer[]) {
  let end = FILE_HEADER_LENGTH;
  const starts = batches.map((batch) => {
    end += batch.length;
    return end - batch.length;
  });
  return { bytes: Buffer.concat([encodeFileHeader(ID), ...batches]), starts };
}

async function read(bytes: Buffer) {
  const records: PlainRecord[] = [];
  const fileSystem = new MemoryFileSystem(new Map([['/increment.1', bytes]]));
  const report = await readJournal(fileSystem, '/increment.1', (record) => records.push(plain(record)));
  expect(fileSystem.openFiles).toBe(0);
  return { records, report };
}

async function damageOf(bytes: Buffer): Promise<JournalDamage> {
  const error = await read(bytes).catch((error) => error);
  expect(error).toBeInstanceOf(JournalDamage);
  return error;
}

const three = [batchOf([numbered(1)]), batchOf([numbered(2), numbered(3)]), batchOf([numbered(4)])];

describe('readJournal', () => {
  it('reads what was written, as redis-parser does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 5 }), { maxLength: 5 }),
        async (batches) => {
          const { bytes } = fileOf(batches.map((records) => batchOf(records)));
          const { records, report } = await read(bytes);
          expect(records).toEqual(batches.flat());
          expect(report).toEqual({
            batches: batches.length,
            records: batches.flat().length,
            bytes: bytes.length,
            tornTail: undefined,
          });
          expect(readByRedisParser(bytes)).toEqual(batches.flat());
        },
      ),
    );
  });

  it('reads batches that are larger than its window, and many small ones', async () => {
    const large: PlainRecord = {
      name: 'SET',
      fields: { token: Buffer.from('t') },
      rest: [Buffer.from('k'), Buffer.alloc(5_000_000, 'v')],
    };
    const small = Array.from({ length: 2000 }, (_, batch) =>
      Array.from({ length: 10 }, (_, n) => numbered(10 * batch + n)),
    );
    const batches = [...small, [large], ...small, [large]];
    const records = batches.flat();
    const result = await read(fileOf(batches.map((batch) => batchOf(batch))).bytes);
    expect(result.records.length).toBe(records.length);
    expect(result.records.every(({ rest }, index) => rest[1].equals(records[index].rest[1]))).toBe(true);
  });

  it('drops the last batch if it is cut at any byte', async () => {
    const { bytes, starts } = fileOf(three);
    for (let length = starts[2]; length < bytes.length; length++) {
      const { records, report } = await read(bytes.subarray(0, length));
      expect(records).toEqual([1, 2, 3].map(numbered));
      const cut = length - starts[2];
      expect(report.tornTail).toEqual(cut === 0 ? undefined : { offset: starts[2], bytes: cut });
    }
  });

  it('reads all complete batches, wherever the file ends', async () => {
    const { bytes, starts } = fileOf(three);
    for (let length = FILE_HEADER_LENGTH; length <= bytes.length; length++) {
      const whole = starts.filter((start, index) => start + three[index].length <= length).length;
      expect((await read(bytes.subarray(0, length))).report.batches).toBe(whole);
    }
  });

  it('refuses a file in which any byte has changed, and says where', async () => {
    const { bytes, starts } = fileOf(three);
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [1, 2, 4, 8, 16, 32, 64, 128, bytes[at]]) {
        const changed = Buffer.from(bytes);
        changed[at] ^= change;
        const error = await read(changed).catch((error) => error);
        // Another version is not damage.
        if (error.message?.includes('version')) continue;
        expect(error).toBeInstanceOf(JournalDamage);
        expect(error).toMatchObject({ file: '/increment.1', offset: [0, ...starts].findLast((start) => start <= at) });
        expect(error.message).not.toContain('token');
      }
    }
  });

  it('says what to do', async () => {
    const { bytes, starts } = fileOf(three);
    bytes[starts[1] + three[1].length - 5] ^= 1;
    expect((await damageOf(bytes)).message).toBe(
      `/increment.1 is damaged at byte ${starts[1]}: the checksum of a batch is wrong, and good batches follow at byte ${starts[2]}; ` +
        '"respite check /increment.1" shows what can be kept, and "respite check /increment.1 --fix" keeps it',
    );
  });

  it('drops what was not written before a power failure and reads as zeros', async () => {
    const long = batchOf(Array.from({ length: 100 }, (_, n) => numbered(n)));
    const { bytes, starts } = fileOf([...three, long]);
    const start = starts[3];
    // Zeros from the last batch, or any sector of it, to the end of the file.
    for (let from = start; from < bytes.length - 10; from = (Math.floor(from / 512) + 1) * 512) {
      const torn = Buffer.from(bytes);
      torn.fill(0, from);
      expect((await read(torn)).report.tornTail).toEqual({ offset: start, bytes: bytes.length - start });
    }
    // Zeros in a sector in its middle.
    const sector = (Math.floor(start / 512) + 2) * 512;
    const holed = Buffer.from(bytes);
    holed.fill(0, sector, sector + 512);
    expect((await read(holed)).report.tornTail?.offset).toBe(start);
    // Zeros after it, because the file became longer before it was written.
    const grown = Buffer.concat([bytes, Buffer.alloc(5000)]);
    expect((await read(grown)).report).toMatchObject({ batches: 4, tornTail: { offset: bytes.length, bytes: 5000 } });
  });

  it('does not mistake a batch in a value for one of its own', async () => {
    // A client can write this: it knows the format, but not the id of the file.
    const forged = batchOf([{ name: 'END', fields: {}, rest: [] }], newFileId());
    const record = { ...numbered(1), rest: [Buffer.from('k'), Buffer.concat([forged, forged])] };
    const { bytes, starts } = fileOf([batchOf([numbered(1)]), batchOf([record])]);
    for (let length = starts[1] + 1; length < bytes.length; length++) {
      const { records } = await read(bytes.subarray(0, length));
      expect(records).toEqual([numbered(1)]);
    }
  });

  it('refuses a batch of another file', async () => {
    const { bytes } = fileOf([...three, batchOf([numbered(5)], newFileId())]);
    expect((await damageOf(bytes)).reason).toBe('a batch does not start where it should');
  });

  it('refuses invalid records even if their checksum is right', async () => {
    const encoder = new RecordEncoder();
    encoder.append('GONE', { token: Slice.of('secret') });
    const batch = encoder.takeBatch(batchPrefix(ID));
    const evil = Buffer.from(batch.toString('latin1').replace('GONE', 'GOOD'), 'latin1');
    const { crc32c } = await import('@node-rs/crc32');
    const payload = evil.subarray(evil.indexOf('*2'), -2);
    evil.write(crc32c(payload).toString(16).padStart(8, '0'), batchPrefix(ID).length, 'latin1');
    const { reason, message } = await damageOf(fileOf([...three, evil]).bytes);
    expect(reason).toBe('a record has an unknown name');
    expect(message).not.toContain('secret');
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['half a header', encodeFileHeader(ID).subarray(0, 20)],
    ['an AOF of Redis', Buffer.from('*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n')],
    ['random bytes', Buffer.from('c29tZSByYW5kb20gYnl0ZXM', 'base64')],
    ['zeros', Buffer.alloc(4096)],
  ])('refuses %s', async (_, bytes) => {
    expect((await damageOf(bytes)).offset).toBe(0);
  });

  it('refuses the format of a later version', async () => {
    const later = encodeFileHeader(ID, FORMAT_VERSION + 1);
    await expect(read(later)).rejects.toThrow(`only versions up to ${FORMAT_VERSION}`);
  });

  it('reads batches of any length while the disk returns fewer bytes than asked, or fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.nat(3_000_000), fc.nat(600_000)), { maxLength: 8 }),
        fc.infiniteStream(fc.oneof(fc.constant(Infinity), fc.integer({ min: 1000, max: 2_000_000 }))),
        fc.nat(40),
        async (lengths, mosts, failingRead) => {
          const records = lengths.map((length, n) => ({
            ...numbered(n),
            rest: [Buffer.from(String(n)), Buffer.alloc(length, n)],
          }));
          const { bytes } = fileOf(records.map((record) => batchOf([record])));
          const disk = new UnreliableDisk(bytes, mosts, failingRead);
          const seen: number[] = [];
          const visit = (record: JournalRecord) => {
            const n = seen.push(record.count) - 1;
            expect(plain(record).rest.every((bytes, i) => bytes.equals(records[n].rest[i]))).toBe(true);
          };
          const result = await readJournal(disk, '/f', visit).catch((error) => error);
          // A part that could not be read ahead is read again when it is needed.
          if (result instanceof Error) expect([disk.failed, result.message]).toEqual([1, 'read failed']);
          else expect(seen.length).toBe(records.length);
          expect(disk.openFiles).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('reads the next part while the records of one are visited', async () => {
    const records = Array.from({ length: 40 }, (_, n) => ({
      ...numbered(n),
      rest: [Buffer.from('k'), Buffer.alloc(100_000)],
    }));
    const disk = new UnreliableDisk(fileOf(records.map((record) => batchOf([record]))).bytes);
    const reads: number[] = [];
    await readJournal(disk, '/f', () => reads.push(disk.under));
    expect(reads.filter((under) => under > 0).length).toBeGreaterThan(10);
  });

  it('foresees each record before it visits it, and visits all records before an invalid one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(100), fc.nat(100), async (before, after) => {
        // Long records are not read ahead with others.
        const record = (n: number) =>
          n % 7 === 6 ? { ...numbered(n), rest: [Buffer.alloc(20_000), Buffer.from(String(n))] } : numbered(n);
        const good = recordBytes(Array.from({ length: before }, (_, n) => record(n)));
        const rest = recordBytes(Array.from({ length: after }, (_, n) => record(before + n)));
        const bad = Buffer.from('*2\r\n$3\r\nBAD\r\n$0\r\n\r\n');
        const file = (records: Buffer) => {
          const bytes = Buffer.concat([Buffer.alloc(MAX_BATCH_HEADER), records, Buffer.alloc(BATCH_TRAILER)]);
          const end = bytes.length - BATCH_TRAILER;
          const start = frameBatch(bytes, MAX_BATCH_HEADER, end, batchPrefix(ID));
          return { bytes: fileOf([bytes.subarray(start)]).bytes, recordsAt: MAX_BATCH_HEADER - start };
        };
        const readAll = async (bytes: Buffer) => {
          const foreseen: number[] = [];
          const visited: number[] = [];
          const visit = (record: JournalRecord) => {
            visited.push(numberIn(record));
            expect(foreseen.length).toBeGreaterThanOrEqual(visited.length);
          };
          const foresee: Foresight = (records, count) => {
            expect(foreseen).toEqual(visited);
            foreseen.push(...records.slice(0, count).map(numberIn));
          };
          const fileSystem = new MemoryFileSystem(new Map([['/f', bytes]]));
          const result = await readJournal(fileSystem, '/f', visit, { foresee }).catch((error) => error);
          return { foreseen, visited, result };
        };
        const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
        const whole = await readAll(file(Buffer.concat([good, rest])).bytes);
        expect(whole).toMatchObject({ visited: numbers(before + after), foreseen: numbers(before + after) });
        const { bytes, recordsAt } = file(Buffer.concat([good, bad, rest]));
        const damaged = await readAll(bytes);
        expect(damaged).toMatchObject({ visited: numbers(before), foreseen: numbers(before) });
        expect(damaged.result).toBeInstanceOf(JournalDamage);
        expect(damaged.result.offset).toBe(FILE_HEADER_LENGTH + recordsAt + good.length);
      }),
      { numRuns: 50 },
    );
  });

  it('reports its progress', async () => {
    const { bytes } = fileOf(
      Array.from({ length: 50 }, (_, n) =>
        batchOf([{ ...numbered(n), rest: [Buffer.from('k'), Buffer.alloc(100_000)] }]),
      ),
    );
    const seen: number[] = [];
    const fileSystem = new MemoryFileSystem(new Map([['/f', bytes]]));
    await readJournal(fileSystem, '/f', numberIn, { onProgress: (read) => seen.push(read) });
    expect(seen.length).toBeGreaterThan(4);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(bytes.length);
  });
});

/** A disk that reads at most some number of bytes at a time, and fails to read once. */
class UnreliableDisk extends MemoryFileSystem {
  /** Reads under way. */
  under = 0;
  failed = 0;
  readonly #mosts: Iterator<number>;
  readonly #failing: number;
  #reads = 0;

  constructor(bytes: Buffer, mosts: Iterable<number> = [], failing = Infinity) {
    super(new Map([['/f', bytes]]));
    this.#mosts = mosts[Symbol.iterator]();
    this.#failing = failing;
  }

  override async open(path: string, mode: 'read' | 'write' | 'create'): Promise<JournalFile> {
    const file = await super.open(path, mode);
    return {
      ...file,
      read: async (into, offset, length, position) => {
        this.under++;
        // As on a real disk, the event loop runs before the bytes are there.
        await setImmediate();
        this.under--;
        if (this.#reads++ === this.#failing) {
          this.failed++;
          throw new Error('read failed');
        }
        return file.read(into, offset, Math.min(length, this.#mosts.next().value ?? Infinity), position);
      },
    };
  }
}

function readByRedisParser(bytes: Buffer): PlainRecord[] {
  const [header, ...batches] = parseFrames(bytes);
  expect(header.map(String)).toEqual([
    'RESPITE-JOURNAL',
    `${FORMAT_VERSION}`,
    ID,
    expect.stringMatching(/^[0-9a-f]{8}$/),
  ]);
  const decoder = new RecordDecoder();
  return batches.flatMap(([title, id, , records]) => {
    expect([title, id].map(String)).toEqual(['BATCH', ID]);
    const plainRecords: PlainRecord[] = [];
    for (let at = 0; at < records.length; ) {
      at = decoder.decode(records, at, records.length);
      plainRecords.push(plain(decoder));
    }
    return plainRecords;
  });
}
