import { dirname, join } from 'node:path';
import { BaseFile } from './base-file.js';
import { type FileSystem, type JournalFile, removeIfThere, syncFile, writeAll } from './file-system.js';
import { encodeFileHeader, FILE_HEADER_LENGTH, newFileId, readFileHeader } from './frames.js';
import { isMissing, JournalDamage, JournalError } from './journal-error.js';
import { MANIFEST, type Manifest, readManifest, writeManifest } from './manifest.js';
import { type Foresight, type ReadReport, readJournal } from './reader.js';
import type { JournalRecord } from './record-decoder.js';
import { putInPlace, temporaryFor } from './replace-file.js';

/** An increment to write to. */
export interface Increment {
  readonly path: string;
  readonly file: JournalFile;
  /** The id in its batches. */
  readonly id: string;
  /** Its size in bytes: the offset of the next batch. */
  readonly size: number;
}

/** What was read at the start. */
export interface LoadReport {
  readonly batches: number;
  readonly records: number;
  /** Size of all files. */
  readonly bytes: number;
  /** An incomplete tail that a crash left and that was cut off: its file, its offset and its length in bytes. */
  readonly dropped: { readonly path: string; readonly offset: number; readonly bytes: number } | undefined;
}

/** Names of files that belong to the journal. Other files in its directory are left alone. */
const OURS = /^(?:(?:base|increment)\.\d{1,15}(?:\.tmp)?|manifest\.tmp)$/;

/**
 * The directory of the journal: `manifest`, `base.<n>`, `increment.<n>`. Only the manifest says which files are the
 * journal. Each step makes new files durable, then renames a new manifest into place, then removes files that are no
 * longer needed. Whenever the power fails, the manifest lists a complete state.
 *
 * Compaction: `beginCompaction` adds an increment, which takes all records from then on. The state of that moment, or a
 * later one, is written to a base. `finishCompaction` replaces all files before that increment with the base. If a
 * compaction is abandoned, the earlier files are still valid.
 */
export class JournalDirectory {
  /** Path of the directory. */
  readonly path: string;
  readonly #fileSystem: FileSystem;
  #manifest: Manifest;
  #switching: Promise<void> = Promise.resolve();
  /** The number of the next file. */
  #next: number;
  /** Bytes of the base, 0 if there is none. */
  #baseBytes = 0;

  private constructor(fileSystem: FileSystem, path: string, manifest: Manifest) {
    this.#fileSystem = fileSystem;
    this.path = path;
    this.#manifest = manifest;
    const { base, increments } = manifest;
    this.#next = 1 + Math.max(...[...increments, ...(base === undefined ? [] : [base])].map(numberOf));
  }

  /**
   * Opens the journal in a directory, or creates an empty one. Removes the files of an unfinished compaction.
   * The caller must have exclusive use of the directory.
   * @throws JournalError if the journal there cannot be used.
   */
  static async open(fileSystem: FileSystem, path: string): Promise<JournalDirectory> {
    await fileSystem.makeDirectory(path);
    const names = await fileSystem.list(path);
    if (!names.includes(MANIFEST)) return JournalDirectory.#create(fileSystem, path, names);
    const manifest = await readManifest(fileSystem, join(path, MANIFEST));
    const listed = new Set([manifest.base, ...manifest.increments]);
    for (const name of listed) {
      if (name !== undefined && !names.includes(name)) {
        throw new JournalError(
          `${join(path, name)} is missing, although ${join(path, MANIFEST)} lists it: restore it from a backup`,
        );
      }
    }
    for (const name of names) {
      if (OURS.test(name) && !listed.has(name)) await removeIfThere(fileSystem, join(path, name));
    }
    return new JournalDirectory(fileSystem, path, manifest);
  }

