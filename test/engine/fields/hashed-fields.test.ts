import { expect, it } from 'vitest';
import { HashedFields } from '../../../src/engine/fields/hashed-fields.js';
import { SessionError } from '../../../src/engine/session-error.js';
import { Slice } from '../../../src/slice.js';

const bytes = (text: string | number) => Slice.of(String(text));

it('has a limit of fields, beyond which nothing is lost or half done', () => {
  const fields = new HashedFields(() => {}, undefined, 1000);
  const session = fields.begin();
  // The session takes a number too.
  for (let i = 0; i < 999; i++) fields.set(session, bytes(i), bytes(`v${i}`));
  expect(() => fields.set(session, bytes('more'), bytes('v'))).toThrow(SessionError);
  expect(() => fields.begin()).toThrow(SessionError);
  expect(fields.has(session, bytes('more'))).toBe(false);
  for (let i = 0; i < 999; i++) expect(String(fields.get(session, bytes(i))?.latin1())).toBe(`v${i}`);
  fields.set(session, bytes(5), bytes('changed'));
  expect(fields.delete(session, bytes(7))).toBe(true);
  fields.set(session, bytes('more'), bytes('v'));
  expect(fields.count(session)).toBe(999);
  expect(fields.get(session, bytes(5))?.latin1()).toBe('changed');
});

it('is full by the number of fields, not by the highest number in use', () => {
  const fields = new HashedFields(() => {}, undefined, 1000);
  const sessions = Array.from({ length: 10 }, () => fields.begin());
  for (let i = 0; i < 980; i++) fields.set(sessions[Math.floor(i / 98)], bytes(i), bytes(i));
  expect(fields.isFull).toBe(true);
  fields.end(sessions[0]);
  while (fields.reclaim());
  expect(fields.isFull).toBe(false);
});
