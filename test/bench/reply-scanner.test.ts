import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplyScanner } from '../../bench/load/reply-scanner.js';
import { encodeArray, encodeString } from '../../bench/load/resp.js';

const VALUE = encodeString('v'.repeat(29));

/** The replies to several kinds of operations: examples, and what a server may answer. */
const OPERATIONS = [
  { examples: [VALUE, ':1\r\n'], answer: `${encodeString('w'.repeat(29))}:1\r\n` },
  { examples: ['+OK\r\n'], answer: '+OK\r\n' },
  {
    examples: [encodeArray(['one', '1', 'two', '22']), ':1\r\n'],
    answer: `${encodeArray(['two', '22', 'one', '1'])}:1\r\n`,
  },
  { examples: [encodeArray([])], answer: '*0\r\n' },
  { examples: [encodeString('')], answer: '$0\r\n\r\n' },
];

const push = (examples: readonly string[], text: string) =>
  new ReplyScanner(examples).push(Buffer.from(text, 'latin1'));

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
        const scanner = new ReplyScanner(operation.examples);
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
    expect(() => push([VALUE, ':1\r\n'], reply)).toThrow(JSON.stringify(reply.slice(0, 40)).slice(1, 20));
  });

  it('refuses a wrong second reply to an operation', () => {
    expect(() => push([VALUE, ':1\r\n'], `${VALUE}:0\r\n`)).toThrow('":0\\r\\n", not :1');
  });

  it('refuses what follows a reply that is longer than it should be', () => {
    const longer = encodeArray(['ab', 'c']);
    expect(() => push([encodeArray(['a', 'b'])], `${longer}${longer}`)).toThrow('not *2');
  });

  it('shows a wrong line completely if it arrived in two pieces', () => {
    const scanner = new ReplyScanner([VALUE]);
    scanner.push(Buffer.from('$2'));
    expect(() => scanner.push(Buffer.from('8\r\n'))).toThrow('"$28\\r\\n"');
  });
});
