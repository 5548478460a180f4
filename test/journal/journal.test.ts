import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/index.js';
import { Journal } from '../../src/journal/journal.js';
import type { SyncPolicy } from '../../src/journal/writer.js';
import { startNode, watched } from '../child-process.js';
import { numberIn } from './arbitrary-record.js';
import { temporaryDirectory } from './temporary-directory.js';

const SLICE = fileURLToPath(new URL('../../dist/slice.js', import.meta.url));
const MODULE = fileURLToPath(new URL('../../dist/journal/index.js', import.meta.url));

/**
 * Appends numbers as fast as it can and prints each that is safe: from a kill or, with `always`, from a power failure.
 * Compacts all the time if asked to. Its state is the last number: one SET of one key.
 */
const PROGRAM = `
  import { Journal } from ${JSON.stringify(MODULE)};
  import { Slice } from ${JSON.stringify(SLICE)};
  const [path, policy, compacts] = process.argv.slice(1);
  const clock = {
    now: () => performance.now(),
    after(delay, callback) {
      const handle = delay <= 0 ? setImmediate(callback) : setTimeout(callback, delay);
      return () => (delay <= 0 ? clearImmediate(handle) : clearTimeout(handle));
    },
  };
  const fail = (error) => console.log('failure', error.message);
  const journal = await Journal.open(path, { clock, policy, onFailure: fail, onRecovery() { console.log('recovery'); } });
  let last = 0;
  await journal.load((record) => { last = Number(record.slice(record.count - 1)); });
  const token = Slice.of('t');
  const pair = (n) => [Slice.of('n'), Slice.of(String(n))];
  console.log('loaded', last);
  const turn = () => {
    for (let i = 0; i < 10; i++) journal.records.append('SET', { token }, pair(++last));
    const n = last;
    const { position } = journal;
    const say = () => { console.log('safe', n); setImmediate(turn); };
    const poll = () => (journal.written >= position ? say() : setImmediate(poll));
    if (policy === 'always') journal.whenDurable(position, say);
    else poll();
  };
  turn();
  while (compacts === 'yes') {
    await journal.compact(async (base) => {
      base.records.append('SET', { token }, pair(last));
      await base.write();
    }).catch((error) => console.log('compaction', error.message));
    await new Promise(setImmediate);
  }
`;

let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill('SIGKILL');
});

/**
 * Runs the program until it has printed `lines` lines, then kills it. Returns the number it loaded and the last safe
 * one.
 */
function runAndKill(path: string, policy: SyncPolicy, lines: number): Promise<{ loaded: number; safe: number }> {
  const started = startNode(['--input-type=module', '-e', PROGRAM, path, policy, 'yes'], { showErrors: true });
  child = started;
  let loaded = -1;
  let safe = 0;
  let count = 0;
  const output = createInterface({ input: started.stdout as Readable });
  output.on('line', (line) => {
    const [word, number] = line.split(' ');
    expect(['loaded', 'safe']).toContain(word);
    if (word === 'loaded') loaded = Number(number);
    else safe = Number(number);
    if (++count === lines) started.kill('SIGKILL');
  });
  return new Promise((resolve) => output.once('close', () => resolve({ loaded, safe })));
}

describe('Journal', () => {
  it.each<SyncPolicy>(['always', 'everysec', 'no'])(
    'with %s: a process killed at any time has reported nothing as safe that the next one lacks',
    async (policy) => {
      const path = join(temporaryDirectory(), 'journal');
      let safe = 0;
      for (const lines of [2, 10, 37, 60, 150, 300]) {
        const run = await runAndKill(path, policy, lines);
        expect(run.loaded).toBeGreaterThanOrEqual(safe);
        safe = run.safe;
      }
      let last = 0;
      const journal = await Journal.open(path, { clock: systemClock, policy, onFailure() {}, onRecovery() {} });
      await journal.load((record) => {
        last = numberIn(record);
      });
      await journal.close();
      expect(last).toBeGreaterThanOrEqual(safe);
      expect(readdirSync(path).length).toBeLessThan(6);
    },
  );

  it('continues by itself when the disk has room again, and has lost nothing', async () => {
    const path = join(temporaryDirectory(), 'journal');
    const node = [process.execPath, '--input-type=module', '-e', PROGRAM, path, 'always', 'no'];
    const started = watched(spawn('prlimit', ['--fsize=50000:', ...node], { stdio: ['ignore', 'pipe', 'inherit'] }));
    child = started;
    const said: string[] = [];
    const output = createInterface({ input: started.stdout });
    output.on('line', (line) => {
      said.push(line);
      if (line === 'failure EFBIG: file too large, write')
        spawn('prlimit', [`--pid=${started.pid}`, '--fsize=unlimited']);
      if (said.includes('recovery') && said.length - said.indexOf('recovery') > 20) started.kill('SIGKILL');
    });
    await once(output, 'close');
    expect(said.filter((line) => !line.startsWith('safe'))).toEqual([
      'loaded 0',
      'failure EFBIG: file too large, write',
      'recovery',
    ]);
    const numbers: number[] = [];
    const journal = await Journal.open(path, { clock: systemClock, policy: 'no', onFailure() {}, onRecovery() {} });
    await journal.load((record) => numbers.push(numberIn(record)));
    await journal.close();
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers.length).toBeGreaterThanOrEqual(Number(said.at(-1)?.split(' ')[1]));
  });

  it('reports in one line why it cannot be used', async () => {
    const path = join(temporaryDirectory(), 'journal');
    const options = { clock: systemClock, policy: 'no', onFailure() {}, onRecovery() {} } as const;
    writeFileSync(path, '');
    await expect(Journal.open(path, options)).rejects.toThrow(`cannot use the journal in ${path}: EEXIST`);
    const other = join(temporaryDirectory(), 'journal');
    const journal = await Journal.open(other, options);
    rmSync(join(other, 'increment.1'));
    mkdirSync(join(other, 'increment.1'));
    await expect(journal.load(() => {})).rejects.toThrow(`cannot read the journal in ${other}: EISDIR`);
  });

  it('refuses to append before it is loaded', async () => {
    const path = join(temporaryDirectory(), 'journal');
    const journal = await Journal.open(path, { clock: systemClock, policy: 'no', onFailure() {}, onRecovery() {} });
    expect(() => journal.records.append('END', {})).toThrow('has not been loaded');
    await journal.close();
  });
});
