import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchScanner } from '../../src/journal/batch-scanner.js';
import { encodeFileHeader, FILE_HEADER_LENGTH } from '../../src/journal/frames.js';
import type { Increment } from '../../src/journal/journal-directory.js';
import { RecordDecoder } from '../../src/journal/record-decoder.js';
import { JournalWriter, type SyncPolicy } from '../../src/journal/writer.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';
import { append, numbered, numberIn } from './arbitrary-record.js';
import { type Disk, failure, MemoryFileSystem } from './memory-file-system.js';

const IDS = ['0123456789abcdef', '1123456789abcdef'];
const PATHS = ['/increment.1', '/increment.2'];

/** Returns the numbers in the good batches at the start of a file. */
async function numbersIn(bytes: Buffer): Promise<number[]> {
  const scanner = await BatchScanner.open(new MemoryFileSystem(new Map([['/f', bytes]])), '/f');
  const decoder = new RecordDecoder();
  const numbers: number[] = [];
  while ((await scanner.next()) === 'batch') {
    for (let at = scanner.start; at < scanner.end; ) {
      at = decoder.decode(scanner.bytes, at, scanner.end);
      numbers.push(numberIn(decoder));
    }
  }
  return numbers;
}

/** Returns the content of the increment, durable or not. */
function contentOf(fileSystem: MemoryFileSystem): Buffer {
  return fileSystem.disk.get(PATHS[0]) as Buffer;
}

/** A writer whose disk does what the test says. `check` checks what must always be true. */
class Bench {
  readonly fileSystem: MemoryFileSystem;
  readonly clock = new FakeClock();
  readonly writer: JournalWriter;
  readonly events: string[] = [];
  readonly #increments: readonly Increment[];
  readonly #called: number[] = [];
  #waiters = 0;
  #switched = false;
  /** The highest `written` so far. A later failure must not lower it. */
  #bestWritten = 0;

  private constructor(fileSystem: MemoryFileSystem, increments: readonly Increment[], policy: SyncPolicy) {
    this.fileSystem = fileSystem;
    this.#increments = increments;
    this.writer = new JournalWriter({
      increment: increments[0],
      policy,
      clock: this.clock,
      onFailure: (error) => this.events.push(`failure ${error.message}`),
      onRecovery: () => this.events.push('recovery'),
    });
  }

  static async start(policy: SyncPolicy): Promise<Bench> {
    const disk: Disk = new Map(PATHS.map((path, index) => [path, encodeFileHeader(IDS[index])]));
    const fileSystem = new MemoryFileSystem(disk);
    const increments = await Promise.all(
      PATHS.map(async (path, index) => {
        const file = await fileSystem.open(path, 'write');
        return { path, file, id: IDS[index], size: FILE_HEADER_LENGTH };
      }),
    );
    fileSystem.isManual = true;
    return new Bench(fileSystem, increments, policy);
  }

  /** Simulates a turn of the event loop that appends this many records. */
  turn(records: number): void {
    for (let i = 0; i < records; i++) append(this.writer, numbered(this.writer.position + 1));
    const { position } = this.writer;
    const waiter = this.#waiters++;
    this.writer.whenDurable(position, () => {
      expect(this.writer.durable).toBeGreaterThanOrEqual(position);
      this.#called.push(waiter);
    });
    // `always` writes at the end of the turn. The other policies collect records for 10 ms.
    this.clock.advance(this.writer.policy === 'always' ? 0 : 10);
  }

