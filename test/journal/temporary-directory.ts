import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach } from 'vitest';

const made: string[] = [];
/** A minute's worth: a guard against hanging. */
const MOST_ATTEMPTS = 600;

/** Creates a directory, which is removed after the test. Call this within a test. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'respite-test-'));
  made.push(path);
  return path;
}

afterEach(async () => {
  for (const path of made.splice(0)) await remove(path);
});

/**
 * Removes a directory. If the test moved its clock forward, the server may have stopped while the disk was still at
 * work, and a file may appear while the directory is being removed.
 */
async function remove(path: string): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch (error) {
      if (attempts === MOST_ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
    await setTimeout(100);
  }
}
