import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Slice } from '../src/slice.js';

const bytes = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array));

/** Puts bytes into the middle of a buffer. */
const inside = (content: Buffer, before: Buffer, after: Buffer) =>
  new Slice(Buffer.concat([before, content, after]), before.length, before.length + content.length);

it('has the bytes between its bounds, whatever is around them', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, bytes, (content, before, after, other) => {
      const slice = inside(content, before, after);
      expect(slice).toHaveLength(content.length);
      expect(slice.toBuffer()).toEqual(content);
      expect(slice.latin1()).toBe(content.toString('latin1'));
      expect(slice.toString()).toBe(content.toString());
      expect(slice.equals(Slice.of(content))).toBe(true);
      expect(slice.equals(Slice.of(other))).toBe(content.equals(other));
      const target = Buffer.alloc(before.length + content.length);
      expect(slice.writeTo(target, before.length)).toBe(target.length);
      expect(target.subarray(before.length)).toEqual(content);
    }),
  );
});

it('is a view; a copy is independent of it', () => {
  const slice = inside(Buffer.from('value'), Buffer.from('<'), Buffer.from('>'));
  const copy = slice.copy();
  slice.bytes.fill('x');
  expect([slice.toString(), copy.toString()]).toEqual(['xxxxx', 'value']);
  expect(Slice.of('é')).toHaveLength(2);
});
