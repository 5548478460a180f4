import { expect, it } from 'vitest';
import { RequestDecoder } from '../../src/resp/request-decoder.js';
import { frame } from '../raw-client.js';

const LIMITS = { maxArguments: 1000, maxBulk: 1 << 20, maxInline: 1024, maxRequest: 1 << 20 };

function decoderOf(...requests: string[]): RequestDecoder {
  const decoder = new RequestDecoder(LIMITS);
  decoder.push(Buffer.concat(requests.map((request) => frame(...request.split(' ')))));
  return decoder;
}

const text = (words: readonly { latin1(): string }[]) => words.map((word) => word.latin1()).join(' ');
const many = Array.from({ length: 30 }, (_, i) => `word${i}`).join(' ');

it.each(['GET a', many])('keeps the words of a request that is owned: %s', (words) => {
  const request = decoderOf(words).next();
  request?.own();
  const kept = words.split(' ').map((_, index) => request?.word(index) ?? expect.fail());
  const other = decoderOf(`another ${words}`).next();
  expect(other?.word(1).latin1()).toBe(words.split(' ')[0]);
  expect(text(kept)).toBe(words);
});

it.each(['GET a', many])('has words that do not change while others of the request are read: %s', (words) => {
  const decoder = decoderOf('first of two', words);
  decoder.next();
  const request = decoder.next();
  const read = words.split(' ').map((_, index) => request?.word(index) ?? expect.fail());
  expect(text(read)).toBe(words);
});

it.each(['GET a', many])('is copied, so that the copy stays as it is: %s', (words) => {
  const decoder = decoderOf(words, 'another longer request');
  const copy = decoder.next()?.copy() ?? expect.fail();
  decoder.next();
  decoder.release();
  expect(text(Array.from({ length: copy.length }, (_, index) => copy.word(index)))).toBe(words);
  expect(copy.bytes).toBe(words.replaceAll(' ', '').length);
});

it('keeps no bytes alive once it is released', () => {
  const decoder = decoderOf('SET a 1', 'GET a');
  const first = decoder.next()?.word(2);
  const second = decoder.next()?.word(1);
  decoder.release();
  for (const word of [first, second]) expect([word?.bytes.length, word?.length]).toEqual([0, 0]);
});