  switch(): void {
    if (this.#switched || this.writer.failure !== undefined) return;
    this.#switched = true;
    this.writer.switchTo(this.#increments[1]);
  }

  /** Lets every call to the disk succeed, and time pass, until nothing is left to do. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 3; ) {
      const call = this.fileSystem.calls[0];
      if (call === undefined) {
        this.clock.advance(1000);
        idle++;
      } else {
        call.finish('ok');
        idle = 0;
      }
      await Promise.resolve();
    }
  }

  async check(): Promise<void> {
    const { position, written, durable, policy } = this.writer;
    expect(durable).toBeLessThanOrEqual(written);
    expect(written).toBeLessThanOrEqual(position);
    this.#bestWritten = Math.max(this.#bestWritten, written);
    expect(written).toBe(this.#bestWritten);
    const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
    const there = await this.#numbers((path) => this.fileSystem.content(path));
    expect(there).toEqual(upTo(there.length));
    expect(there.length).toBeGreaterThanOrEqual(written);
    if (policy !== 'no') {
      const spared = await this.#numbers((path) => this.fileSystem.durable(path));
      expect(spared).toEqual(upTo(spared.length));
      expect(spared.length).toBeGreaterThanOrEqual(durable);
    }
    expect(this.#called).toEqual(upTo(this.#called.length).map((n) => n - 1));
    expect(this.fileSystem.calls.filter(({ kind }) => kind === 'sync').length).toBeLessThanOrEqual(1);
    expect(this.fileSystem.calls.filter(({ kind }) => kind === 'write').length).toBeLessThanOrEqual(1);
  }

  /** How many callbacks have not been called yet. */
  get waiting(): number {
    return this.#waiters - this.#called.length;
  }

  async #numbers(contentOf: (path: string) => Buffer): Promise<number[]> {
    const [first, second] = await Promise.all(PATHS.map((path) => numbersIn(contentOf(path))));
    return [...first, ...second];
  }
}

type Act = (bench: Bench) => void;

const acts: fc.Arbitrary<{ text: string; act: Act }> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.integer({ min: 1, max: 4 }).map((n) => ({ text: `turn ${n}`, act: (bench: Bench) => bench.turn(n) })),
  },
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.nat({ max: 1 }),
        fc.oneof(
          { weight: 4, arbitrary: fc.constant('ok') },
          { weight: 2, arbitrary: fc.nat({ max: 200 }) },
          { weight: 2, arbitrary: fc.constant('fails') },
        ),
      )
      .map(([which, outcome]) => ({
        text: `call ${which}: ${outcome}`,
        act: ({ fileSystem: { calls } }: Bench) => {
          const call = calls[which % Math.max(1, calls.length)];
          if (outcome === 'ok') call?.finish('ok');
          else if (typeof outcome === 'number') call?.finish({ bytes: outcome });
          else call?.finish(failure('ENOSPC'));
        },
      })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(1, 99, 100, 500, 1000)
      .map((ms) => ({ text: `${ms} ms`, act: ({ clock }: Bench) => clock.advance(ms) })),
  },
  { weight: 1, arbitrary: fc.constant({ text: 'switch', act: (bench: Bench) => bench.switch() }) },
);

