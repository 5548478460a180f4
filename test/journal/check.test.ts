import { chownSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkJournal } from '../../src/journal/check.js';
import { checkLines } from '../../src/journal/check-lines.js';
import { prepareDataDirectory } from '../../src/journal/data-directory.js';
import { DataSets } from '../../src/journal/data-sets.js';
import { DirectoryLock } from '../../src/journal/directory-lock.js';
import { FILE_HEADER_LENGTH, FORMAT_VERSION } from '../../src/journal/frames.js';
import { Journal } from '../../src/journal/journal.js';
import type { JournalClock } from '../../src/journal/writer.js';
import { append, numbered, numberIn } from './arbitrary-record.js';
import { temporaryDirectory } from './temporary-directory.js';

const clock: JournalClock = {
  now: () => 0,
  after(_, callback) {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  },
};

async function openJournal(path: string) {
  const numbers: number[] = [];
  const journal = await Journal.open(path, { clock, policy: 'always', onFailure() {}, onRecovery() {} });
  const report = await journal.load((record) => numbers.push(numberIn(record))).catch((error) => error);
  return { journal, numbers, report };
}

/** Writes a journal with the numbers 1 to 9, one per batch. With `withBase`, 1 to 3 are in a base. */
async function writeJournal(path: string, { withBase = false } = {}): Promise<void> {
  const { journal } = await openJournal(path);
  for (let n = 1; n <= 9; n++) {
    append(journal.records, numbered(n));
    await new Promise<void>((resolve) => journal.whenDurable(journal.position, resolve));
    if (withBase && n === 3) {
      await journal.compact(async (base) => {
        for (let i = 1; i <= 3; i++) {
          append(base.records, numbered(i));
          await base.write();
        }
      });
    }
  }
  await journal.close();
}

async function numbersIn(path: string): Promise<number[]> {
  const { journal, numbers, report } = await openJournal(path);
  await journal.close();
  if (report instanceof Error) throw report;
  return numbers;
}

/** Flips one bit of the byte at `at`. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] ^= 1;
  writeFileSync(path, bytes);
}

/** Returns the offsets of a file's batches. */
function batchStarts(path: string): number[] {
  const text = readFileSync(path, 'latin1');
  return [...text.matchAll(/\*4\r\n\$5\r\nBATCH/g)].map(({ index }) => index);
}

async function newJournal(options?: { withBase: boolean }) {
  const path = join(temporaryDirectory(), 'journal');
  await writeJournal(path, options);
  return { path, increment: join(path, options?.withBase ? 'increment.2' : 'increment.1') };
}

