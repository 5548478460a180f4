import { describe, expect, it } from 'vitest';
import { Slice } from '../../src/slice.js';
import { EventEntryWriter } from '../../src/stream/event-entry.js';
import { EventStream } from '../../src/stream/event-stream.js';
import type { EventGroup } from '../../src/webhooks/event-group.js';
import { LocalGroups } from '../../src/webhooks/local-groups.js';
import { batchOf, messageIdOf, messageOf } from '../../src/webhooks/message.js';
import { FakeClock } from '../fake-clock.js';

const TOKEN = 'wS2nMIlMdWGJBmy0HI7xAg';
const AT = Date.UTC(2030, 0, 1);

function start() {
  const stream = new EventStream();
  const clock = new FakeClock();
  const writer = new EventEntryWriter();
  const groups = new LocalGroups(stream, clock);
  /** Appends an event with a name, and with data if there is any. */
  const add = (name: string | Buffer, data?: string, event = 'expired') => {
    const rest = data === undefined ? undefined : Slice.of(Buffer.from(data));
    const fields = { event, name: Buffer.from(name), id: 'kJ3x', token: TOKEN, at: AT, created: 1, data: rest };
    stream.append(AT, writer.write(fields));
  };
  return { stream, clock, groups, add };
}

/** Makes and opens a group. */
function open(groups: LocalGroups): EventGroup {
  groups.keep(['shop']);
  return groups.open('shop');
}

/** The messages of all events that a group has not been given. */
function messages({ groups }: ReturnType<typeof start>, withData: boolean) {
  const group = open(groups);
  return async () => {
    const events = await group.take(100);
    const contents = await group.contents(events.map(({ entry }) => entry));
    return contents.map((content) => String(content && messageOf(content, withData)));
  };
}

describe('the group of a webhook', () => {
  it('begins with the next event, and remembers what is pending and what is acknowledged', async () => {
    const { groups, add, stream, clock } = start();
    add('before');
    const group = open(groups);
    add('first');
    add('second');
    expect(group.unread).toBe(2);
    const events = await group.take(10);
    expect(events).toMatchObject([
      { entry: `${AT}-1`, event: 'expired', name: 'first', session: 'kJ3x', at: AT },
      { entry: `${AT}-2`, name: 'second' },
    ]);
    await group.acknowledge([`${AT}-1`]);
    // Another process, after a restart.
    const again = new LocalGroups(stream, clock).open('shop');
    expect(await again.pending(undefined, 10)).toEqual([events[1]]);
    expect(await again.pending(`${AT}-2`, 10)).toEqual([]);
    expect(again.unread).toBe(0);
  });

  it('does not find what retention or XTRIM have removed', async () => {
    const { groups, add, stream } = start();
    const group = open(groups);
    for (const name of ['a', 'b', 'c', 'd']) add(name);
    await group.take(3);
    stream.retain({ maxLength: 3, maxBytes: Infinity, oldest: 0 }, 10);
    expect(await group.contents([`${AT}-0`])).toEqual([undefined]);
    expect(group.lost).toBe(1);
    stream.trimToLength(1);
    expect(await group.contents([`${AT}-1`])).toEqual([undefined]);
    expect(await group.pending(undefined, 10)).toEqual([]);
    expect(await group.take(10)).toMatchObject([{ name: 'd' }]);
  });

  it('is made again if a client destroys it', async () => {
    const { groups, add, stream } = start();
    const group = open(groups);
    add('a');
    stream.destroyGroup(Slice.of('webhook:shop'));
    expect(group.unread).toBe(0);
    expect(await group.take(10)).toEqual([]);
    add('b');
    expect(await group.take(10)).toMatchObject([{ name: 'b' }]);
  });

  it('is removed with its webhook; other groups stay', () => {
    const { groups, stream } = start();
    groups.keep(['shop', 'old']);
    stream.createGroup(Slice.of('mine'), stream.lastId);
    groups.keep(['shop']);
    expect(stream.groups().map(({ name }) => String(name))).toEqual(['mine', 'webhook:shop']);
  });

  it('calls back once a turn, until that is stopped', () => {
    const { groups, add, clock } = start();
    let calls = 0;
    const stop = groups.onAppend(() => calls++);
    add('a');
    add('b');
    expect(calls).toBe(1);
    clock.advance(0);
    add('c');
    expect(calls).toBe(2);
    clock.advance(0);
    stop();
    add('d');
    expect(calls).toBe(2);
  });
});

describe('a message', () => {
  it('is JSON with the type, the time and the event', async () => {
    const started = start();
    const read = messages(started, true);
    started.add('basket', ',"keys":{"pizza":"2"}}');
    started.add('basket', ',"truncated":true,"count":3,"sizes":{"pizza":9}}');
    started.add('user:42', undefined, 'rotated');
    const head = `"name":"basket","id":"kJ3x","at":${AT},"created":1`;
    expect(await read()).toEqual([
      `{"type":"session.expired","timestamp":"2030-01-01T00:00:00.000Z","data":{"event":"expired",${head},"keys":{"pizza":"2"}}}`,
      `{"type":"session.expired","timestamp":"2030-01-01T00:00:00.000Z","data":{"event":"expired",${head},"truncated":true,"count":3,"sizes":{"pizza":9}}}`,
      `{"type":"session.rotated","timestamp":"2030-01-01T00:00:00.000Z","data":{"event":"rotated","name":"user:42","id":"kJ3x","at":${AT},"created":1}}`,
    ]);
  });

  it.each(['basket', ',"created":1,"keys":{}}', '"', '\\', '\u0000\n', 'ü', Buffer.from([0xff, 0x22])])(
    'is right whatever the name is, and never has the token: %j',
    async (name) => {
      const started = start();
      const [withData, without] = [messages(started, true), messages({ ...started }, false)];
      started.add(name, ',"keys":{"a":",\\"created\\":","created":"2"}}');
      const [message] = await withData();
      expect(message).not.toContain(TOKEN);
      const { data } = JSON.parse(message);
      const bytes = Buffer.from(name);
      const expected = String(bytes) === name ? name : { base64: bytes.toString('base64') };
      expect(data).toEqual({
        event: 'expired',
        name: expected,
        id: 'kJ3x',
        at: AT,
        created: 1,
        keys: { a: ',"created":', created: '2' },
      });
      expect(await without()).toEqual([]);
    },
  );

  it('has no data unless the webhook asks for it', async () => {
    const started = start();
    const read = messages(started, false);
    started.add('basket', ',"keys":{"pizza":"2"}}');
    const [message] = await read();
    expect(JSON.parse(message).data).toEqual({ event: 'expired', name: 'basket', id: 'kJ3x', at: AT, created: 1 });
  });

  it('may be a batch', async () => {
    const { groups, add } = start();
    const group = open(groups);
    add('a', ',"keys":{"pizza":"2"}}');
    add('b');
    const events = await group.take(10);
    const contents = await group.contents(events.map(({ entry }) => entry));
    const known = contents.filter((content) => content !== undefined);
    const batch = JSON.parse(String(batchOf(known, true)));
    expect(batch).toMatchObject({ type: 'session.batch', timestamp: '2030-01-01T00:00:00.000Z' });
    expect(batch.data).toEqual(known.map((content) => JSON.parse(String(messageOf(content, true)))));
    expect(messageIdOf(events)).toMatch(new RegExp(`^${AT}-0_kJ3x_[\\w-]{22}$`));
  });
});
