import { chown, link, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { JOURNAL } from './data-directory.js';
import { dataSetIn } from './data-set-files.js';
import { DirectoryLock, LOCK_FILE } from './directory-lock.js';
import { type JournalFile, nodeFileSystem, writeAll } from './file-system.js';
import { batchPrefix, encodeFileHeader, FILE_HEADER_LENGTH, FORMAT_VERSION } from './frames.js';
import { asJournalError, isMissing, JournalDamage, JournalError } from './journal-error.js';
import { JournalWalk } from './journal-walk.js';
import { encodeManifest, MANIFEST, type Manifest, readManifest } from './manifest.js';
import { RecordError } from './record-decoder.js';
import { RecordEncoder } from './record-encoder.js';
import type { RecordName } from './records.js';
import { putInPlace, replaceFile, temporaryFor, writeTemporary } from './replace-file.js';

/** A damaged part of a file. */
export interface Damage {
  readonly offset: number;
  /** Bytes from `offset` to the next good batch, or to the end of the file. */
  readonly bytes: number;
  readonly reason: string;
  /** Whether this is the incomplete end that a crash leaves. The server drops it when it starts. */
  readonly isTornTail: boolean;
}

export interface CheckedFile {
  readonly path: string;
  /** Version of the format; undefined if it cannot be determined. */
  readonly version: number | undefined;
  /** Good batches, and the records in them. */
  readonly batches: number;
  readonly records: number;
  /** Size of the file. */
  readonly bytes: number;
  readonly damages: readonly Damage[];
  /** Why it cannot be repaired; undefined if it can. */
  readonly hopeless: string | undefined;
  /** Path of the original, if the file was repaired. */
  readonly original: string | undefined;
}

export interface CheckReport {
  readonly files: readonly CheckedFile[];
  /** Whether every file is undamaged or has been repaired. */
  readonly isGood: boolean;
}

export interface CheckOptions {
  /** Repair: keep what is good, leave out what is damaged, and keep the original beside the file. Default false. */
  readonly fix?: boolean;
}

/** The most originals of one file that are kept. */
const MAX_ORIGINALS = 1000;

/**
 * Checks one file of the journal; or, given the manifest or the directory, every file that the manifest lists. Also
 * checks one data set, or a directory of them.
 *
 * A repair keeps every good batch, even those after the damage. Records are absolute, so losing a record loses only
 * what it said. A lost manifest is rebuilt from the existing files: the last base and all increments in order.
 * Increments that the base already covers do no harm.
 * @throws JournalError if the path cannot be read, or should be repaired while a server uses it.
 */
export async function checkJournal(path: string, options: CheckOptions = {}): Promise<CheckReport> {
  try {
    return await checkPath(path, options);
  } catch (error) {
    throw asJournalError(`cannot ${options.fix ? 'repair' : 'read'} ${path}`, error);
  }
}

async function checkPath(path: string, { fix = false }: CheckOptions): Promise<CheckReport> {
  const stats = await stat(path);
  if (!stats.isFile() && !stats.isDirectory()) throw new JournalError(`${path} is neither a file nor a directory`);
  const file = stats.isDirectory() ? join(await journalIn(path), MANIFEST) : path;
  const lock = fix ? await lockFor(file) : undefined;
  try {
    const files = basename(file) === MANIFEST ? await checkAll(file, fix) : [await checkFile(file, fix)];
    return { files, isGood: files.every(({ damages, original }) => damages.length === 0 || original !== undefined) };
  } finally {
    lock?.release();
  }
}

/** Returns the journal's directory, also if the server's directory was given. */
async function journalIn(directory: string): Promise<string> {
  const names = await readdir(directory);
  return names.includes(JOURNAL) && !names.includes(MANIFEST) ? join(directory, JOURNAL) : directory;
}

/** Locks the server's directory if the file is in one, so that no server uses the file during the repair. */
async function lockFor(path: string): Promise<DirectoryLock | undefined> {
  const directory = dirname(dirname(resolve(path)));
  const names = await readdir(directory);
  return names.includes(LOCK_FILE) ? DirectoryLock.take(directory) : undefined;
}

async function checkAll(path: string, fix: boolean): Promise<CheckedFile[]> {
  const directory = dirname(path);
  const found = await readManifest(nodeFileSystem, path).catch((error: Error) => error);
  if (found instanceof Error && !(found instanceof JournalDamage) && !('code' in found)) throw found;
  if (found instanceof Error && isMissing(found)) {
    const dataSets = (await readdir(directory)).filter((name) => dataSetIn(name) !== undefined).sort();
    if (dataSets.length > 0) return checkFiles(directory, dataSets, fix);
  }
  const manifest = found instanceof Error ? await manifestOfFiles(directory) : found;
  const checked: CheckedFile[] = [];
  if (found instanceof Error) {
    const bytes = encodeManifest(manifest);
    const isThere = found instanceof JournalDamage;
    const original = fix && isThere ? await keepOriginal(path) : undefined;
    if (fix) {
      await replaceFile(nodeFileSystem, path, bytes);
      await giveToOwnerOf(directory, path);
    }
    const reason = isThere ? found.reason : 'the file is missing';
    checked.push({
      ...{ path, version: FORMAT_VERSION, batches: 0, records: 0, bytes: bytes.length, hopeless: undefined },
      damages: [{ offset: 0, bytes: 0, reason, isTornTail: false }],
      original: fix ? (original ?? path) : undefined,
    });
  }
  const names = manifest.base === undefined ? manifest.increments : [manifest.base, ...manifest.increments];
  return [...checked, ...(await checkFiles(directory, names, fix))];
}

async function checkFiles(directory: string, names: readonly string[], fix: boolean): Promise<CheckedFile[]> {
  const checked: CheckedFile[] = [];
  for (const name of names) checked.push(await checkFile(join(directory, name), fix));
  return checked;
}

async function manifestOfFiles(directory: string): Promise<Manifest> {
  const names = await readdir(directory);
  const numbered = (kind: string) =>
    names
      .map((name) => new RegExp(`^${kind}\\.(\\d{1,15})$`).exec(name))
      .filter((match) => match !== null)
      .sort((a, b) => Number(a[1]) - Number(b[1]))
      .map(([name]) => name);
  const increments = numbered('increment');
  if (increments.length === 0) throw new JournalError(`${directory} contains no journal`);
  return { base: numbered('base').at(-1), increments, clockAhead: 0 };
}

async function checkFile(path: string, fix: boolean): Promise<CheckedFile> {
  const walk = await JournalWalk.open(nodeFileSystem, path).catch((error) => {
    throw asJournalError(`cannot read ${path}`, error);
  });
  try {
    const { file: report } = await scan(walk, path);
    if (!fix || report.damages.length === 0 || report.hopeless !== undefined) return report;
    await writeTemporary(nodeFileSystem, path, (file) => writeRepaired(path, file));
    await giveToOwnerOf(path, temporaryFor(path));
    const original = await keepOriginal(path);
    await putInPlace(nodeFileSystem, path);
    return { ...report, original };
  } finally {
    await walk.close();
  }
}

interface Scan {
  readonly file: CheckedFile;
  /** Whether this is a data set without its END record. */
  readonly lacksEnd: boolean;
}

/**
 * Walks a file to its end, past any damage.
 * @param keep Called with the bytes of each good batch.
 */
async function scan(walk: JournalWalk, path: string, keep?: (batch: Buffer) => Promise<void>): Promise<Scan> {
  const damages: Damage[] = [];
  const isDataSet = dataSetIn(basename(path)) !== undefined;
  let batches = 0;
  let records = 0;
  let last: RecordName | undefined;
  if (walk.header === undefined) {
    const bytes = Math.min(FILE_HEADER_LENGTH, walk.size);
    damages.push({ offset: 0, bytes, reason: 'the header is wrong', isTornTail: false });
  }
  for (let found = await walk.next(); found !== 'end'; found = await walk.next()) {
    if (found !== 'batch') {
      const { offset, bytes, reason, isTorn } = await walk.badPart(found);
      // A data set is durable before it gets its name, so a crash cannot leave it incomplete.
      damages.push({ offset, bytes, reason, isTornTail: isTorn && !isDataSet && walk.header !== undefined });
      continue;
    }
    const checked = checkRecords(walk);
    if (checked === undefined) {
      const { start: offset } = walk;
      damages.push({
        offset,
        bytes: walk.offset - offset,
        reason: 'a batch contains an invalid record',
        isTornTail: false,
      });
      continue;
    }
    batches++;
    records += checked.count;
    last = checked.last;
    await keep?.(walk.batch);
  }
  const lacksEnd = isDataSet && last !== 'END';
  const { id, header, size: bytes } = walk;
  if (lacksEnd && damages.length === 0) {
    damages.push({ offset: bytes, bytes: 0, reason: 'the end of the file is missing', isTornTail: false });
  }
  // If the header is lost, the repaired file gets one of the current version.
  const version = id === undefined ? undefined : (header?.version ?? FORMAT_VERSION);
  const hopeless = id === undefined ? 'it is not a file of the journal' : undefined;
  return { file: { path, version, batches, records, bytes, damages, hopeless, original: undefined }, lacksEnd };
}

/** Returns the number of records in the batch that was found and the name of the last; undefined if one is invalid. */
function checkRecords(
  walk: JournalWalk,
): { readonly count: number; readonly last: RecordName | undefined } | undefined {
  let count = 0;
  let last: RecordName | undefined;
  try {
    for (let record = walk.nextRecord(); record !== undefined; record = walk.nextRecord()) {
      count++;
      last = record.name;
    }
    return { count, last };
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}

/** Writes the good batches of the file at `path` to another file. */
async function writeRepaired(path: string, file: JournalFile): Promise<void> {
  const walk = await JournalWalk.open(nodeFileSystem, path);
  try {
    const header = encodeFileHeader(walk.id ?? '');
    await writeAll(file, header, 0);
    let size = header.length;
    const add = async (batch: Buffer) => {
      await writeAll(file, batch, size);
      size += batch.length;
    };
    const { lacksEnd } = await scan(walk, path, add);
    if (lacksEnd) await add(endBatch(walk.id ?? ''));
  } finally {
    await walk.close();
  }
}

/** Gives a file that root has created to the owner of another file: the user that the server runs as. */
async function giveToOwnerOf(path: string, made: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(path);
  await chown(made, uid, gid);
}

/** Returns the batch that ends a data set. */
function endBatch(id: string): Buffer {
  const encoder = new RecordEncoder();
  encoder.append('END', {});
  return encoder.takeBatch(batchPrefix(id));
}

/** Gives a file a second name, which it keeps when it is replaced. Returns that name. */
async function keepOriginal(path: string): Promise<string> {
  for (let number = 1; number <= MAX_ORIGINALS; number++) {
    const original = `${path}.damaged-${number}`;
    try {
      await link(path, original);
      return original;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new JournalError(`there are already ${MAX_ORIGINALS} originals of ${path}: move some of them away`);
}
