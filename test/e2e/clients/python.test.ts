import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isThere, run, works } from '../../tools/external-tool.js';
import { Program } from '../../tools/program.js';

// Debian's Python has Debian's packages. Another Python may be first in the path.
const PYTHON = '/usr/bin/python3';
const there = isThere('redis-py', 'python3-redis', works(PYTHON, '-c', 'import redis'));
const SCRIPT = fileURLToPath(new URL('session.py', import.meta.url));

describe.skipIf(!there)('redis-py', () => {
  let program: Program;
  beforeAll(async () => {
    program = await Program.start([], {
      RESPITE_REQUIREPASS: 'correct horse',
      RESPITE_USERS: 'shop read,write,events,admin pizza-margherita',
    });
  });
  afterAll(() => program.stop());

  it.each([
    ['default', 'correct horse'],
    ['shop', 'pizza-margherita'],
  ])('uses sessions as a program does, as the user %s', async (username, password) => {
    expect(await run(PYTHON, [SCRIPT, String(program.port), username, password])).toBe('done\n');
  });
});