  static async #create(fileSystem: FileSystem, path: string, names: readonly string[]): Promise<JournalDirectory> {
    for (const name of names.filter((name) => OURS.test(name))) {
      // A crash during the creation may have left an increment without a batch, and nothing else.
      const isEmpty =
        /^(?:increment\.1|.*\.tmp)$/.test(name) && (await sizeOf(fileSystem, join(path, name))) <= FILE_HEADER_LENGTH;
      if (!isEmpty && name !== `${MANIFEST}.tmp`) {
        throw new JournalError(
          `${join(path, MANIFEST)} is missing, although ${name} exists: "respite check ${path} --fix" restores it`,
        );
      }
      await removeIfThere(fileSystem, join(path, name));
    }
    await fileSystem.syncDirectory(dirname(path));
    const increment = await createIncrement(fileSystem, join(path, 'increment.1'));
    await increment.file.close();
    const manifest = { base: undefined, increments: ['increment.1'], clockAhead: 0 };
    await writeManifest(fileSystem, join(path, MANIFEST), manifest);
    return new JournalDirectory(fileSystem, path, manifest);
  }

  /** By how many ms the wall clock is ahead of the journal's clock, according to the manifest. */
  get clockAhead(): number {
    return this.#manifest.clockAhead;
  }

  /** Records durably by how many ms the wall clock is ahead of the journal's clock. */
  setClockAhead(ms: number): Promise<void> {
    return this.#switchTo((manifest) => ({ ...manifest, clockAhead: ms }));
  }

  /** Size of the base in bytes, once it has been loaded or written; 0 if there is none. */
  get baseBytes(): number {
    return this.#baseBytes;
  }

  /**
   * Reads all records in order. Cuts off an incomplete tail that a crash left.
   * @param onProgress Called from time to time with the number of bytes read so far and the number of all bytes.
   * @param foresee See `Foresight`.
   * @throws JournalDamage if anything else is not as it was written. The records before it have been visited by then.
   */
  async load(
    visit: (record: JournalRecord) => void,
    onProgress?: (bytes: number, of: number) => void,
    foresee?: Foresight,
  ): Promise<LoadReport> {
    const { base, increments } = this.#manifest;
    const names = base === undefined ? increments : [base, ...increments];
    let of = 0;
    for (const name of names) of += await sizeOf(this.#fileSystem, join(this.path, name));
    let batches = 0;
    let records = 0;
    let bytes = 0;
    let dropped: LoadReport['dropped'];
    for (const name of names) {
      const path = join(this.path, name);
      const report: ReadReport = await readJournal(this.#fileSystem, path, visit, {
        onProgress: (read) => onProgress?.(bytes + read, of),
        foresee,
      });
      if (dropped !== undefined && report.batches > 0) {
        // An increment is written to only after the previous one is durable.
        throw new JournalDamage(
          dropped.path,
          dropped.offset,
          'the end of the file is missing, although a later file continues the journal',
        );
      }
      if (report.tornTail !== undefined) {
        // A base is durable before the manifest lists it.
        if (name === base) throw new JournalDamage(path, report.tornTail.offset, 'the end of the file is missing');
        dropped = { path, ...report.tornTail };
      }
      if (name === base) this.#baseBytes = report.bytes;
      batches += report.batches;
      records += report.records;
      bytes += report.bytes;
    }
    if (dropped !== undefined) await this.#cut(dropped.path, dropped.offset);
    return { batches, records, bytes, dropped };
  }

  /** Opens the last increment for writing. Call this after `load`. */
  async openIncrement(): Promise<Increment> {
    const path = join(this.path, this.#manifest.increments.at(-1) as string);
    const file = await this.#fileSystem.open(path, 'write');
    try {
      const header = Buffer.alloc(FILE_HEADER_LENGTH);
      await file.read(header, 0, header.length, 0);
      const id = readFileHeader(header, path)?.id;
      if (id === undefined) throw new JournalDamage(path, 0, 'it does not start like a file of the journal');
      // The file may have an older version, which lacks some records. The header is in one sector, which the disk
      // writes atomically.
      const present = encodeFileHeader(id);
      if (!header.equals(present)) await writeAll(file, present, 0);
      return { path, file, id, size: await file.size() };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Adds an increment. Once this has resolved, all records must be written to it. */
  async beginCompaction(): Promise<Increment> {
    const name = `increment.${this.#next++}`;
    const increment = await createIncrement(this.#fileSystem, join(this.path, name));
    try {
      await this.#switchTo((manifest) => ({ ...manifest, increments: [...manifest.increments, name] }));
      return increment;
    } catch (error) {
      // The manifest may already list the increment, so the empty file stays. If it is not listed, the next start
      // removes it.
      await increment.file.close();
      throw error;
    }
  }

  /** Starts a base, under a temporary name. */
  async createBase(): Promise<BaseFile> {
    await removeIfThere(this.#fileSystem, temporaryFor(join(this.path, this.#nextBase)));
    return BaseFile.create(this.#fileSystem, temporaryFor(join(this.path, this.#nextBase)));
  }

  /** Abandons a base. Everything is as it was before. */
  async dropBase(base: BaseFile): Promise<void> {
    await base.close();
    await removeIfThere(this.#fileSystem, temporaryFor(join(this.path, this.#nextBase)));
  }

  /** Replaces everything before `increment` with a complete base, and removes the old files. */
  async finishCompaction(base: BaseFile, increment: Increment): Promise<void> {
    await base.finish();
    const name = this.#nextBase;
    // The base's name in the directory must be durable before the manifest lists it.
    await putInPlace(this.#fileSystem, join(this.path, name));
    this.#next++;
    const old = this.#manifest;
    const first = old.increments.findIndex((other) => join(this.path, other) === increment.path);
    await this.#switchTo((manifest) => ({ ...manifest, base: name, increments: old.increments.slice(first) }));
    this.#baseBytes = base.size;
    await base.close();
    const obsolete = [...(old.base === undefined ? [] : [old.base]), ...old.increments.slice(0, first)];
    // A file that cannot be removed is no longer listed. The next start tries again.
    for (const file of obsolete) await removeIfThere(this.#fileSystem, join(this.path, file)).catch(() => {});
  }

  /** The name of the next base. */
  get #nextBase(): string {
    return `base.${this.#next}`;
  }

  /** Changes the manifest; one change at a time. */
  #switchTo(change: (manifest: Manifest) => Manifest): Promise<void> {
    const switching = this.#switching.then(async () => {
      const manifest = change(this.#manifest);
      await writeManifest(this.#fileSystem, join(this.path, MANIFEST), manifest);
      this.#manifest = manifest;
    });
    this.#switching = switching.catch(() => {});
    return switching;
  }

  async #cut(path: string, size: number): Promise<void> {
    const file = await this.#fileSystem.open(path, 'write');
    try {
      await file.truncate(size);
      await syncFile(file);
    } finally {
      await file.close();
    }
  }
}

function numberOf(name: string): number {
  return Number(name.slice(name.indexOf('.') + 1));
}

async function sizeOf(fileSystem: FileSystem, path: string): Promise<number> {
  const file = await fileSystem.open(path, 'read').catch((error) => {
    if (isMissing(error)) throw new JournalError(`${path} is missing`);
    throw error;
  });
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}

/** Creates an increment without a batch, and makes it durable before a manifest lists it. */
async function createIncrement(fileSystem: FileSystem, path: string): Promise<Increment> {
  const id = newFileId();
  const header = encodeFileHeader(id);
  const file = await fileSystem.open(path, 'create');
  try {
    await writeAll(file, header, 0);
    await syncFile(file);
    await fileSystem.syncDirectory(dirname(path));
  } catch (error) {
    await file.close();
    throw error;
  }
  return { path, file, id, size: header.length };
}
