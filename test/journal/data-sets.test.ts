import { describe, expect, it } from 'vitest';
import type { BaseFile } from '../../src/journal/base-file.js';
import { DataSets } from '../../src/journal/data-sets.js';
import { JournalDamage, JournalError } from '../../src/journal/journal-error.js';
import { append, numbered, numberIn } from './arbitrary-record.js';
import { type Disk, failure, MemoryFileSystem } from './memory-file-system.js';

const DIRECTORY = '/data/saves';
const NOW = Date.UTC(2030, 0, 1);

/** Writes records that count up from `first`, one per batch. */
const counting =
  (first: number, count = 3) =>
  async (base: BaseFile) => {
    for (let n = first; n < first + count; n++) {
      append(base.records, numbered(n));
      await base.write();
    }
  };

async function numbersIn(sets: DataSets, path: string): Promise<number[]> {
  const numbers: number[] = [];
  for await (const records of sets.read(path)) {
    for (const record of records) if (record.name !== 'END') numbers.push(numberIn(record));
  }
  return numbers;
}

/** Returns what is in the newest data set of a name; undefined if there is none. */
async function newestIn(disk: Disk): Promise<number[] | undefined> {
  const sets = new DataSets(DIRECTORY, new MemoryFileSystem(disk));
  const path = await sets.newest('a');
  return path === undefined ? undefined : numbersIn(sets, path);
}

/** Returns a disk with one data set, saved at `NOW`. */
async function oneSaved(): Promise<{ disk: Disk; path: string }> {
  const fileSystem = new MemoryFileSystem();
  const { path } = await new DataSets(DIRECTORY, fileSystem).save('a', NOW, counting(0));
  return { disk: fileSystem.disk, path };
}

describe('a data set', () => {
  it('contains what was written; a newer save of the name is another file, and is found first', async () => {
    const fileSystem = new MemoryFileSystem();
    const sets = new DataSets(DIRECTORY, fileSystem);
    const first = await sets.save('a', NOW, counting(0));
    const second = await sets.save('a', NOW, counting(10));
    await sets.save('a.b', NOW + 1, counting(20));
    expect([first.path, second.path]).toEqual([
      `${DIRECTORY}/a.001893456000000-000000`,
      `${DIRECTORY}/a.001893456000000-000001`,
    ]);
    expect(first.bytes).toBe(fileSystem.content(first.path).length);
    expect(await sets.newest('a')).toBe(second.path);
    expect(await numbersIn(sets, first.path)).toEqual([0, 1, 2]);
    expect(await numbersIn(sets, second.path)).toEqual([10, 11, 12]);
    expect(await sets.newest('b')).toBeUndefined();
    expect(fileSystem.openFiles).toBe(0);
  });

  it('is there completely or not at all after a power failure, and completely if it was acknowledged', async () => {
    const { disk } = await oneSaved();
    const fileSystem = new MemoryFileSystem(disk);
    const disks: Disk[] = [];
    fileSystem.onChange = () => disks.push(...fileSystem.disksAfterPowerFailure);
    await new DataSets(DIRECTORY, fileSystem).save('a', NOW, counting(10));
    const seen = new Set<string>();
    for (const after of disks) seen.add(String(await newestIn(after)));
    expect([...seen].sort()).toEqual(['0,1,2', '10,11,12']);
    for (const after of fileSystem.disksAfterPowerFailure) expect(await newestIn(after)).toEqual([10, 11, 12]);
  });

  it('leaves no file if any call fails', async () => {
    const { disk } = await oneSaved();
    for (let failing = 0; ; failing++) {
      const fileSystem = new MemoryFileSystem(disk);
      let calls = 0;
      let hasFailed = false;
      fileSystem.onChange = (call) => {
        if (calls++ !== failing) return;
        hasFailed = true;
        throw failure(call === 'remove' ? 'EIO' : 'ENOSPC');
      };
      const saving = new DataSets(DIRECTORY, fileSystem).save('a', NOW, counting(10));
      if (
        !hasFailed &&
        (await saving.then(
          () => true,
          () => false,
        ))
      ) {
        expect(failing).toBeGreaterThan(6);
        break;
      }
      await expect(saving).rejects.toThrow(new JournalError(`cannot write to ${DIRECTORY}: ENOSPC`));
      expect([...fileSystem.disk.keys()]).toEqual([...disk.keys()]);
      expect(fileSystem.openFiles).toBe(0);
    }
  });

  it('leaves no file if the sessions cannot be read', async () => {
    const fileSystem = new MemoryFileSystem();
    const sets = new DataSets(DIRECTORY, fileSystem);
    const fault = new Error('no');
    await expect(sets.save('a', NOW, () => Promise.reject(fault))).rejects.toBe(fault);
    expect(fileSystem.disk.size).toBe(0);
    expect(fileSystem.openFiles).toBe(0);
  });

  it('is aborted by close, before or while it is written', async () => {
    const fileSystem = new MemoryFileSystem();
    const sets = new DataSets(DIRECTORY, fileSystem);
    const saving = sets.save('a', NOW, async (base) => {
      await counting(0)(base);
      sets.close();
      await counting(3)(base);
    });
    await expect(saving).rejects.toThrow(new JournalError('the server is stopping'));
    await expect(sets.save('a', NOW, counting(0))).rejects.toThrow('the server is stopping');
    expect(fileSystem.disk.size).toBe(0);
  });

  it('is not what a crash left of one; the next save removes that', async () => {
    const { disk, path } = await oneSaved();
    const left = `${DIRECTORY}/a.001893456999999-000000.tmp`;
    const fileSystem = new MemoryFileSystem(
      new Map([...disk, [left, Buffer.from('x')], [`${DIRECTORY}/mine.tmp`, Buffer.alloc(0)]]),
    );
    const sets = new DataSets(DIRECTORY, fileSystem);
    expect(await sets.newest('a')).toBe(path);
    await sets.save('b', NOW, counting(0));
    expect([...fileSystem.disk.keys()]).not.toContain(left);
    expect([...fileSystem.disk.keys()]).toContain(`${DIRECTORY}/mine.tmp`);
  });
});

