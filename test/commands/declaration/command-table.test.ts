import { expect, it } from 'vitest';
import { table } from '../../../src/commands/table.js';
import { Slice } from '../../../src/slice.js';

const find = (spelling: string) => table.find(Slice.of(spelling))?.fullName;
const names = [...table.entries.keys()];

it('finds each command in every spelling, whatever was looked up before', () => {
  const spellings = names.flatMap((name) => [name, name.toUpperCase(), name[0].toUpperCase() + name.slice(1)]);
  for (const spelling of [...spellings, ...spellings.reverse(), ...spellings]) {
    expect(find(spelling)).toBe(spelling.toLowerCase());
  }
});

it('finds no command whose name differs in one letter', () => {
  for (const name of names) {
    expect(find(name)).toBe(name);
    for (let at = 0; at < name.length; at++) expect(find(`${name.slice(0, at)}!${name.slice(at + 1)}`)).toBeUndefined();
  }
  expect(find('')).toBeUndefined();
});
