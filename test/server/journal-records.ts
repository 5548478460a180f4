import { join } from 'node:path';
import { BatchScanner } from '../../src/journal/batch-scanner.js';
import { nodeFileSystem } from '../../src/journal/file-system.js';
import { RecordDecoder } from '../../src/journal/record-decoder.js';

/** Returns the names of the records in a journal file, by batch. */
export async function batchesIn(directory: string, file = 'increment.1'): Promise<string[][]> {
  const scanner = await BatchScanner.open(nodeFileSystem, join(directory, 'journal', file));
  const decoder = new RecordDecoder();
  const batches: string[][] = [];
  while ((await scanner.next()) === 'batch') {
    const names: string[] = [];
    for (let at = scanner.start; at < scanner.end; ) {
      at = decoder.decode(scanner.bytes, at, scanner.end);
      names.push(decoder.name);
    }
    batches.push(names);
  }
  await scanner.close();
  return batches;
}
