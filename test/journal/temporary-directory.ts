import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const made: string[] = [];

/** Creates a directory, which is removed after the test. Call this within a test. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'respite-test-'));
  made.push(path);
  return path;
}

afterEach(() => {
  // If the test moved its clock forward, the server may have stopped while the disk was still at work.
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});
