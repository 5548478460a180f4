import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonWriter } from '../../src/json-writer.js';
import { Slice } from '../../src/slice.js';
import { beginMessage, EventEntry, EventEntryWriter } from '../../src/stream/event-entry.js';

const writer = new EventEntryWriter();
const entry = new EventEntry();

const NOW = 1_764_315_000_000;
const EVENT = {
  event: 'expired',
  name: Buffer.from('basket'),
  id: 'abcdefghijk',
  token: 'AAECAwQFBgcICQoLDA0ODw',
  at: NOW,
  created: NOW - 1000,
  data: undefined,
};

function fieldsOf(withToken: boolean): string[] {
  const fields: string[] = [];
  entry.forEachField(withToken, (field, value) => fields.push(`${field}=${value}`));
  expect(entry.fieldCount(withToken)).toBe(fields.length);
  return fields;
}

describe('the content of an entry', () => {
  it('has the fields of an event, in their order', () => {
    entry.read(writer.write({ ...EVENT, data: Slice.of(',"keys":{"a":"b"}}') }));
    const json = `{"event":"expired","name":"basket","token":"${EVENT.token}","at":${NOW},"created":${NOW - 1000},"keys":{"a":"b"}}`;
    expect(fieldsOf(true)).toEqual([
      'event=expired',
      'name=basket',
      'id=abcdefghijk',
      `token=${EVENT.token}`,
      `at=${NOW}`,
      `created=${NOW - 1000}`,
      `data=${json}`,
    ]);
  });

  it('has the token neither in a field nor in the data for who may not see it', () => {
    entry.read(writer.write({ ...EVENT, data: Slice.of(',"keys":{}}') }));
    expect(fieldsOf(false).join()).not.toContain(EVENT.token);
    expect(JSON.parse(String(entry.data(false)))).toEqual({
      event: 'expired',
      name: 'basket',
      at: NOW,
      created: NOW - 1000,
      keys: {},
    });
  });

  it('has no field data if the event has none', () => {
    entry.read(writer.write({ ...EVENT, event: 'new' }));
    expect(fieldsOf(true).map((field) => field.split('=')[0])).toEqual([
      'event',
      'name',
      'id',
      'token',
      'at',
      'created',
    ]);
    expect(entry.data(true)).toBeUndefined();
  });

  it('keeps everything that was written', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'Z', '9', '-', '_'), maxLength: 30 });
    const time = fc.double({ min: 0, max: 2 ** 47, noNaN: true });
    const bytes = fc.uint8Array({ maxLength: 512, size: 'max' }).map((array) => Buffer.from(array));
    const data = fc.option(fc.uint8Array({ maxLength: 40_000, size: 'max' }), { nil: undefined });
    fc.assert(
      fc.property(text, bytes, text, text, time, time, data, (event, name, id, token, at, created, rest) => {
        const tail = rest && Buffer.from(rest);
        const content = writer.write({ event, name, id, token, at, created, data: tail && Slice.of(tail) });
        // The reader may not depend on where in a buffer the content is.
        const moved = Buffer.concat([Buffer.alloc(7, 1), content.toBuffer(), Buffer.alloc(7, 1)]);
        entry.read(new Slice(moved, 7, 7 + content.length));
        expect([entry.event, entry.id, entry.token]).toEqual([event, id, token]);
        expect([entry.at, entry.created]).toEqual([Math.floor(at), Math.floor(created)]);
        expect(entry.name.copy().equals(name)).toBe(true);
        for (const withToken of [true, false]) {
          const json = new JsonWriter();
          json.begin(1e6, '');
          beginMessage(json, event, Slice.of(name), withToken ? token : undefined, at, created);
          const whole = tail && Buffer.concat([json.take(), tail]);
          expect(entry.data(withToken)?.toString('latin1')).toBe(whole?.toString('latin1'));
        }
      }),
    );
  });
});
