import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Config, describeOption, OPTIONS, type OptionName, optionNames } from '../../src/config.js';
import { readConfigFile } from '../../src/config-file/config-file.js';
import { joinWords } from '../../src/config-file/words.js';
import { nearest } from '../../src/nearest.js';

vi.mock(import('../../src/nearest.js'), async (original) => {
  const { nearest, ...rest } = await original();
  return { ...rest, nearest: vi.fn(nearest) };
});

const root = realpathSync(mkdtempSync(join(tmpdir(), 'respite-config-')));
afterAll(() => rmSync(root, { recursive: true }));

let directory = root;
let files = 0;
beforeEach(() => {
  directory = join(root, String(files++));
  mkdirSync(directory);
});

function write(content: string | Buffer, name = 'respite.conf'): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** Reads a file that must have no mistakes. Returns each option's value and the line that sets it. */
function read(path: string): Record<string, [value: unknown, where: string]> {
  const { options, problems } = readConfigFile(path);
  expect(problems).toEqual([]);
  const short = (file: string) => file.replace(`${directory}/`, '');
  return Object.fromEntries(
    [...options].map(([name, { value, file, line }]) => [name, [value, `${short(file)}:${line}`]]),
  );
}

/** Returns the mistakes in a file, without the directory. */
function problemsOf(path: string): string[] {
  return readConfigFile(path).problems.map((line) => line.replaceAll(`${directory}/`, ''));
}

