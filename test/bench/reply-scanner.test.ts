import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplyScanner } from '../../bench/load/reply-scanner.js';

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const VALUE = 'v'.repeat(29);
/** Maps of two keys as GETALL returns them: one with a null, one with elements of every type. */
const MAP = `*4\r\n${bulk('one')}$-1\r\n${bulk('')}:-12\r\n`;
const NESTED = `*3\r\n*2\r\n+a\r\n${bulk('b\r\nc')}*0\r\n*-1\r\n`;

/** The replies to several kinds of operations, and a correct answer to each. */
const OPERATIONS = [
  { lines: ['$29', ':1'], answer: `${bulk(VALUE)}:1\r\n` },
  { lines: ['+OK'], answer: '+OK\r\n' },
  { lines: ['*4', ':1'], answer: `${MAP}:1\r\n` },
  { lines: ['*3'], answer: NESTED },
  { lines: ['*0'], answer: '*0\r\n' },
  { lines: ['$0'], answer: bulk('') },
];

function push(lines: readonly string[], text: string): number {
  return new ReplyScanner(lines).push(Buffer.from(text, 'latin1'));
}

describe('ReplyScanner', () => {
  it('counts the operations that are answered completely, however the replies are split', () => {
    const cases = fc.record({
      operation: fc.constantFrom(...OPERATIONS),
      count: fc.integer({ min: 1, max: 5 }),
      cuts: fc.array(fc.nat(400), { maxLength: 12 }),
    });
    fc.assert(
      fc.property(cases, ({ operation, count, cuts }) => {
        const bytes = Buffer.from(operation.answer.repeat(count), 'latin1');
        const edges = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length].toSorted((a, b) => a - b);
        const scanner = new ReplyScanner(operation.lines);
        let counted = 0;
        for (let index = 1; index < edges.length; index++) {
          counted += scanner.push(bytes.subarray(edges[index - 1], edges[index]));
          expect(counted).toBe(Math.floor(edges[index] / operation.answer.length));
        }
      }),
    );
  });

  it.each([
    ['an error', '-ERR no such thing\r\n'],
    ['a null', '$-1\r\n'],
    ['another type', ':29\r\n'],
    ['another length', `$28\r\n${VALUE}`],
    ['a longer length', `$290\r\n${VALUE}`],
  ])('refuses %s, and shows what arrived', (_, reply) => {
    expect(() => push(['$29', ':1'], reply)).toThrow(JSON.stringify(reply.slice(0, 40)).slice(1, 20));
  });

  it('refuses a wrong second reply to an operation', () => {
    expect(() => push(['$29', ':1'], `${bulk(VALUE)}:0\r\n`)).toThrow('":0\\r\\n", not :1');
  });

  it('refuses an error within an array', () => {
    expect(() => push(['*2'], '*2\r\n+a\r\n-ERR b\r\n')).toThrow('-ERR b');
  });

  it('shows a wrong line completely if it arrived in two pieces', () => {
    const scanner = new ReplyScanner(['$29']);
    scanner.push(Buffer.from('$2'));
    expect(() => scanner.push(Buffer.from('8\r\n'))).toThrow('"$28\\r\\n"');
  });
});