describe('the file of a data set is refused', () => {
  const read = async (bytes: Buffer): Promise<number[]> => {
    const sets = new DataSets(DIRECTORY, new MemoryFileSystem(new Map([['/f', bytes]])));
    return numbersIn(sets, '/f');
  };

  it('if it is truncated anywhere', async () => {
    const { disk, path } = await oneSaved();
    const bytes = disk.get(path) as Buffer;
    for (let length = 0; length < bytes.length; length++) {
      await expect(read(bytes.subarray(0, length)), String(length)).rejects.toThrow(JournalDamage);
    }
    expect(await read(bytes)).toEqual([0, 1, 2]);
  });

  it('if any byte has changed', async () => {
    const { disk, path } = await oneSaved();
    const bytes = disk.get(path) as Buffer;
    for (let at = 0; at < bytes.length; at++) {
      const other = Buffer.from(bytes);
      other[at] ^= 1;
      await expect(read(other), String(at)).rejects.toThrow(JournalError);
    }
  });

  it('if there is more data after its end', async () => {
    const fileSystem = new MemoryFileSystem();
    const sets = new DataSets(DIRECTORY, fileSystem);
    const inOne = await sets.save('a', NOW, async (base) => {
      base.records.append('END', {});
      append(base.records, numbered(1));
    });
    await expect(numbersIn(sets, inOne.path)).rejects.toThrow('there is more data after its end');
    const inAnother = await sets.save('a', NOW, async (base) => {
      base.records.append('END', {});
      await base.write();
      append(base.records, numbered(1));
    });
    await expect(numbersIn(sets, inAnother.path)).rejects.toThrow('there is more data after its end');
  });

  it.each([
    ['if it is empty', ''],
    ['if it is from another program', 'REDIS0010\xfa\tredis-ver\x067.0.15'],
    ['if it has only a part of the header', '*4\r\n$15\r\nRESPITE-JOURNAL\r\n'],
  ])('%s', async (_, text) => {
    await expect(read(Buffer.from(text, 'latin1'))).rejects.toThrow('it does not start like a file of the journal');
  });
});
