import { type FileSystem, readSmallFile } from './file-system.js';
import { checksum, FORMAT_VERSION } from './frames.js';
import { JournalDamage, JournalError } from './journal-error.js';
import { replaceFile } from './replace-file.js';

/**
 * The files of the journal, in the order in which they are replayed: at most one base, then increments. The manifest is
 * a text file with one line for each, and a checksum in the last line:
 *
 *     respite-journal-manifest 4
 *     base.3
 *     increment.4
 *     clock 7200000
 *     crc fdaeaa2a
 *
 * `clock` is present if the system's clock was set while the server ran. It says by how many ms the wall clock is ahead
 * of the journal's clock.
 */
export interface Manifest {
  readonly base: string | undefined;
  /** At least one. The last one is being written. */
  readonly increments: readonly string[];
  /** By how many ms the wall clock is ahead of the journal's clock: an integer. */
  readonly clockAhead: number;
}

export const MANIFEST = 'manifest';

const TITLE = 'respite-journal-manifest';

/** The longest manifest in bytes: far longer than one with an increment from each of many failed compactions. */
const MAX_MANIFEST = 1024 * 1024;

export function encodeManifest({ base, increments, clockAhead }: Manifest): Buffer {
  const lines = [`${TITLE} ${FORMAT_VERSION}`, ...(base === undefined ? [] : [base]), ...increments];
  if (clockAhead !== 0) lines.push(`clock ${clockAhead}`);
  const body = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
  const crc = checksum(body, 0, body.length).toString(16).padStart(8, '0');
  return Buffer.concat([body, Buffer.from(`crc ${crc}\n`, 'latin1')]);
}

/**
 * @throws JournalError, JournalDamage if the bytes are not a manifest.
 * @param path The path of the manifest, for the error.
 */
export function decodeManifest(bytes: Buffer, path: string): Manifest {
  const text = bytes.toString('latin1');
  const version = new RegExp(`^${TITLE} (\\d{1,15})\n`).exec(text)?.[1];
  if (version !== undefined && Number(version) > FORMAT_VERSION) {
    throw new JournalError(
      `${path} has version ${version} of the format, but this respite reads only versions up to ${FORMAT_VERSION}: use a newer respite`,
    );
  }
  const [, body, files, clock = '0', crc] =
    /^(respite-journal-manifest \d{1,15}\n((?:(?:base|increment)\.\d{1,15}\n)+)(?:clock (-?\d{1,15})\n)?)crc ([0-9a-f]{8})\n$/.exec(
      text,
    ) ?? [];
  if (body === undefined || Number.parseInt(crc, 16) !== checksum(bytes, 0, body.length)) {
    throw new JournalDamage(path, 0, 'it is not a manifest, or its checksum is wrong');
  }
  const names = files.trimEnd().split('\n');
  const base = names[0].startsWith('base.') ? names.shift() : undefined;
  if (names.length === 0 || names.some((name) => name.startsWith('base.')) || new Set(names).size < names.length) {
    throw new JournalDamage(path, 0, 'it lists files that do not belong together');
  }
  return { base, increments: names, clockAhead: Number(clock) };
}

export async function readManifest(fileSystem: FileSystem, path: string): Promise<Manifest> {
  return decodeManifest(await readSmallFile(fileSystem, path, MAX_MANIFEST), path);
}

/** Replaces the manifest atomically and durably. */
export function writeManifest(fileSystem: FileSystem, path: string, manifest: Manifest): Promise<void> {
  return replaceFile(fileSystem, path, encodeManifest(manifest));
}
