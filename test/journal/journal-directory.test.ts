import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/journal/journal.js';
import { JournalDirectory } from '../../src/journal/journal-directory.js';
import { JournalDamage } from '../../src/journal/journal-error.js';
import { decodeManifest } from '../../src/journal/manifest.js';
import type { JournalClock } from '../../src/journal/writer.js';
import { Slice } from '../../src/slice.js';
import { numberIn } from './arbitrary-record.js';
import { type Disk, failure, MemoryFileSystem } from './memory-file-system.js';

const PATH = '/data/journal';

/**
 * The state in these tests is one number, which each record replaces. So it is `n` if all records up to the nth are
 * there. A base has the number at the time when it was written.
 */
const fields = { token: Slice.of('t') };
const number = (n: number) => [Slice.of('n'), Slice.of(String(n))];

/** A clock on which every delay ends in the next turn of the event loop. */
const clock: JournalClock = {
  now: () => 0,
  after(_, callback) {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  },
};

class Running {
  last = 0;
  /** The last number known to be durable. */
  safe = 0;
  readonly fileSystem: MemoryFileSystem;
  readonly journal: Journal;

  private constructor(fileSystem: MemoryFileSystem, journal: Journal, last: number) {
    this.fileSystem = fileSystem;
    this.journal = journal;
    this.last = last;
    this.safe = last;
  }

  static async start(fileSystem: MemoryFileSystem): Promise<Running> {
    const options = { fileSystem, clock, policy: 'always', onFailure() {}, onRecovery() {} } as const;
    const journal = await Journal.open(PATH, options);
    return new Running(fileSystem, journal, (await loadAll(journal)).last);
  }

  /** Appends the next number and waits until it is durable. */
  async append(): Promise<void> {
    const n = ++this.last;
    this.journal.records.append('SET', fields, number(n));
    await new Promise<void>((resolve) => this.journal.whenDurable(this.journal.position, resolve));
    this.safe = n;
  }

  compact(): Promise<void> {
    return this.journal.compact(async (base) => {
      await this.append();
      base.records.append('SESSION', { ...fields, ...SETTINGS }, number(this.last));
      await base.write();
      await this.append();
    });
  }

  stop(): Promise<void> {
    return this.journal.close();
  }
}

const SETTINGS = {
  name: Slice.of('n'),
  duration: 0,
  deadline: 0,
  created: 0,
  maxAgeSeconds: 0,
  maxAgeEnd: 0,
  flags: 0,
};

async function loadAll(journal: Pick<Journal, 'load'>) {
  let last = 0;
  const report = await journal.load((record) => {
    last = numberIn(record);
  });
  return { last, report };
}

/** Opens the journal on a disk, and checks that only files listed in the manifest remain. */
async function recover(disk: Disk) {
  const fileSystem = new MemoryFileSystem(disk);
  const directory = await JournalDirectory.open(fileSystem, PATH);
  const { last, report } = await loadAll(directory);
  const increment = await directory.openIncrement();
  await increment.file.close();
  const manifest = decodeManifest(fileSystem.content(`${PATH}/manifest`), 'manifest');
  const listed = [...(manifest.base === undefined ? [] : [manifest.base]), ...manifest.increments];
  expect((await fileSystem.list(PATH)).sort()).toEqual([...listed, 'manifest'].sort());
  return { last, report, fileSystem };
}

