import type { FileSystem } from './file-system.js';
import { FILE_HEADER_LENGTH } from './frames.js';
import { JournalWalk } from './journal-walk.js';
import type { JournalRecord } from './record-decoder.js';

/** The incomplete end of a file after a crash: batches that had not become durable. */
interface TornTail {
  /** Where the last good batch ends. */
  readonly offset: number;
  /** Bytes from there to the end of the file. */
  readonly bytes: number;
}

export interface ReadReport {
  readonly batches: number;
  readonly records: number;
  /** Size of the header and the good batches. */
  readonly bytes: number;
  readonly tornTail: TornTail | undefined;
}

/**
 * Called with some records before the first of them is visited. It may read them, but must not change anything: a later
 * record of the same batch may be invalid.
 * @param count How many of the records are valid, from the first one on.
 */
export type Foresight = (records: readonly JournalRecord[], count: number) => void;

interface ReadOptions {
  /** Called after each part of the file with the number of bytes read so far. */
  readonly onProgress?: (bytes: number) => void;
  /** See `Foresight`. */
  readonly foresee?: Foresight | undefined;
}

/**
 * Reads a file of the journal, one window at a time, and calls `visit` for each record in order. The record is valid
 * until `visit` returns. The event loop runs between windows.
 * @throws JournalDamage if anything is not as it was written, except for an incomplete end after a crash; JournalError
 *   if the format is of a later version. The records before the damage have been visited by then.
 */
export async function readJournal(
  fileSystem: FileSystem,
  path: string,
  visit: (record: JournalRecord) => void,
  { onProgress, foresee }: ReadOptions = {},
): Promise<ReadReport> {
  const walk = await JournalWalk.open(fileSystem, path);
  let batches = 0;
  let records = 0;
  try {
    walk.checkHeader();
    for (;;) {
      const found = walk.take();
      if (found === undefined) {
        onProgress?.(walk.offset);
        await walk.fill();
        continue;
      }
      if (found === 'batch') {
        records += visitRecords(walk, visit, foresee);
        batches++;
        continue;
      }
      const bad = found === 'end' ? undefined : await walk.badPart(found);
      if (bad?.isTorn === false) throw walk.damageBy(bad);
      const tornTail = bad && { offset: bad.offset, bytes: bad.bytes };
      onProgress?.(walk.size);
      return { batches, records, bytes: Math.max(walk.start, FILE_HEADER_LENGTH), tornTail };
    }
  } finally {
    await walk.close();
  }
}

/** Visits the records of the batch that was found. Returns their number. */
function visitRecords(walk: JournalWalk, visit: (record: JournalRecord) => void, foresee?: Foresight): number {
  let records = 0;
  try {
    for (let count = walk.readAhead(); count > 0; count = walk.readAhead()) {
      foresee?.(walk.ahead, count);
      for (let i = 0; i < count; i++) visit(walk.moveTo(i));
      records += count;
    }
  } catch (error) {
    throw walk.errorOf(error);
  }
  return records;
}
