import { dirname, join } from 'node:path';
import { BaseFile } from './base-file.js';
import { isUnfinishedDataSet, newestDataSetFile, nextDataSetFile } from './data-set-files.js';
import { type FileSystem, nodeFileSystem, removeIfThere } from './file-system.js';
import { asJournalError, isMissing, JournalError } from './journal-error.js';
import { JournalWalk } from './journal-walk.js';
import type { JournalRecord } from './record-decoder.js';
import { putInPlace, temporaryFor } from './replace-file.js';

/** A saved data set. */
export interface SavedFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Named data sets. Each save of a name creates a new file and keeps the earlier ones. The format is that of a base,
 * with an END record last.
 *
 * A file gets its name only when all of it is durable. What a crash leaves has a temporary name, and the next save
 * removes it. Only one process may save to a directory at a time; reading needs no lock.
 */
export class DataSets {
  readonly #directory: string;
  readonly #fileSystem: FileSystem;
  #base: BaseFile | undefined;
  #closing: string | undefined;

  constructor(directory: string, fileSystem: FileSystem = nodeFileSystem) {
    this.#directory = directory;
    this.#fileSystem = fileSystem;
  }

  /**
   * Saves a data set. If this fails, no file is left.
   * @param now Unix ms.
   * @param writeState Writes the sessions, as for a compaction.
   * @throws JournalError if the disk fails or `close` aborts the save; also what `writeState` throws.
   */
  async save(name: string, now: number, writeState: (base: BaseFile) => Promise<void>): Promise<SavedFile> {
    const directory = this.#directory;
    const fileSystem = this.#fileSystem;
    try {
      const files = await fileSystem.list(directory);
      for (const file of files) {
        if (isUnfinishedDataSet(file)) await removeIfThere(fileSystem, join(directory, file));
      }
      const path = join(directory, nextDataSetFile(files, name, now));
      try {
        const bytes = await this.#write(temporaryFor(path), writeState);
        await putInPlace(fileSystem, path);
        // The directory itself may be new.
        await fileSystem.syncDirectory(dirname(directory));
        return { path, bytes };
      } catch (error) {
        for (const left of [temporaryFor(path), path]) await removeIfThere(fileSystem, left).catch(() => {});
        throw error;
      }
    } catch (error) {
      throw asJournalError(`cannot write to ${directory}`, error);
    }
  }

  /**
   * Returns the path of the newest data set of a name; undefined if there is none.
   * @throws JournalError if the directory cannot be read, or the path is not a regular file.
   */
  async newest(name: string): Promise<string | undefined> {
    try {
      const file = newestDataSetFile(await this.#fileSystem.list(this.#directory), name);
      if (file === undefined) return undefined;
      const path = join(this.#directory, file);
      // A symbolic link may lead out of the directory, and opening a pipe may wait forever.
      if (!(await this.#fileSystem.isFile(path))) throw new JournalError(`${path} is not a file`);
      return path;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw asJournalError(`cannot read ${this.#directory}`, error);
    }
  }

  /**
   * Reads a data set, one batch of records at a time. The records are valid until the next batch is requested. A large
   * session spans several batches.
   * @throws JournalDamage if anything is not as it was written. The records before it have been returned by then.
   */
  async *read(path: string): AsyncGenerator<Iterable<JournalRecord>> {
    try {
      yield* readBatches(this.#fileSystem, path);
    } catch (error) {
      throw asJournalError(`cannot read ${path}`, error);
    }
  }

  /** Aborts the current save. Later ones fail. */
  close(): void {
    this.#closing = 'the server is stopping';
    this.#base?.abandon(this.#closing);
  }

  /** Returns the number of bytes written. */
  async #write(path: string, writeState: (base: BaseFile) => Promise<void>): Promise<number> {
    const base = await BaseFile.create(this.#fileSystem, path);
    this.#base = base;
    if (this.#closing !== undefined) base.abandon(this.#closing);
    try {
      await writeState(base);
      base.records.append('END', {});
      await base.finish();
      return base.size;
    } finally {
      this.#base = undefined;
      await base.close();
    }
  }
}

async function* readBatches(fileSystem: FileSystem, path: string): AsyncGenerator<Iterable<JournalRecord>> {
  const walk = await JournalWalk.open(fileSystem, path);
  const state = { hasEnd: false };
  try {
    walk.checkHeader();
    for (let found = await walk.next(); found !== 'end'; found = await walk.next()) {
      if (found !== 'batch') throw walk.damageBy(await walk.badPart(found));
      yield recordsOf(walk, state);
    }
    if (!state.hasEnd) throw walk.damage(walk.offset, 'the end of the file is missing');
  } finally {
    await walk.close();
  }
}

/**
 * Yields the records of the batch that was found.
 * @param state Says whether the END record, the last one, was read.
 */
function* recordsOf(walk: JournalWalk, state: { hasEnd: boolean }): Iterable<JournalRecord> {
  for (;;) {
    let record: JournalRecord | undefined;
    try {
      record = walk.nextRecord();
    } catch (error) {
      throw walk.errorOf(error);
    }
    if (record === undefined) return;
    if (state.hasEnd) throw walk.damage(walk.start, 'there is more data after its end');
    state.hasEnd = record.name === 'END';
    yield record;
  }
}
