import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeyEvent, parseEvent, SESSION_EVENT_NAMES, type SessionEvent } from '../../src/client/session-event.js';
import { SESSION_EVENTS } from '../../src/engine/index.js';

const WHOLE = { event: 'ended', name: 'x', token: 't', at: 2, created: 1, keys: { a: 'b', c: { base64: 'AA==' } } };
const TRUNCATED = {
  event: 'ended',
  name: { base64: 'AA==' },
  token: 't',
  at: 2,
  created: 1,
  truncated: true,
  count: 2,
  sizes: { a: 1 },
};

const OF_KEY = { event: 'keyexpired', name: 'x', token: 't', at: 2, created: 1, key: 'k', value: { base64: 'AA==' } };
const OF_LONG_KEY = { event: 'keyexpired', name: 'x', token: 't', at: 2, created: 1, truncated: true, size: 3 };
const EVENTS = [WHOLE, TRUNCATED, OF_KEY, OF_LONG_KEY];

/** Whether the event matches its type. */
function isSound(event: SessionEvent | KeyEvent): boolean {
  const { name, token, at, created } = event;
  const common = typeof name === 'string' && typeof token === 'string' && Number.isFinite(at + created);
  if (event.event === 'keyexpired') {
    const { truncated, key, value } = event;
    if (truncated) return common && (key === undefined || typeof key === 'string') && Number.isFinite(event.size);
    return common && typeof key === 'string' && (typeof value === 'string' || Buffer.isBuffer(value));
  }
  if (event.truncated) return common && event.keys === undefined && Object.values(event.sizes).every(Number.isFinite);
  return common && Object.values(event.keys).every((value) => typeof value === 'string' || Buffer.isBuffer(value));
}

describe('the names of events', () => {
  it('are those of all events after which the session has no data', () => {
    const withData = Object.entries(SESSION_EVENTS).filter(([, gone]) => gone !== 'nothing' && gone !== 'key');
    expect([...SESSION_EVENT_NAMES].sort()).toEqual(withData.map(([name]) => name).sort());
  });
});

describe('the parser of messages', () => {
  it('accepts what the server sends, and properties that a later version adds', () => {
    const later = { more: 1 };
    expect(parseEvent('ended', JSON.stringify({ ...WHOLE, ...later }))).toEqual({
      ...WHOLE,
      truncated: false,
      keys: { a: 'b', c: Buffer.from([0]) },
    });
    expect(parseEvent('ended', JSON.stringify({ ...TRUNCATED, ...later }))).toEqual({ ...TRUNCATED, name: '\0' });
    expect(parseEvent('keyexpired', JSON.stringify({ ...OF_KEY, ...later }))).toEqual({
      ...OF_KEY,
      truncated: false,
      value: Buffer.from([0]),
    });
    expect(parseEvent('keyexpired', JSON.stringify({ ...OF_LONG_KEY, ...later }))).toEqual(OF_LONG_KEY);
    const withKey = { ...OF_LONG_KEY, key: { base64: '/w==' } };
    expect(parseEvent('keyexpired', JSON.stringify(withKey))).toEqual({ ...OF_LONG_KEY, key: '\ufffd' });
  });

  it('accepts only the event that it is for', () => {
    expect(parseEvent('expired', JSON.stringify(WHOLE))).toBeUndefined();
    expect(parseEvent('keyexpired', JSON.stringify(WHOLE))).toBeUndefined();
    expect(parseEvent('ended', JSON.stringify(OF_KEY))).toBeUndefined();
  });

  it('returns an event that matches its type or nothing, whatever the message is', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(
        'ended',
        'x',
        1,
        true,
        null,
        { base64: 'AA==' },
        { base64: 1 },
        { a: 1 },
        { a: 'b' },
        [],
        '__proto__',
      ),
    );
    const message = fc.oneof(
      fc.string(),
      fc.json(),
      // A valid one with a property changed or removed.
      fc
        .tuple(
          fc.constantFrom(...EVENTS),
          fc.constantFrom(...Object.keys(Object.assign({}, ...EVENTS))),
          fc.option(anything),
        )
        .map(([good, property, value]) => JSON.stringify({ ...good, [property]: value ?? undefined })),
      // A valid one with some characters replaced, or cut short.
      fc
        .tuple(fc.constantFrom(...EVENTS), fc.nat(200), fc.string({ maxLength: 3 }), fc.boolean())
        .map(([good, at, text, cut]) => {
          const json = JSON.stringify(good);
          return json.slice(0, at) + text + (cut ? '' : json.slice(at + text.length));
        }),
      fc.constantFrom(
        '['.repeat(1e5),
        `{"event":"ended","keys":${'{"a":'.repeat(1e4)}`,
        '{"__proto__":{"event":"ended"}}',
      ),
    );
    fc.assert(
      fc.property(message, (text) => {
        for (const name of ['ended', 'keyexpired'] as const) {
          const event = parseEvent(name, text);
          if (event !== undefined) expect(isSound(event)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts no number that is not finite', () => {
    expect(parseEvent('ended', JSON.stringify(WHOLE).replace('"at":2', '"at":1e999'))).toBeUndefined();
  });
});
