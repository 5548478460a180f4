import { JournalError } from './journal-error.js';

/**
 * Data sets are in files named `<name>.<unix ms>-<number>`, with 15 and 6 digits. The last 23 characters say when the
 * file was saved, even if the name has dots, dashes and digits. The newest file of a name is the last in alphabetical
 * order.
 */

/** A file's name may have 255 bytes. This leaves room for what a save and `respite check` append. */
const MAX_NAME = 200;

const MS_DIGITS = 15;
const NUMBER_DIGITS = 6;
const SUFFIX = new RegExp(`\\.(\\d{${MS_DIGITS}})-(\\d{${NUMBER_DIGITS}})$`);

/** What a data set may be called, for error messages. */
export const DATA_SET_NAME = `the name of a data set must be 1 to ${MAX_NAME} letters, digits, ".", "_" and "-"`;

/** Returns whether a data set may have this name. Such a name cannot lead out of the directory. */
export function isDataSetName(name: string): boolean {
  return /^[\w.-]+$/.test(name) && name.length <= MAX_NAME && name !== '.' && name !== '..';
}

/** Returns the name of the data set in a file; undefined if the file is not a data set. */
export function dataSetIn(file: string): string | undefined {
  const suffix = SUFFIX.exec(file);
  if (suffix === null) return undefined;
  const name = file.slice(0, suffix.index);
  return isDataSetName(name) ? name : undefined;
}

/** Returns whether a file was left by a save that did not finish. */
export function isUnfinishedDataSet(file: string): boolean {
  return file.endsWith('.tmp') && dataSetIn(file.slice(0, -'.tmp'.length)) !== undefined;
}

/** Returns the newest file of a data set; undefined if there is none. */
export function newestDataSetFile(files: readonly string[], name: string): string | undefined {
  return files
    .filter((file) => dataSetIn(file) === name)
    .sort()
    .at(-1);
}

/**
 * Returns the file name for a new save of a data set. It sorts after all existing ones, even if two saves happen within
 * a millisecond or the clock was set back.
 * @param now Unix ms.
 * @throws JournalError if the time has too many digits.
 */
export function nextDataSetFile(files: readonly string[], name: string, now: number): string {
  const newest = newestDataSetFile(files, name);
  const [, ms, number] = SUFFIX.exec(newest ?? '') ?? [];
  if (ms === undefined || now >= Number(ms) + 1) return fileOf(name, Math.max(0, Math.floor(now)), 0);
  return Number(number) + 1 < 10 ** NUMBER_DIGITS
    ? fileOf(name, Number(ms), Number(number) + 1)
    : fileOf(name, Number(ms) + 1, 0);
}

function fileOf(name: string, ms: number, number: number): string {
  if (ms >= 10 ** MS_DIGITS)
    throw new JournalError('the time of the system clock, or of the newest data set, is out of range');
  return `${name}.${String(ms).padStart(MS_DIGITS, '0')}-${String(number).padStart(NUMBER_DIGITS, '0')}`;
}