describe('the directory of the journal', () => {
  it('has every acknowledged number after a kill or a power failure at any time, during compactions too', async () => {
    const fileSystem = new MemoryFileSystem();
    const instants: { call: string; disks: Disk[]; safe: number; last: number }[] = [];
    let running: Running | undefined;
    const note = (call: string) => {
      const disks = [fileSystem.disk, ...fileSystem.disksAfterPowerFailure].map(copy);
      instants.push({ call, disks, safe: running?.safe ?? 0, last: running?.last ?? 0 });
    };
    fileSystem.onChange = (call, path) => note(`${call} ${path}`);
    running = await Running.start(fileSystem);
    await running.append();
    await running.compact();
    await running.append();
    await running.compact();
    await running.append();
    await running.stop();
    note('stop');

    expect(instants.length).toBeGreaterThan(60);
    for (const { call, disks, safe, last } of instants) {
      for (const [index, disk] of disks.entries()) {
        const where = `disk ${index} before ${call}`;
        const found = await recover(disk).catch((error) => expect.unreachable(`${where}: ${error.message}`));
        expect(found.last, where).toBeGreaterThanOrEqual(safe);
        expect(found.last, where).toBeLessThanOrEqual(last);
        // A second start, as if the first had crashed at its end.
        expect((await recover(found.fileSystem.disk)).last).toBe(found.last);
      }
    }
  });

  it('keeps everything acknowledged whichever call fails, and the next compaction succeeds', async () => {
    let calls = Infinity;
    for (let failing = 0; failing < calls; failing++) {
      const fileSystem = new MemoryFileSystem();
      const running = await Running.start(fileSystem);
      await running.append();
      let count = 0;
      fileSystem.onChange = () => {
        if (count++ === failing) throw failure('ENOSPC');
      };
      await running.append();
      const failed = await running.compact().catch((error) => error);
      if (failing === 0) calls = 60;
      if (count <= failing) calls = failing;
      fileSystem.onChange = () => {};
      if (failed instanceof Error) expect(failed.message).toMatch(/ENOSPC|while the disk fails/);
      await running.append();
      expect((await recover(copy(fileSystem.disk))).last).toBe(running.last);
      for (const disk of fileSystem.disksAfterPowerFailure) expect((await recover(copy(disk))).last).toBe(running.last);
      await running.compact();
      expect((await recover(copy(fileSystem.disk))).last).toBe(running.last);
      await running.stop();
      expect(fileSystem.openFiles).toBe(0);
      expect((await recover(fileSystem.disk)).last).toBe(running.last);
    }
    expect(calls).toBeGreaterThan(15);
    expect(calls).toBeLessThan(60);
  });

  it('has one base and one increment after a compaction, and knows their sizes', async () => {
    const fileSystem = new MemoryFileSystem();
    const running = await Running.start(fileSystem);
    for (let i = 0; i < 5; i++) await running.append();
    await running.compact();
    await running.append();
    expect((await fileSystem.list(PATH)).sort()).toEqual(['base.3', 'increment.2', 'manifest']);
    const base = fileSystem.content(`${PATH}/base.3`).length;
    const size = base + fileSystem.content(`${PATH}/increment.2`).length;
    expect([running.journal.baseSize, running.journal.size]).toEqual([base, size]);
    await running.stop();
    const again = await Running.start(new MemoryFileSystem(fileSystem.disk));
    expect([again.journal.baseSize, again.journal.size, again.last]).toEqual([base, size, running.last]);
    await again.stop();
  });

  it('cuts off an incomplete end, says how long it was, and continues there', async () => {
    const fileSystem = new MemoryFileSystem();
    const running = await Running.start(fileSystem);
    await running.append();
    await running.append();
    await running.stop();
    const disk = fileSystem.disk;
    const path = `${PATH}/increment.1`;
    const whole = disk.get(path) as Buffer;
    disk.set(path, whole.subarray(0, -3));
    const { report, fileSystem: recovered } = await recover(disk);
    expect(report.dropped?.path).toBe(path);
    expect(report.dropped?.bytes).toBeGreaterThan(20);
    expect(recovered.content(path).length).toBe(report.dropped?.offset);
    const again = await Running.start(recovered);
    expect(again.last).toBe(1);
    await again.append();
    await again.stop();
    expect((await recover(recovered.disk)).last).toBe(2);
  });

  it('refuses an incomplete file that is not the last one, and an incomplete base', async () => {
    const fileSystem = new MemoryFileSystem();
    const running = await Running.start(fileSystem);
    await running.append();
    await running.compact();
    const givenUp = running.journal.compact(async () => {
      await running.append();
      throw new Error('given up');
    });
    await expect(givenUp).rejects.toThrow('given up');
    await running.stop();
    expect((await recover(copy(fileSystem.disk))).last).toBe(running.last);
    for (const name of ['base.3', 'increment.2']) {
      const disk = copy(fileSystem.disk);
      disk.set(`${PATH}/${name}`, (disk.get(`${PATH}/${name}`) as Buffer).subarray(0, -1));
      await expect(recover(disk)).rejects.toThrow(JournalDamage);
    }
  });

  it('leaves files of others alone', async () => {
    const others = [
      'increment.1.damaged-1',
      'notes',
      'base',
      'base.x',
      'manifest.damaged-1',
      'increment.4.repaired.tmp',
    ];
    const fileSystem = new MemoryFileSystem(new Map(others.map((name) => [`${PATH}/${name}`, Buffer.from('mine')])));
    for (let i = 0; i < 2; i++) {
      const running = await Running.start(fileSystem);
      await running.compact();
      await running.stop();
    }
    expect(await fileSystem.list(PATH)).toEqual(expect.arrayContaining(others));
  });

  it('refuses to start if the manifest, or a file that it lists, is missing', async () => {
    const fileSystem = new MemoryFileSystem();
    const running = await Running.start(fileSystem);
    await running.append();
    await running.compact();
    await running.stop();
    for (const [name, message] of [
      ['manifest', 'manifest is missing, although'],
      ['base.3', 'base.3 is missing, although'],
      ['increment.2', 'increment.2 is missing, although'],
    ]) {
      const disk = copy(fileSystem.disk);
      disk.delete(`${PATH}/${name}`);
      const before = copy(disk);
      await expect(recover(disk)).rejects.toThrow(message);
      expect(disk).toEqual(before);
    }
  });

  it('refuses a manifest in which any byte has changed', async () => {
    const fileSystem = new MemoryFileSystem();
    await (await Running.start(fileSystem)).stop();
    const manifest = fileSystem.content(`${PATH}/manifest`);
    for (let at = 0; at < manifest.length; at++) {
      const disk = copy(fileSystem.disk);
      const changed = Buffer.from(manifest);
      changed[at] ^= 1;
      disk.set(`${PATH}/manifest`, changed);
      await expect(JournalDirectory.open(new MemoryFileSystem(disk), PATH)).rejects.toThrow('manifest');
    }
  });

  it.each([
    '',
    'respite-journal-manifest 1\n',
    'respite-journal-manifest 1\n../../etc/passwd\ncrc 00000000\n',
    'respite-journal-manifest 2\nincrement.1\ncrc 00000000\n',
  ])('refuses the manifest %j', (text) => {
    expect(() => decodeManifest(Buffer.from(text), '/manifest')).toThrow('/manifest');
  });

  it('aborts a compaction when it is closed', async () => {
    const fileSystem = new MemoryFileSystem();
    const running = await Running.start(fileSystem);
    await running.append();
    const compaction = startCompaction(running);
    await running.stop();
    expect((await compaction).message).toContain('being closed');
    expect(fileSystem.openFiles).toBe(0);
    expect((await recover(fileSystem.disk)).last).toBe(running.last);
  });

  it.each(['everysec', 'no'] as const)(
    'with %s: after a power failure, the records of one turn during a compaction are all there or none is',
    async (policy) => {
      const fileSystem = new MemoryFileSystem();
      const disks: Disk[] = [];
      const journal = await Journal.open(PATH, { fileSystem, clock, policy, onFailure() {}, onRecovery() {} });
      await journal.load(() => {});
      const tokens = ['a', 'b'].map((token) => ({ token: Slice.of(token) }));
      const setBoth = (n: number) => {
        for (const token of tokens) journal.records.append('SET', token, number(n));
      };
      setBoth(1);
      await journal.makeDurable();
      fileSystem.onChange = () => disks.push(...fileSystem.disksAfterPowerFailure.map(copy));
      await journal.compact(async (base) => {
        base.records.append('SESSION', { ...tokens[0], ...SETTINGS }, number(1));
        setBoth(2);
        base.records.append('SESSION', { ...tokens[1], ...SETTINGS }, number(2));
      });
      await journal.close();

      expect(disks.length).toBeGreaterThan(20);
      for (const disk of disks) {
        const kept = await Journal.open(PATH, {
          fileSystem: new MemoryFileSystem(disk),
          clock,
          policy,
          onFailure() {},
          onRecovery() {},
        });
        const state: Record<string, number> = {};
        await kept.load((record) => {
          if (record.name !== 'END') state[record.slice(0).latin1()] = numberIn(record);
        });
        expect(state.a).toBe(state.b);
        await kept.close();
      }
    },
  );

  it('does one compaction at a time', async () => {
    const running = await Running.start(new MemoryFileSystem());
    const first = running.compact();
    expect(running.journal.isCompacting).toBe(true);
    await expect(running.compact()).rejects.toThrow('already being compacted');
    await first;
    expect(running.journal.isCompacting).toBe(false);
    await running.stop();
  });
});

/** Starts a compaction that writes until it is aborted. Resolves with the error. */
async function startCompaction({ journal }: Running): Promise<Error> {
  return journal
    .compact(async (base) => {
      for (let n = 0; ; n++) {
        base.records.append('SESSION', { ...fields, ...SETTINGS }, number(n));
        await base.write();
      }
    })
    .then(
      () => new Error('it was not aborted'),
      (error) => error,
    );
}

function copy(disk: Disk): Disk {
  return new Map([...disk].map(([path, bytes]) => [path, Buffer.from(bytes)]));
}
