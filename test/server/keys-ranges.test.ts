import { afterEach, expect, it } from 'vitest';
import { stopServers } from '../embedded-server.js';
import { start } from './start.js';

afterEach(stopServers);

it.each([
  ['0 -1', 'abc'],
  ['-2 -1', 'bc'],
  ['-100 1', 'ab'],
  ['2 1', ''],
  ['-1 -2', ''],
  ['-9223372036854775808 9223372036854775807', 'abc'],
  ['-9223372036854775808 -9223372036854775807', 'a'],
  ['-9223372036854775807 -9223372036854775808', ''],
  ['9223372036854775806 9223372036854775807', ''],
])('GETRANGE s %s returns what Redis returns', async (range, part) => {
  const { ask } = await start();
  await ask('SET s abc');
  expect(await ask(`GETRANGE s ${range}`)).toBe(part);
});
