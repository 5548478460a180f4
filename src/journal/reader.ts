import { BatchScanner } from './batch-scanner.js';
import type { FileSystem } from './file-system.js';
import { FILE_HEADER_LENGTH } from './frames.js';
import { JournalDamage } from './journal-error.js';
import { type JournalRecord, RecordDecoder, RecordError } from './record-decoder.js';

/** The incomplete end of a file after a crash: batches that had not become durable. */
export interface TornTail {
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

export interface ReadOptions {
  /** Called after each part of the file with the number of bytes read so far. */
  readonly onProgress?: (bytes: number) => void;
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
  { onProgress }: ReadOptions = {},
): Promise<ReadReport> {
  const scanner = await BatchScanner.open(fileSystem, path);
  const decoder = new RecordDecoder();
  let batches = 0;
  let records = 0;
  try {
    if (scanner.header === undefined)
      throw new JournalDamage(path, 0, 'it does not start as a file of the journal does');
    for (;;) {
      const found = scanner.take();
      if (found === undefined) {
        onProgress?.(scanner.offset);
        await scanner.fill();
        continue;
      }
      if (found === 'batch') {
        records += decodeBatch(scanner, decoder, path, visit);
        batches++;
        continue;
      }
      const { offset, size } = scanner;
      const tornTail = found === 'end' ? undefined : { offset, bytes: size - offset };
      if (found !== 'end') {
        const reason = found === 'cut' ? 'the length of a batch is wrong' : scanner.reason;
        if (await scanner.resynchronize()) {
          throw new JournalDamage(path, offset, `${reason}, and good ones follow at byte ${scanner.offset}`);
        }
        if (!(await scanner.isTorn(offset, found))) throw new JournalDamage(path, offset, reason);
      }
      onProgress?.(size);
      return { batches, records, bytes: Math.max(offset, FILE_HEADER_LENGTH), tornTail };
    }
  } finally {
    await scanner.close();
  }
}

/** Visits the records of the batch that was found. Returns their number. */
function decodeBatch(
  scanner: BatchScanner,
  decoder: RecordDecoder,
  path: string,
  visit: (record: JournalRecord) => void,
): number {
  const { start, end } = scanner;
  let records = 0;
  for (let at = start; at < end; ) {
    try {
      const next = decoder.decode(scanner.bytes, at, scanner.end);
      visit(decoder);
      at = next;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      throw new JournalDamage(path, scanner.offsetOf(at), error.message);
    }
    records++;
  }
  return records;
}
