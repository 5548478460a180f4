import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nodeFileSystem } from '../../src/journal/file-system.js';
import { JournalDirectory } from '../../src/journal/journal-directory.js';
import { Slice } from '../../src/slice.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { runToEnd } from '../tools/program.js';

it('respite check finds damage in a file of the journal, repairs it, and exits with 0 if there is none', async () => {
  const path = join(temporaryDirectory(), 'journal');
  const directory = await JournalDirectory.open(nodeFileSystem, path);
  const increment = await directory.beginCompaction();
  await increment.file.close();
  const base = await directory.createBase();
  for (let n = 0; n < 3; n++) {
    base.records.append('GONE', { token: Slice.of(`token ${n}`) });
    await base.write();
  }
  await directory.finishCompaction(base, increment);

  const good = await runToEnd(['check', path]);
  expect(good).toMatchObject({ code: 0, err: '' });
  expect(good.out).toMatch(
    /^\S+base\.3: \d+ bytes, version \d of the format, 3 good batches with 3 records, no damage\n/,
  );

  const file = join(path, 'base.3');
  const bytes = readFileSync(file);
  bytes[bytes.indexOf('token 1')] ^= 1;
  writeFileSync(file, bytes);
  const bad = await runToEnd(['check', file]);
  expect(bad.code).toBe(1);
  expect(bad.out).toMatch(/damaged at byte \d+: the checksum of a batch is wrong; \d+ bytes lost\n/);
  expect(bad.out + bad.err).not.toContain('token');

  const fixed = await runToEnd(['check', file, '--fix']);
  expect(fixed).toMatchObject({ code: 0, err: '' });
  expect(fixed.out).toContain('repaired; the original is now');
  expect(readFileSync(`${file}.damaged-1`)).toEqual(bytes);
  expect((await runToEnd(['check', path])).code).toBe(0);
});

it('respite check prints one line and exits with 1 if it cannot read the file', async () => {
  const path = join(temporaryDirectory(), 'missing');
  expect(await runToEnd(['check', path])).toEqual({
    code: 1,
    out: '',
    err: `error: cannot read ${path}: ENOENT: no such file or directory\n`,
  });
  expect(await runToEnd(['check'])).toMatchObject({ code: 1, err: "error: missing required argument 'file'\n" });
});
