import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const made: string[] = [];

/** A new directory, which is gone after the test. To be called in a test of a file that imports this. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'respite-test-'));
  made.push(path);
  return path;
}

afterEach(() => {
  // A server whose clock was put forward may have stopped before the disk has done all that it was asked for.
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});
