import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The name of the file in the data directory. */
const STOP_NOTE = 'last-stop';

/** Describes a stop that lost changes. The next start logs it. */
interface StopNote {
  /** Unix ms. */
  readonly at: number;
  /** The number of changes that are certainly lost. */
  readonly lost: number;
  /** The error of the disk. */
  readonly reason: string;
}

/** Leaves a note about a stop that lost changes. If the disk fails again, there is no note. */
export async function leaveStopNote(directory: string, note: StopNote): Promise<void> {
  await writeFile(join(directory, STOP_NOTE), `${JSON.stringify(note)}\n`, { mode: 0o600 }).catch(() => {});
}

/** Reads and removes the note that the last stop left. It is only for the log, so a malformed note is ignored. */
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
