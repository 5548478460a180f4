import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { ask, infoNumber } from './ask.js';
import { start } from './start.js';

afterEach(stopServers);

/** Returns a field of INFO events. */
async function field(request: (text: string) => Promise<unknown>, name: string): Promise<string | undefined> {
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(String(await request('INFO events')))?.[1];
}

describe('the event stream', () => {
  it('is off unless events-stream is set', async () => {
    const { ask } = await start();
    await ask('SESSION.NEW basket');
    expect(await field(ask, 'events_stream')).toBe('0');
    expect(await field(ask, 'events_length')).toBeUndefined();
  });

  it('has one entry per event, with ids that follow the clock', async () => {
    const { ask, clock } = await start({ 'events-stream': true });
    await ask('SESSION.NEW basket 10 DATA a b');
    await ask('SET key value');
    clock.advance(10_000);
    expect(await field(ask, 'events_length')).toBe('3');
    expect(await field(ask, 'events_added')).toBe('3');
    expect(await field(ask, 'events_first_entry_id')).toBe(`${clock.wall() - 10_000}-0`);
    expect(await field(ask, 'events_last_generated_id')).toBe(`${clock.wall()}-0`);
  });

  it('has only the events that events-filter lets through, and CONFIG SET changes it', async () => {
    const { ask } = await start({ 'events-stream': true, 'events-filter': 'ended:user:* limit,rotated' });
    await ask('SESSION.NEW user:1 0');
    await ask('SESSION.NEW other 0');
    await ask('SESSION.ENDNAME other');
    expect(await field(ask, 'events_added')).toBe('0');
    await ask('SESSION.ENDNAME user:1');
    expect(await field(ask, 'events_added')).toBe('1');
    await ask('CONFIG SET events-filter new');
    await ask('SESSION.NEW other 0');
    await ask('SESSION.ENDNAME other');
    expect(await field(ask, 'events_added')).toBe('2');
    await ask('CONFIG SET events-filter *');
    await ask('SESSION.NEW other 0');
    await ask('SESSION.ENDNAME other');
    expect(await field(ask, 'events_added')).toBe('4');
  });

  it.each([
    ['expried', '"expried" is not an event: did you mean "expired"?'],
    ['new,:x', '"" is not an event. Expected'],
  ])('refuses the filter %s', async (filter, error) => {
    const { ask } = await start({ 'events-stream': true });
    const reply = String(await ask(`CONFIG SET events-filter ${filter}`));
    expect(reply).toContain(error);
  });

  it('keeps at most events-max-len entries, and CONFIG SET lowers that', async () => {
    const { ask, clock } = await start({ 'events-stream': true, 'events-max-len': 3 });
    for (let i = 0; i < 5; i++) await ask('SESSION.NEW basket');
    expect(await field(ask, 'events_length')).toBe('3');
    expect(await field(ask, 'events_added')).toBe('5');
    await ask('CONFIG SET events-max-len 1');
    clock.advance(2000);
    expect(await field(ask, 'events_length')).toBe('1');
  });

  it('removes entries that are too old without any traffic', async () => {
    const { ask, clock } = await start({ 'events-stream': true, 'events-max-age': 60 });
    await ask('SESSION.NEW basket 0');
    clock.advance(30_000);
    await ask('SESSION.NEW basket 0');
    clock.advance(31_500);
    expect(await field(ask, 'events_length')).toBe('1');
    clock.advance(30_000);
    expect(await field(ask, 'events_length')).toBe('0');
  });

  it('counts in used memory, in MEMORY STATS and, with all that it may take, in maxmemory', async () => {
    const log = keepLog();
    const clock = new FakeClock();
    const config = { 'events-stream': true, 'events-max-bytes': 64 * 1024 ** 2, maxmemory: 70 * 1024 ** 2 };
    const server = await startServer(config, { clock, log });
    const client = await connectTo(server);
    expect(log.lines.join()).toMatch(
      /maxmemory is too low for any session: .* the program itself and events-max-bytes need/,
    );
    expect(String(await ask(client, 'SESSION.NEW basket'))).toContain('OOM');
    await ask(client, 'CONFIG SET maxmemory 0');
    await ask(client, 'SESSION.NEW basket');
    const stats = String(await ask(client, 'MEMORY STATS'));
    const bytes = Number(/events\.stream (\d+)/.exec(stats)?.[1]);
    expect(bytes).toBeGreaterThan(60);
    expect(await infoNumber(client, 'events_memory')).toBe(bytes);
  });

  it('gives its memory back', async () => {
    const { ask, clock } = await start({ 'events-stream': true, 'events-max-age': 10 });
    for (let i = 0; i < 300; i++) await ask(`SESSION.NEW ${'n'.repeat(500)} 0`);
    expect(Number(await field(ask, 'events_memory'))).toBeGreaterThan(150_000);
    clock.advance(12_000);
    clock.advance(2000);
    expect(Number(await field(ask, 'events_memory'))).toBeLessThanOrEqual(64 * 1024);
  });

  it('reports that a consumer group is behind and loses entries: in the log, in INFO and as a metric', async () => {
    const log = keepLog();
    const clock = new FakeClock();
    const server = await startServer({ 'events-stream': true, 'events-max-len': 2 }, { clock, log });
    const client = await connectTo(server);
    await ask(client, 'XGROUP CREATE __session__ slow $ MKSTREAM');
    for (let i = 0; i < 5; i++) await ask(client, 'SESSION.NEW basket 0');
    expect(await infoNumber(client, 'events_lost')).toBe(3);
    expect(await field((text) => ask(client, text), 'events_group0')).toBe('name=slow,pending=0,lag=2,lost=3');
    clock.advance(1000);
    expect(log.lines.join()).toContain(
      'consumer groups of the event stream are behind and lose entries: group "slow" has lost most (3)',
    );
  });

  it('knows how far a group is behind that began at the end, also after XTRIM', async () => {
    const { ask } = await start({ 'events-stream': true });
    await ask('SESSION.NEW basket');
    await ask('XGROUP CREATE __session__ late $');
    for (let i = 0; i < 5; i++) await ask('SESSION.NEW basket');
    expect(await field(ask, 'events_group0')).toBe('name=late,pending=0,lag=5,lost=0');
    await ask('XREADGROUP GROUP late c COUNT 1 STREAMS __session__ >');
    expect(await field(ask, 'events_group0')).toBe('name=late,pending=1,lag=4,lost=0');
    await ask('XTRIM __session__ MAXLEN 2');
    expect(await field(ask, 'events_group0')).toBe('name=late,pending=1,lag=2,lost=0');
  });

  it('writes no number that is too large for clients', async () => {
    const { ask } = await start({ 'events-stream': true });
    await ask('SESSION.NEW basket');
    await ask('XGROUP CREATE __session__ g 0 ENTRIESREAD 9223372036854775807');
    expect(await ask('XINFO GROUPS __session__')).toContain('entries-read 9007199254740990');
    await ask('XREADGROUP GROUP g c STREAMS __session__ >');
    const [id] = String(await ask('XPENDING __session__ g - + 1')).split(' ');
    await ask(`XCLAIM __session__ g c 0 ${id} RETRYCOUNT 9223372036854775807 JUSTID`);
    expect(await ask('XPENDING __session__ g - + 1')).toContain(' 9007199254740991');
  });

  it('has the data of the message on __sessiondata__, and of a key that has expired', async () => {
    const { ask, clock } = await start({ 'events-stream': true, 'events-filter': 'expired,keyexpired' });
    const token = await ask('SESSION.NEW basket 10 DATA a b');
    await ask(`SESSION.SETEX ${token} 5 code 1234`);
    clock.advance(10_000);
    const at = clock.wall();
    const created = at - 10_000;
    const head = (event: string, when: number) =>
      `{"event":"${event}","name":"basket","token":"${token}","at":${when},"created":${created}`;
    const entries = await ask('XRANGE __session__ - +');
    expect(entries).toContain(`data ${head('keyexpired', at - 5000)},"key":"code","value":"1234"}`);
    expect(entries).toContain(`data ${head('expired', at)},"keys":{"a":"b"}}`);
    expect(entries).toContain(`token ${token}`);
  });
});