describe('checkJournal', () => {
  it('finds no damage in what the journal wrote, given a file, the manifest or the directory', async () => {
    const { path, increment } = await newJournal({ withBase: true });
    expect(await checkJournal(increment)).toMatchObject({
      isGood: true,
      files: [{ version: FORMAT_VERSION, batches: 6, records: 6, bytes: statSync(increment).size, damages: [] }],
    });
    for (const whole of [path, join(path, 'manifest')]) {
      const { isGood, files } = await checkJournal(whole, { fix: true });
      expect(isGood).toBe(true);
      expect(files.map(({ path: file }) => file)).toEqual([join(path, 'base.3'), increment]);
    }
    expect(readdirSync(path).sort()).toEqual(['base.3', 'increment.2', 'manifest']);
  });

  it('finds a changed byte anywhere, and keeps all other batches', async () => {
    const { path, increment } = await newJournal();
    const good = readFileSync(increment);
    const starts = batchStarts(increment);
    expect(starts.length).toBe(9);
    for (let at = 0; at < good.length; at += 7) {
      flip(increment, at);
      const hit = starts.findLastIndex((start) => start <= at);
      const checked = await checkJournal(increment).catch((error) => error);
      if (checked instanceof Error) {
        expect(checked.message).toContain('version');
        writeFileSync(increment, good);
        continue;
      }
      const offset = hit < 0 ? 0 : starts[hit];
      expect(checked.files[0].damages).toMatchObject([{ offset, bytes: (starts[hit + 1] ?? good.length) - offset }]);
      expect(checked.isGood).toBe(false);
      expect(await checkJournal(increment, { fix: true })).toMatchObject({ isGood: true });
      expect(await numbersIn(path)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].filter((n) => n !== hit + 1));
      expect(await checkJournal(increment)).toMatchObject({ isGood: true });
      const original = `${increment}.damaged-1`;
      expect(readFileSync(original)[at]).toBe(good[at] ^ 1);
      unlinkSync(original);
      writeFileSync(increment, good);
    }
  });

  it('keeps what is between two damaged parts', async () => {
    const { path, increment } = await newJournal();
    const starts = batchStarts(increment);
    flip(increment, starts[1] + 50);
    flip(increment, starts[4] + 3);
    flip(increment, starts[5] + 20);
    const { files } = await checkJournal(increment, { fix: true });
    expect(files[0].damages.map(({ offset, bytes }) => [offset, offset + bytes])).toEqual([
      [starts[1], starts[2]],
      [starts[4], starts[6]],
    ]);
    expect(await numbersIn(path)).toEqual([1, 3, 4, 7, 8, 9]);
  });

  it('drops an incomplete end, and distinguishes it from damage', async () => {
    const { path, increment } = await newJournal();
    const bytes = readFileSync(increment);
    writeFileSync(increment, bytes.subarray(0, -4));
    const { isGood, files } = await checkJournal(increment);
    expect(isGood).toBe(false);
    const [{ offset, bytes: left, ...damage }] = files[0].damages;
    expect(damage).toEqual({ isTornTail: true, reason: 'a batch is incomplete' });
    expect(checkLines({ isGood, files })[1]).toBe(
      `${increment}: incomplete from byte ${offset} on, as after a crash: a batch is incomplete; ${left} bytes, which the server drops when it starts`,
    );
    await checkJournal(increment, { fix: true });
    expect(await numbersIn(path)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('repairs a header, and keeps all batches', async () => {
    const { path, increment } = await newJournal();
    const bytes = readFileSync(increment);
    bytes.fill('x', 0, FILE_HEADER_LENGTH);
    writeFileSync(increment, bytes);
    await expect(numbersIn(path)).rejects.toThrow('it does not start like a file of the journal');
    expect(await checkJournal(path, { fix: true })).toMatchObject({ isGood: true });
    expect(await numbersIn(path)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.each([
    ['lost', (manifest: string) => unlinkSync(manifest)],
    ['damaged', (manifest: string) => flip(manifest, 30)],
  ])('rebuilds a %s manifest', async (_, damage) => {
    const { path } = await newJournal({ withBase: true });
    damage(join(path, 'manifest'));
    if (process.geteuid?.() === 0) chownSync(path, 1234, 1234);
    await expect(numbersIn(path)).rejects.toThrow('manifest');
    const before = await checkJournal(path).catch((error) => error);
    expect(before).toMatchObject({ isGood: false });
    expect(await checkJournal(path, { fix: true })).toMatchObject({ isGood: true });
    expect(await numbersIn(path)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(statSync(join(path, 'manifest')).uid).toBe(statSync(path).uid);
  });

  it('keeps every original, and the owner and mode of the file', async () => {
    const { increment } = await newJournal();
    if (process.geteuid?.() === 0) chownSync(increment, 1234, 1234);
    const { uid, mode } = statSync(increment);
    for (let n = 1; n <= 3; n++) {
      flip(increment, batchStarts(increment)[0] + 50);
      const { files } = await checkJournal(increment, { fix: true });
      expect(files[0].original).toBe(`${increment}.damaged-${n}`);
    }
    expect(statSync(increment)).toMatchObject({ uid, mode });
  });

  it('repairs nothing that a server is using or that is not a journal', async () => {
    const { path, increment } = await newJournal();
    flip(increment, 100);
    const lock = DirectoryLock.take(join(path, '..'));
    await expect(checkJournal(increment, { fix: true })).rejects.toThrow('another respite');
    await expect(checkJournal(path, { fix: true })).rejects.toThrow('another respite');
    expect((await checkJournal(increment)).isGood).toBe(false);
    lock.release();
    const other = join(path, 'other');
    writeFileSync(other, 'something else');
    const report = await checkJournal(other, { fix: true });
    expect(report.isGood).toBe(false);
    expect(checkLines(report).at(-1)).toBe(`${other}: cannot be repaired: it is not a file of the journal`);
    expect(readFileSync(other, 'utf8')).toBe('something else');
  });

  it('reports in one line what it cannot read', async () => {
    const directory = temporaryDirectory();
    await expect(checkJournal(join(directory, 'x'))).rejects.toThrow(`cannot read ${directory}/x: ENOENT`);
    await expect(checkJournal(directory)).rejects.toThrow(`${directory} contains no journal`);
  });

  it('prints what was found and what to do', async () => {
    const { increment } = await newJournal();
    const [, second] = batchStarts(increment);
    flip(increment, second + 60);
    const size = statSync(increment).size;
    const length = batchStarts(increment)[2] - second;
    const found = `${increment}: ${size} bytes, version ${FORMAT_VERSION} of the format, 8 good batches with 8 records`;
    const damage = `${increment}: damaged at byte ${second}: the checksum of a batch is wrong; ${length} bytes`;
    expect(checkLines(await checkJournal(increment))).toEqual([
      found,
      `${damage} lost`,
      'to keep what is good, run this again with --fix: the original stays beside the repaired file',
    ]);
    expect(checkLines(await checkJournal(increment, { fix: true }))).toEqual([
      found,
      `${damage} dropped`,
      `${increment}: repaired; the original is now ${increment}.damaged-1`,
      'ended sessions may be back, because their end may have been dropped: if in doubt, end all with SESSION.ENDALL',
    ]);
  });

  it('accepts the directory of a server, and refuses what is neither a file nor a directory', async () => {
    const { increment } = await newJournal();
    const journal = dirname(increment);
    const server = temporaryDirectory();
    renameSync(journal, join(server, 'journal'));
    expect((await checkJournal(server)).files.map(({ path }) => path)).toEqual([
      join(server, 'journal', basename(increment)),
    ]);
    await expect(checkJournal('/dev/null')).rejects.toThrow('neither a file nor a directory');
  });

  it.each([
    ['zeros', Buffer.alloc(3000)],
    ['a journal that lost its first sector', undefined],
  ])('reports that this is not a file of the journal: %s', async (_, content) => {
    const { increment } = await newJournal();
    writeFileSync(increment, content ?? Buffer.concat([Buffer.alloc(512), readFileSync(increment).subarray(512)]));
    const { files, isGood } = await checkJournal(increment, { fix: true });
    expect([isGood, files[0].hopeless]).toEqual([false, 'it is not a file of the journal']);
    expect(files[0].damages.some(({ isTornTail }) => isTornTail)).toBe(false);
  });

  it('checks a journal in a prepared directory', async () => {
    const directory = join(temporaryDirectory(), 'data');
    prepareDataDirectory(directory);
    await writeJournal(join(directory, 'journal'));
    expect((await checkJournal(join(directory, 'journal'))).isGood).toBe(true);
  });

  describe('on data sets', () => {
    /** Creates a directory with two data sets of the numbers 1 to 3, one per batch. */
    async function twoSaved() {
      const directory = temporaryDirectory();
      const sets = new DataSets(directory);
      const paths: string[] = [];
      for (const name of ['a', 'b']) {
        const { path } = await sets.save(name, 0, async (base) => {
          for (let n = 1; n <= 3; n++) {
            append(base.records, numbered(n));
            await base.write();
          }
        });
        paths.push(path);
      }
      const numbersIn = async (path: string) => {
        const numbers: number[] = [];
        for await (const records of sets.read(path)) {
          for (const record of records) if (record.name !== 'END') numbers.push(numberIn(record));
        }
        return numbers;
      };
      return { directory, paths, numbersIn };
    }

    it('checks one of them, or a directory of them', async () => {
      const { directory, paths } = await twoSaved();
      const report = await checkJournal(directory);
      expect(report.isGood).toBe(true);
      expect(report.files.map(({ path, batches, records }) => [path, batches, records])).toEqual(
        paths.map((path) => [path, 4, 4]),
      );
      expect((await checkJournal(paths[0])).files).toHaveLength(1);
    });

    it.each([
      ['between two batches', 1, 'the end of the file is missing'],
      ['within a batch', 5, 'a batch is incomplete'],
    ])('finds one that was truncated %s, and repairs it so that it can be loaded', async (_, cut, reason) => {
      const { paths, numbersIn } = await twoSaved();
      const bytes = readFileSync(paths[0]);
      const starts = batchStarts(paths[0]);
      writeFileSync(paths[0], bytes.subarray(0, cut === 1 ? starts[2] : starts[2] + cut));
      await expect(numbersIn(paths[0])).rejects.toThrow(reason);
      const report = await checkJournal(paths[0]);
      expect(report.files[0].damages).toMatchObject([{ reason, isTornTail: false }]);
      expect((await checkJournal(paths[0], { fix: true })).isGood).toBe(true);
      expect(await numbersIn(paths[0])).toEqual([1, 2]);
      expect((await checkJournal(paths[0])).isGood).toBe(true);
    });

    it('repairs one with damage in the middle', async () => {
      const { paths, numbersIn } = await twoSaved();
      flip(paths[1], batchStarts(paths[1])[1] + 60);
      await checkJournal(paths[1], { fix: true });
      expect(await numbersIn(paths[1])).toEqual([1, 3]);
    });
  });
});
