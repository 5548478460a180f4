import { JournalError } from './journal-error.js';

/**
 * Named data sets and the files they are in: `<name>.<unix ms>-<number>`, of 15 and 6 digits. So the last 23 characters tell
 * when a file was saved whatever the name holds, dots, dashes and digits as well, and of the files of a name the one that
 * comes last in the alphabet is the newest.
 */

/** Far from the 255 bytes that a file's name may have, with what `respite check` and a save under way put behind it. */
const MAX_NAME = 200;

const MS_DIGITS = 15;
const NUMBER_DIGITS = 6;
const SUFFIX = new RegExp(`\\.(\\d{${MS_DIGITS}})-(\\d{${NUMBER_DIGITS}})$`);

/** What a data set may be called, for a person. */
export const DATA_SET_NAME = `the name of a data set must be 1 to ${MAX_NAME} letters, digits, ".", "_" and "-"`;

/** Whether a data set may be called so: it names a file, and no way out of the directory. */
export function isDataSetName(name: string): boolean {
  return /^[\w.-]+$/.test(name) && name.length <= MAX_NAME && name !== '.' && name !== '..';
}

/** The name of the data set that a file holds, undefined if it is not the file of one. */
export function dataSetIn(file: string): string | undefined {
  const suffix = SUFFIX.exec(file);
  if (suffix === null) return undefined;
  const name = file.slice(0, suffix.index);
  return isDataSetName(name) ? name : undefined;
}

/** Whether a file is what a save that did not end has left. */
export function isUnfinishedDataSet(file: string): boolean {
  return file.endsWith('.tmp') && dataSetIn(file.slice(0, -'.tmp'.length)) !== undefined;
}

/** The file that was saved last of those of a name, undefined if there is none. */
export function newestDataSetFile(files: readonly string[], name: string): string | undefined {
  return files
    .filter((file) => dataSetIn(file) === name)
    .sort()
    .at(-1);
}

/**
 * The file for a new data set of a name. It is newer than all there are, also if two are saved in one millisecond or the
 * clock was set back.
 * @param now Unix ms.
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
    throw new JournalError('the wall clock, or the newest data set, is of a time that has no name');
  return `${name}.${String(ms).padStart(MS_DIGITS, '0')}-${String(number).padStart(NUMBER_DIGITS, '0')}`;
}