describe('a configuration file', () => {
  it("is read as Redis reads it: names in any case, comments at a line's start, and the last line counts", () => {
    const path = write(
      '\ufeff# comment\r\nPort 7000\r\n\r\n\t maxmemory 1gb\n  # another\nport 7001\nrequirepass "a \\x42"\nbind * ::1\nunixsocket ""',
    );
    expect(read(path)).toEqual({
      port: [7001, 'respite.conf:6'],
      maxmemory: [2 ** 30, 'respite.conf:4'],
      requirepass: ['a B', 'respite.conf:7'],
      bind: ['* ::1', 'respite.conf:8'],
      unixsocket: ['', 'respite.conf:9'],
    });
  });

  it('keeps letters outside of ASCII, also at the end of a line', () => {
    expect(read(write('requirepass grüß-à\n')).requirepass[0]).toBe('grüß-à');
  });

  it('sets classes of clients on separate lines, as a redis.conf does', () => {
    const path = write('client-output-buffer-limit normal 64mb 0 0\nclient-output-buffer-limit pubsub 2mb 1mb 5\n');
    expect(read(path)['client-output-buffer-limit'][0]).toEqual({
      normal: { hard: 64 * 2 ** 20, soft: 0, seconds: 0 },
      pubsub: { hard: 2 * 2 ** 20, soft: 2 ** 20, seconds: 5 },
    });
  });

  it('includes other files in its place, in alphabetical order if they match a pattern', () => {
    mkdirSync(join(directory, 'conf.d'));
    write('port 1\nmaxclients 1\ntimeout 1\n', 'conf.d/b.conf');
    write('maxclients 2\ninclude "', 'conf.d/.hidden.conf');
    write('port 2\n', 'conf.d/a.conf');
    write('timeout 3\n', 'last.conf');
    const path = write(
      `port 9\ninclude ${directory}/conf.d/*.conf\ninclude ${directory}/none/*.conf\nINCLUDE "${directory}/last.conf"\nmaxclients 5\n`,
    );
    expect(read(path)).toEqual({
      port: [1, 'conf.d/b.conf:1'],
      timeout: [3, 'last.conf:1'],
      maxclients: [5, 'respite.conf:5'],
    });
  });

  it('may include the same file twice, but not itself', () => {
    write('port 1\n', 'a.conf');
    expect(read(write(`include ${directory}/a.conf\nport 2\ninclude ${directory}/a.conf\n`)).port).toEqual([
      1,
      'a.conf:1',
    ]);
    symlinkSync(join(directory, 'respite.conf'), join(directory, 'link.conf'));
    write(`include ${directory}/link.conf\n`, 'b.conf');
    expect(problemsOf(write(`port 1\ninclude ${directory}/b.conf\n`))).toEqual([
      'b.conf:1: the file includes itself: respite.conf -> b.conf -> respite.conf',
    ]);
  });

  it('includes files to a limited depth, and a limited number of them', () => {
    for (let i = 0; i < 20; i++) write(`include ${directory}/${i + 1}.conf\n`, `${i}.conf`);
    write('', '20.conf');
    expect(problemsOf(join(directory, '0.conf'))).toEqual(['16.conf:1: files include each other more than 16 deep']);
    for (let i = 0; i < 12; i++) write(`include ${directory}/${i + 1}.conf\n`.repeat(3), `${i}.conf`);
    write('', '12.conf');
    expect(problemsOf(join(directory, '0.conf'))).toEqual([
      expect.stringMatching(/: more than 1000 files are included$/),
    ]);
  });

  it('is refused with every mistake, the line that it is in, and no password', () => {
    const path = write(
      [
        'port http',
        'maxmemroy 1gb',
        'max_memory 1gb',
        'requirepass hunter2 hunter3',
        `requirepass ${'hunter2'.repeat(80)}`,
        'hunter2',
        'requirepass "hunter2',
        'include',
        'timeout',
        `include ${directory}/missing.conf`,
        'notify-keyspace-events "Q\\n"',
      ].join('\n'),
    );
    expect(problemsOf(path)).toEqual([
      'respite.conf:1: port http: expected a whole number from 0 to 65535',
      'respite.conf:2: respite has no option "maxmemroy"; did you mean "maxmemory"?',
      'respite.conf:3: respite has no option "max_memory"; did you mean "maxmemory"?',
      'respite.conf:4: requirepass takes one value, but there are 2: put quotes around a value with spaces',
      'respite.conf:5: requirepass: expected at most 512 characters',
      'respite.conf:6: this line does not begin with the name of an option',
      'respite.conf:7: a quote is not closed, or its end is not followed by a space',
      'respite.conf:8: include needs one path, but there are 0 words',
      'respite.conf:9: timeout has no value; write "" for an empty one',
      'respite.conf:10: cannot read missing.conf: ENOENT: no such file or directory',
      `respite.conf:11: notify-keyspace-events "Q\\n": Invalid event class character. Use 'Ag$lshzxetdnKEm'.`,
      'respite.conf sets 3 options that respite does not have. If it was written for Redis, keep only what respite has: none of the others',
    ]);
  });

  it('lists no more than twenty mistakes', () => {
    const problems = problemsOf(write('port x\n'.repeat(1000)));
    expect(problems).toHaveLength(21);
    expect(problems[20]).toBe('respite.conf: and 980 more mistakes');
  });

  it('looks for names similar to a misspelt one only as often as it says which they are', () => {
    vi.mocked(nearest).mockClear();
    const lines = Array.from({ length: 2000 }, (_, i) => `maxmemory${'abcdefghij'[i % 10]}${'x'.repeat(i % 20)} 1gb\n`);
    expect(problemsOf(write(lines.join('')))).toHaveLength(22);
    expect(vi.mocked(nearest).mock.calls.length).toBeLessThanOrEqual(20);
  });

  it.each<[string, (path: string) => void, string]>([
    ['a directory', (path) => mkdirSync(path), 'cannot read x: it is a directory'],
    ['a binary file', (path) => writeFileSync(path, 'port\0 7000'), 'x is a binary file, not a configuration file'],
    ['100 MB', (path) => writeFileSync(path, Buffer.alloc(100e6, '#\n')), 'cannot read x: it has more than 1 MB'],
    ['a device', (path) => symlinkSync('/dev/zero', path), 'cannot read x: it is not a regular file'],
    ['nothing', () => {}, 'cannot read x: ENOENT: no such file or directory'],
    [
      'a link to itself',
      (path) => symlinkSync(path, path),
      'cannot read x: ELOOP: too many symbolic links encountered',
    ],
  ])('is refused if it is %s', (_, make, reason) => {
    make(join(directory, 'x'));
    expect(problemsOf(join(directory, 'x'))).toEqual([`x: ${reason}`]);
  });

  it('is refused if it is not UTF-8', () => {
    expect(problemsOf(write(Buffer.from('requirepass gr\xfc\xdf', 'latin1')))).toEqual([
      'respite.conf:1: this is not UTF-8 text',
    ]);
  });

  it('that was written is read back: any options, with any values', () => {
    const given = fc.record(
      {
        port: fc.integer({ min: 0, max: 65_535 }),
        requirepass: fc.string({ unit: 'binary', maxLength: 100 }),
        users: fc.string({ unit: 'grapheme' }),
        bind: fc.constantFrom('', '127.0.0.1 -::1', '*'),
        maxmemory: fc.integer({ min: 0, max: 2 ** 40 }),
        appendonly: fc.boolean(),
        'maxmemory-clients': fc.constantFrom('5%' as const, 0, 2 ** 20),
        'notify-keyspace-events': fc.constantFrom('', 'AKE', 'xK'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(given, (config: Partial<Config>) => {
        const names = Object.keys(config) as OptionName[];
        const lines = names.map((name) => `${joinWords([name, describeOption(name, config[name] as never)])}\n`);
        const options = read(write(lines.join('')));
        for (const name of names) {
          expect(describeOption(name, options[name][0] as never)).toBe(describeOption(name, config[name] as never));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is read in time that grows with its size, whatever it contains', () => {
    const blanks = ' '.repeat(500_000);
    expect(problemsOf(write(`port${blanks}7000${blanks}x\n`))).toEqual([
      'respite.conf:1: port takes one value, but there are 2: put quotes around a value with spaces',
    ]);
  });

  it('can set every option to its default, written as docs/options.md writes it', () => {
    const lines = optionNames.map((name) => `${joinWords([name, describeOption(name, OPTIONS[name].initial)])}\n`);
    expect(Object.keys(read(write(lines.join('')))).sort()).toEqual([...optionNames].sort());
  });
});
