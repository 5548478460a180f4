import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Name of the file in the directory. */
export const STOP_NOTE = 'last-stop';

/** A stop that lost changes, for the next start to log. */
export interface StopNote {
  /** Unix ms. */
  readonly at: number;
  /** Changes that were lost for certain. */
  readonly lost: number;
  /** What the disk said. */
  readonly reason: string;
}

/** Leaves a note of a stop that lost changes. If the disk does not take the note either, there is none. */
export async function leaveStopNote(directory: string, note: StopNote): Promise<void> {
  await writeFile(join(directory, STOP_NOTE), `${JSON.stringify(note)}\n`, { mode: 0o600 }).catch(() => {});
}

/** Reads the note that the last stop left, and removes it. It is only for the log: a malformed note counts as none. */
export async function takeStopNote(directory: string): Promise<StopNote | undefined> {
  const path = join(directory, STOP_NOTE);
  try {
    const text = await readFile(path, 'utf8');
    await unlink(path).catch(() => {});
    const { at, lost, reason } = JSON.parse(text) as Partial<Record<keyof StopNote, unknown>>;
    if (Number.isSafeInteger(at) && Number.isSafeInteger(lost) && typeof reason === 'string') {
      return { at: at as number, lost: lost as number, reason };
    }
  } catch {}
  return undefined;
}
