import { describe, expect, it } from 'vitest';
import { streamLog } from '../../src/index.js';
import { LineLog } from '../../src/log/line-log.js';

/** A stream whose reader may be too slow. */
function stream() {
  const written: string[] = [];
  return { written, writableLength: 0, write: (text: string) => written.push(text) };
}

/** What a hostile client could send: a forged line, a terminal's control sequence, and text that runs backwards. */
const HOSTILE = 'x\r\n2026-01-01T00:00:00.000Z notice forged\u001b[2J\u009b2J\u2028\u202egnp.exe\u0000';

describe('log lines', () => {
  it('as text are single lines without control characters', () => {
    const output = stream();
    streamLog(output).warning(HOSTILE, { name: HOSTILE });
    expect(output.written).toHaveLength(1);
    expect(output.written[0]).toMatch(
      /^\S+Z warning x \| 2026-01-01T00:00:00\.000Z notice forged\\u001b\[2J\\u009b2J\\u2028\\u202egnp\.exe\\u0000\n$/,
    );
  });

  it('as JSON are single lines of printable characters, and give back what was logged', () => {
    const output = stream();
    streamLog(output, 'json').notice(HOSTILE, { event: 'x', name: HOSTILE, count: 3, missing: undefined });
    expect(output.written).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none.
    expect(output.written[0]).toMatch(/^[^\0-\x1f\x7f-\x9f\u2028\u202e]+\n$/);
    const { time, ...line } = JSON.parse(output.written[0]);
    expect(time).toMatch(/^\d{4}-.*Z$/);
    expect(line).toEqual({ level: 'notice', message: HOSTILE, event: 'x', name: HOSTILE, count: 3 });
  });

  it.each(['text', 'json'] as const)('as %s have a limited length', (format) => {
    const output = stream();
    streamLog(output, format).warning('m'.repeat(1e6), { name: 'n'.repeat(1e6) });
    expect(output.written[0].length).toBeLessThan(20_000);
  });

  it('are dropped and counted while the reader is too slow', () => {
    const output = stream();
    const log = streamLog(output);
    log.notice('first');
    output.writableLength = 2 * 1024 * 1024;
    for (let i = 0; i < 1000; i++) log.notice('dropped');
    expect(output.written).toHaveLength(1);
    output.writableLength = 0;
    log.notice('last');
    expect(output.written.slice(1)).toEqual([
      expect.stringMatching(/ warning 1000 log lines could not be written: nobody reads the log\n$/),
      expect.stringMatching(/ notice last\n$/),
    ]);
  });

  it('of every level are written by the log itself: the server leaves out those below loglevel', () => {
    const output = stream();
    const log = new LineLog({ write: (text) => void output.write(text) });
    for (const level of ['debug', 'verbose', 'notice', 'warning'] as const) log[level]('x');
    expect(output.written.map((line) => line.split(' ')[1])).toEqual(['debug', 'verbose', 'notice', 'warning']);
  });
});
