import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Name of the file in the directory. */
export const STOP_NOTE = 'last-stop';

/** A stop that lost changes, for the next start to tell of. */
export interface StopNote {
  /** Unix ms. */
  readonly at: number;
  /** Changes that were lost for certain. */
  readonly lost: number;
  /** What the disk said. */
  readonly reason: string;
}

/** Leaves word of a stop that lost changes. The disk that took no changes may not take this either: then there is none. */
export async function leaveStopNote(directory: string, note: StopNote): Promise<void> {
  await writeFile(join(directory, STOP_NOTE), `${JSON.stringify(note)}\n`, { mode: 0o600 }).catch(() => {});
}

/** Reads the word that the last stop left, and removes it. It is for the log alone: what is no such note counts as none. */
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
