import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { Program, runToEnd } from '../tools/program.js';

it('a data set survives the program, and respite check finds no damage in it', async () => {
  const dir = temporaryDirectory();
  const first = await Program.start(['--dir', dir]);
  const client = first.client();
  const tokens: string[] = [];
  for (let n = 0; n < 200; n++) {
    tokens.push((await client.call('SESSION.NEW', [`user:${n}`, '1800', 'DATA', 'n', String(n)])) as string);
  }
  expect(await client.call('SESSION.SAVE', ['evening'])).toEqual(
    expect.arrayContaining(['sessions', 200, 'keys', 200]),
  );
  first.signal('SIGKILL');
  await first.exited();
  await first.stop();

  const files = readdirSync(join(dir, 'saves')).filter((file) => file !== 'lock');
  expect(files).toHaveLength(1);
  const check = await runToEnd(['check', join(dir, 'saves', files[0])]);
  expect(check).toMatchObject({ code: 0, err: '' });
  expect(check.out).toContain('with 201 records, no damage');

  const second = await Program.start(['--dir', dir]);
  const other = second.client();
  expect(await other.call('SESSION.LOAD', ['evening'])).toEqual([
    'name',
    'evening',
    'sessions',
    200,
    'keys',
    200,
    'skipped',
    0,
    'ended',
    0,
  ]);
  expect(await other.call('SESSION.GET', [tokens[123], 'n'])).toBe('123');
  other.call('SHUTDOWN', ['SAVE']).catch(() => {});
  expect(await second.exited()).toBe(0);
  await second.stop();
  expect(second.log).toContain('saved 200 sessions as dump');
});
