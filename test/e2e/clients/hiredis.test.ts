import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isThere, run, works } from '../../tools/external-tool.js';
import { Program } from '../../tools/program.js';

const SOURCE = fileURLToPath(new URL('hiredis.c', import.meta.url));
const there = isThere(
  'hiredis with a C compiler',
  'libhiredis-dev gcc libc6-dev',
  works('cc', '-E', '-include', 'hiredis/hiredis.h', '-x', 'c', '/dev/null'),
);

describe.skipIf(!there)('hiredis', () => {
  let program: Program;
  let directory: string;
  beforeAll(async () => {
    program = await Program.start([], { RESPITE_REQUIREPASS: 'correct horse' });
    directory = mkdtempSync(join(tmpdir(), 'respite-hiredis-'));
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await program.stop();
  });

  it('uses sessions as a program does', async () => {
    const binary = join(directory, 'client');
    await run('cc', ['-Wall', '-Wextra', '-Werror', '-O1', SOURCE, '-o', binary, '-lhiredis']);
    expect(await run(binary, [String(program.port), 'correct horse'])).toBe('done\n');
  });
});