describe('JournalWriter', () => {
  it.each<SyncPolicy>(['always', 'everysec', 'no'])(
    'with %s: whatever the disk does, acknowledged records are there once and in order',
    async (policy) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            acts.map(({ text, act }) => Object.assign(act, { toString: () => text })),
            { maxLength: 60, size: 'max' },
          ),
          async (script) => {
            const bench = await Bench.start(policy);
            for (const act of script) {
              act(bench);
              await bench.check();
            }
            // The disk recovers, and everything is written without further calls.
            await bench.settle();
            await bench.check();
            const { writer } = bench;
            expect(writer.failure).toBeUndefined();
            expect(writer.written).toBe(writer.position);
            if (policy !== 'no') {
              expect(writer.durable).toBe(writer.position);
              expect(bench.waiting).toBe(0);
              expect(writer.pendingBytes).toBe(0);
            }
            let closed = false;
            void writer.close().then(() => {
              closed = true;
            });
            await bench.settle();
            await new Promise((resolve) => setImmediate(resolve));
            expect(closed).toBe(true);
            expect(writer.durable).toBe(writer.position);
            await bench.check();
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  it('with always: calls back after the sync, and syncs many turns together', async () => {
    const bench = await Bench.start('always');
    const { fileSystem, writer } = bench;
    bench.turn(1);
    for (let i = 0; i < 10; i++) bench.turn(1);
    expect(fileSystem.calls.map(({ kind }) => kind)).toEqual(['write']);
    fileSystem.calls[0].finish('ok');
    bench.turn(1);
    expect(fileSystem.calls.map(({ kind }) => kind)).toEqual(['sync']);
    expect(bench.waiting).toBe(12);
    fileSystem.calls[0].finish('ok');
    expect([writer.durable, bench.waiting]).toEqual([1, 11]);
    fileSystem.calls[0].finish('ok');
    fileSystem.calls[0].finish('ok');
    expect([writer.durable, bench.waiting]).toEqual([12, 0]);
    expect(fileSystem.calls).toEqual([]);
  });

  it('with everysec: syncs once a second if something was written', async () => {
    const bench = await Bench.start('everysec');
    const { fileSystem, clock } = bench;
    let syncs = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      if (ms < 4900) bench.turn(1);
      else clock.advance(10);
      while (fileSystem.calls.length > 0) {
        if (fileSystem.calls[0].kind === 'sync') syncs++;
        fileSystem.calls[0].finish('ok');
      }
    }
    expect(syncs).toBe(5);
  });

  it('writes one batch per turn even if the policy changes during the turn', async () => {
    const bench = await Bench.start('everysec');
    append(bench.writer, numbered(1));
    bench.writer.policy = 'always';
    append(bench.writer, numbered(2));
    bench.clock.advance(0);
    expect(bench.fileSystem.calls.map(({ kind }) => kind)).toEqual(['write']);
    bench.fileSystem.calls[0].finish('ok');
    expect(bench.writer.written).toBe(2);
  });

  it('calls back when enough is written or the disk fails', async () => {
    const bench = await Bench.start('no');
    const told: string[] = [];
    append(bench.writer, numbered(1));
    const { unwrittenBytes } = bench.writer;
    expect(unwrittenBytes).toBeGreaterThan(10);
    bench.writer.whenWritten(1, () => told.push('written'));
    bench.clock.advance(10);
    expect(told).toEqual([]);
    bench.fileSystem.calls[0].finish('ok');
    expect([told, bench.writer.unwrittenBytes]).toEqual([['written'], 0]);
    append(bench.writer, numbered(2));
    bench.writer.whenWritten(1, () => told.push('failed'));
    bench.clock.advance(10);
    bench.fileSystem.calls[0].finish(failure('ENOSPC'));
    expect(told).toEqual(['written', 'failed']);
  });

  it.each(['everysec', 'no'] as const)(
    'with %s: makes records durable when asked, or reports that the disk fails',
    async (policy) => {
      const bench = await Bench.start(policy);
      append(bench.writer, numbered(1));
      let done = false;
      const durable = bench.writer.makeDurable().then(() => {
        done = true;
      });
      bench.clock.advance(0);
      bench.fileSystem.calls[0].finish('ok');
      expect(bench.fileSystem.calls.map(({ kind }) => kind)).toEqual(['sync']);
      bench.fileSystem.calls[0].finish('ok');
      await durable;
      expect([done, bench.writer.durable]).toEqual([true, 1]);
      append(bench.writer, numbered(2));
      const failing = bench.writer.makeDurable();
      bench.clock.advance(0);
      bench.fileSystem.calls[0].finish(failure('EIO'));
      await expect(failing).rejects.toThrow('EIO');
      await expect(bench.writer.makeDurable()).rejects.toThrow('EIO');
    },
  );

  it('with everysec: continues to write during a sync', async () => {
    const bench = await Bench.start('everysec');
    const { fileSystem, clock, writer } = bench;
    bench.turn(1);
    fileSystem.calls[0].finish('ok');
    clock.advance(1000);
    expect(fileSystem.calls.map(({ kind }) => kind)).toEqual(['sync']);
    bench.turn(1);
    fileSystem.calls[1].finish('ok');
    expect([writer.written, writer.durable]).toEqual([2, 0]);
    fileSystem.calls[0].finish('ok');
    expect([writer.written, writer.durable]).toEqual([2, 1]);
  });

  it('with no: leaves the sync to the system, and keeps nothing in memory', async () => {
    const bench = await Bench.start('no');
    const { fileSystem, clock, writer } = bench;
    for (let i = 0; i < 100; i++) {
      bench.turn(1);
      fileSystem.calls[0].finish('ok');
      clock.advance(100);
    }
    expect(fileSystem.calls).toEqual([]);
    expect([writer.written, writer.durable, writer.pendingBytes]).toEqual([100, 0, 0]);
  });

  it('keeps nothing in memory when the policy becomes no', async () => {
    const bench = await Bench.start('everysec');
    const { fileSystem, writer } = bench;
    bench.turn(1);
    fileSystem.calls[0].finish('ok');
    writer.policy = 'no';
    bench.turn(1);
    fileSystem.calls[0].finish('ok');
    expect(writer.pendingBytes).toBe(0);
  });

  it.each<SyncPolicy>(['everysec', 'no'])('calls back when the policy becomes %s', async (policy) => {
    const bench = await Bench.start('always');
    const { fileSystem, writer } = bench;
    bench.turn(1);
    bench.turn(1);
    writer.policy = policy;
    while (fileSystem.calls.length > 0) fileSystem.calls[0].finish('ok');
    expect([bench.waiting, writer.durable]).toEqual([0, 2]);
  });

  it('reports a full disk once, retries at growing intervals, and reports the recovery', async () => {
    const bench = await Bench.start('everysec');
    const { fileSystem, clock, writer, events } = bench;
    bench.turn(1);
    const tries: number[] = [];
    fileSystem.calls[0].finish(failure('ENOSPC'));
    for (let ms = 1; ms <= 4000; ms++) {
      clock.advance(1);
      if (fileSystem.calls.length > 0) tries.push(ms);
      fileSystem.calls[0]?.finish(failure('ENOSPC'));
    }
    expect(tries).toEqual([100, 300, 700, 1500, 2500, 3500]);
    expect(writer.failure?.message).toBe('ENOSPC');
    expect(events).toEqual(['failure ENOSPC']);
    await bench.settle();
    expect(writer.failure).toBeUndefined();
    expect(events).toEqual(['failure ENOSPC', 'recovery']);
    expect(writer.durable).toBe(1);
  });

  it('after a failed sync, writes again before it reports anything as durable', async () => {
    const bench = await Bench.start('always');
    const { fileSystem, clock, writer } = bench;
    bench.turn(3);
    fileSystem.calls[0].finish('ok');
    fileSystem.calls[0].finish(failure('EIO'));
    clock.advance(100);
    expect(fileSystem.calls.map(({ kind }) => kind)).toEqual(['write']);
    expect(await numbersIn(fileSystem.durable(PATHS[0]))).toEqual([]);
    fileSystem.calls[0].finish('ok');
    expect(writer.durable).toBe(0);
    fileSystem.calls[0].finish('ok');
    expect(writer.durable).toBe(3);
    expect(await numbersIn(fileSystem.durable(PATHS[0]))).toEqual([1, 2, 3]);
  });

  it.each(['during a write', 'between two attempts', 'before it is closed'])(
    'retries until it is told to give up %s, then closes the file and says what is lost',
    async (when) => {
      const bench = await Bench.start('always');
      const { fileSystem, writer } = bench;
      bench.turn(2);
      fileSystem.calls[0].finish('ok');
      bench.turn(3);
      fileSystem.calls[0].finish('ok');
      const end = contentOf(fileSystem).length;
      fileSystem.calls[0].finish({ bytes: 5 });
      fileSystem.calls[0].finish(failure('ENOSPC'));
      if (when === 'before it is closed') writer.giveUp();
      const closed = writer.close();
      if (when !== 'before it is closed') {
        for (let attempts = 0; attempts < 3; attempts++) {
          fileSystem.calls[0].finish(failure('ENOSPC'));
          expect(fileSystem.calls).toEqual([]);
          bench.clock.advance(1000);
        }
      }
      if (when === 'between two attempts') fileSystem.calls[0].finish(failure('ENOSPC'));
      if (when !== 'before it is closed') writer.giveUp();
      if (when !== 'between two attempts') fileSystem.calls[0].finish(failure('ENOSPC'));
      await expect(closed).rejects.toMatchObject({ lost: 3, unsynced: 0, reason: 'ENOSPC' });
      // A partly written batch is removed, so that it does not look like a crash.
      expect(contentOf(fileSystem)).toHaveLength(end);
      expect(await numbersIn(fileSystem.durable(PATHS[0]))).toEqual([1, 2]);
      // The test has opened the other increment.
      expect(fileSystem.openFiles).toBe(1);
      expect(() => bench.turn(1)).toThrow('closed');
    },
  );

  it('makes durable what was written when it closes with a loss, and trusts no sync after a failed one', async () => {
    for (const syncs of [true, false]) {
      const bench = await Bench.start('everysec');
      const { fileSystem, writer } = bench;
      bench.turn(2);
      fileSystem.calls[0].finish('ok');
      writer.giveUp();
      if (syncs) bench.turn(1);
      const closed = writer.close();
      fileSystem.calls[0].finish(failure('EIO'));
      if (syncs) {
        expect(fileSystem.calls.map(({ kind }) => kind)).toEqual(['sync']);
        fileSystem.calls[0].finish('ok');
      }
      await expect(closed).rejects.toMatchObject(syncs ? { lost: 1, unsynced: 0 } : { lost: 0, unsynced: 2 });
      expect(await numbersIn(fileSystem.durable(PATHS[0]))).toEqual(syncs ? [1, 2] : []);
    }
  });

  it('starts a new batch only between turns', async () => {
    const bench = await Bench.start('no');
    const { fileSystem } = bench;
    const large = Buffer.alloc(700_000);
    const act = () => {
      for (let i = 0; i < 3; i++) bench.writer.append('SET', { token: Slice.of(large) }, []);
      bench.clock.advance(0);
    };
    for (let i = 0; i < 5; i++) act();
    await bench.settle();
    const scanner = await BatchScanner.open(new MemoryFileSystem(fileSystem.disk), PATHS[0]);
    const decoder = new RecordDecoder();
    const counts: number[] = [];
    while ((await scanner.next()) === 'batch') {
      let count = 0;
      for (let at = scanner.start; at < scanner.end; count++) at = decoder.decode(scanner.bytes, at, scanner.end);
      counts.push(count);
    }
    expect(counts).toEqual([3, 3, 3, 3, 3]);
  });
});
