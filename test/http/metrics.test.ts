import { afterEach, describe, expect, it, vi } from 'vitest';
import { createServer, type Server } from '../../src/index.js';
import { METRIC_GROUPS } from '../../src/metrics/table.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame } from '../raw-client.js';
import { diskFull, HeldDisk } from '../server/held-disk.js';
import { Metrics } from '../tools/metrics.js';
import { basic, send } from './send.js';

afterEach(async () => {
  HeldDisk.repairAll();
  vi.restoreAllMocks();
  await stopServers();
});

const HTTP = { 'http-port': 0 } as const;
const TABLE = METRIC_GROUPS.flatMap(({ metrics }) => metrics);
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

async function scrape(server: Server, Accept = 'text/plain'): Promise<Metrics> {
  const { status, text } = await send(server, '/metrics', { headers: { Accept } });
  expect(status, text).toBe(200);
  return new Metrics(text);
}

/** The series that may never go back: counters, and the counts of histograms. */
function countersIn({ types, series }: Metrics): [string, number][] {
  return [...series].filter(([name]) =>
    ['counter', 'histogram'].includes(types.get(Metrics.metricOf(name, types)) ?? ''),
  );
}

describe('GET /metrics', () => {
  it('answers in the format that the client prefers', async () => {
    const server = await startServer(HTTP);
    // The last two are those of Prometheus 2 and 3.
    for (const [accept, type] of [
      [undefined, PROMETHEUS],
      ['text/html,application/xhtml+xml,*/*;q=0.8', PROMETHEUS],
      ['text/plain;q=0.5,application/openmetrics-text', OPENMETRICS],
      ['text/plain,application/openmetrics-text;q=0.5', PROMETHEUS],
      [
        'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
        OPENMETRICS,
      ],
      [
        'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;q=0.4,*/*;q=0.3',
        OPENMETRICS,
      ],
    ] as const) {
      const { status, headers, text } = await send(server, '/metrics', { headers: accept ? { Accept: accept } : {} });
      expect([status, headers['content-type']]).toEqual([200, type]);
      expect(text.endsWith('\n# EOF\n')).toBe(type === OPENMETRICS);
      // An answer in one format does not spoil the next one in the other.
      expect(text).toContain('\nrespite_sessions_created_total 0\n');
      expect(text).toContain(`# TYPE respite_sessions_created${type === OPENMETRICS ? '' : '_total'} counter\n`);
    }
  });

  it('has every metric of the table, with its type, and no other', async () => {
    const { types } = await scrape(await startServer(HTTP));
    expect([...types].sort()).toEqual(TABLE.map(({ name, type }) => [name, type]).sort());
  });

  it('shows what happens to sessions, commands and clients', async () => {
    const clock = new FakeClock();
    const server = await startServer({ ...HTTP, maxclients: 2 }, { clock });
    const [client, subscriber] = [await connectTo(server), await connectTo(server)];
    await subscriber.expect('SUBSCRIBE news\r\n', '*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n');
    await client.expect('PUBLISH news hello\r\n', ':1\r\n');
    const token = await client.bulk('SESSION.NEW', 'user:1', 'DATA', 'key', 'value');
    await client.bulk('SESSION.ROTATE', token);
    await client.bulk('SESSION.NEW', 'cart', '1', '1', 'SHARED');
    clock.freeze(1030);
    await client.expect('SESSION.EXISTS @cart\r\n', ':0\r\n');
    await client.expect('SESSION.GET @nope x\r\n', '-NOSESSION no such session: no shared session has this name\r\n');
    const third = await connectTo(server);
    expect(await third.reply()).toMatchObject({ text: 'ERR max number of clients reached' });
    const metrics = await scrape(server);
    const count = (le: string) => metrics.value(`respite_expiry_lateness_seconds_bucket{le="${le}"}`);
    expect([count('0.02'), count('0.05'), count('+Inf')]).toEqual([0, 1, 1]);
    expect(Object.fromEntries(metrics.series)).toMatchObject({
      respite_sessions: 1,
      respite_session_names: 1,
      respite_session_keys: 1,
      respite_session_data_bytes: 8,
      respite_sessions_created_total: 2,
      respite_sessions_expired_total: 1,
      respite_sessions_rotated_total: 1,
      'respite_session_lookups_total{result="found"}': 1,
      'respite_session_lookups_total{result="missed"}': 2,
      respite_expiry_lateness_seconds_sum: 0.03,
      'respite_command_duration_seconds_count{command="session.new"}': 2,
      'respite_command_duration_seconds_bucket{le="+Inf",command="session.new"}': 2,
      'respite_commands_failed_total{command="session.get"}': 1,
      'respite_commands_rejected_total{command="session.get"}': 0,
      'respite_errors_total{code="NOSESSION"}': 1,
      'respite_errors_total{code="OOM"}': 0,
      respite_connections: 2,
      respite_connections_limit: 2,
      respite_connections_accepted_total: 3,
      'respite_connections_rejected_total{reason="maxclients"}': 1,
      respite_pubsub_channels: 1,
      respite_pubsub_messages_total: 1,
      respite_journal_enabled: 0,
      respite_ready: 1,
      'respite_ready_check{check="journal"}': 1,
    });
    const parts = [...metrics.series].filter(([name]) => name.startsWith('respite_memory_bytes{'));
    const used = Number(/used_memory:(\d+)/.exec(await client.bulk('INFO', 'memory'))?.[1]);
    expect(parts.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeCloseTo(used, -4);
  });

  it('never goes back, whatever is reset', async () => {
    const server = await startServer(HTTP);
    const client = await connectTo(server);
    await client.bulk('SESSION.NEW', 'x', '60');
    await client.expect('SESSION.GET @nope x\r\n', '-NOSESSION no such session: no shared session has this name\r\n');
    const before = await scrape(server);
    await client.expect('CONFIG RESETSTAT\r\n', '+OK\r\n');
    const after = await scrape(server);
    for (const [series, count] of countersIn(before)) {
      expect(after.value(series), series).toBeGreaterThanOrEqual(count);
    }
    expect(countersIn(before).length).toBeGreaterThan(50);
    expect(after.value('respite_errors_total{code="NOSESSION"}')).toBe(1);
  });

  it('contains nothing of what clients send, and gets no new series by it', async () => {
    const server = await startServer({ ...HTTP, requirepass: 'Xpassword', users: 'Xuser read,write,events Xsecret' });
    const headers = basic('', 'Xpassword');
    const requests = [
      ['SESSION.NEW', 'Xname', '60', 'DATA', 'Xkey', 'Xvalue'],
      ['SESSION.GET', 'Xtoken', 'Xkey'],
      ['SESSION.XCOMMAND'],
      ['XCOMMAND', 'Xargument'],
      ['CLIENT', 'SETNAME', 'Xclient'],
      ['PUBLISH', 'Xchannel', 'Xmessage'],
      ['AUTH', 'Xuser', 'Xwrong'],
      // A client that subscribes to channels may do nothing else.
      ['SUBSCRIBE', 'Xchannel'],
    ];
    const ask = async (suffix: string) => {
      const client = await connectTo(server);
      await client.expect('AUTH Xpassword\r\n', '+OK\r\n');
      for (const [command, ...args] of requests) {
        await client.send(
          frame(command, ...args.map((argument) => (argument.startsWith('X') ? argument + suffix : argument))),
        );
        await client.reply();
      }
      return send(server, '/metrics', { headers });
    };
    const { text } = await ask('');
    expect(text).toContain('command="session.get"');
    expect(text).not.toMatch(/X[a-z]|127\.0\.0\.1/);
    const seriesOf = (response: { text: string }) => [...new Metrics(response.text).series.keys()];
    expect(seriesOf(await ask('1'))).toEqual(seriesOf({ text }));
  });

  it('shows that the journal cannot be written, and what it did before', async () => {
    const disk = new HeldDisk();
    const config = { appendonly: true, appendfsync: 'always', dir: temporaryDirectory() } as const;
    const server = await startServer({ ...HTTP, ...config });
    const client = await connectTo(server);
    await client.bulk('SESSION.NEW', 'x', '60');
    const before = await scrape(server);
    expect(Object.fromEntries(before.series)).toMatchObject({
      respite_journal_enabled: 1,
      respite_journal_failing: 0,
      respite_journal_errors_total: 0,
      respite_journal_last_error_timestamp_seconds: 0,
      respite_journal_unsaved_changes: 0,
      respite_ready: 1,
    });
    expect(before.value('respite_journal_fsync_duration_seconds_count')).toBeGreaterThan(0);
    expect(before.value('respite_journal_written_bytes_total')).toBeGreaterThan(50);
    expect(before.value('respite_journal_size_bytes')).toBeGreaterThan(50);
    const started = Date.now() / 1000;
    disk.failure = diskFull();
    // Not acknowledged, because the disk does not have it.
    void client.send(frame('SESSION.NEW', 'y', '60'));
    let failing = before;
    while (failing.value('respite_journal_failing') === 0) failing = await scrape(server);
    const other = await connectTo(server);
    await other.send(frame('SESSION.NEW', 'z', '60'));
    expect(await other.reply()).toMatchObject({ text: expect.stringMatching(/^MISCONF/) });
    const after = await scrape(server);
    expect(after.value('respite_journal_errors_total')).toBeGreaterThan(0);
    expect(after.value('respite_journal_last_error_timestamp_seconds')).toBeGreaterThan(started - 1);
    expect(after.value('respite_journal_unsaved_changes')).toBeGreaterThan(0);
    expect(Object.fromEntries(after.series)).toMatchObject({
      respite_ready: 0,
      'respite_ready_check{check="journal"}': 0,
      'respite_ready_check{check="loading"}': 1,
      'respite_errors_total{code="MISCONF"}': 1,
    });
  });

  it('answers while the journal is loaded', async () => {
    const config = { ...HTTP, appendonly: true, dir: temporaryDirectory() } as const;
    const first = await startServer(config);
    await (await connectTo(first)).bulk('SESSION.NEW', 'x', '60');
    await first.close();
    const disk = new HeldDisk();
    disk.holdReads();
    const server = createServer({ bind: '127.0.0.1', port: 0, ...config });
    const listening = server.listen();
    await disk.reading();
    const loading = await scrape(server);
    expect(loading.types.size).toBe(TABLE.length);
    expect(Object.fromEntries(loading.series)).toMatchObject({
      respite_sessions: 0,
      respite_journal_size_bytes: 0,
      respite_ready: 0,
      'respite_ready_check{check="loading"}': 0,
    });
    disk.release();
    await listening;
    expect(Object.fromEntries((await scrape(server)).series)).toMatchObject({ respite_sessions: 1, respite_ready: 1 });
    await server.close();
  });

  it('shows how long the event loop kept timers waiting', async () => {
    const clock = new FakeClock();
    const server = await startServer(HTTP, { clock });
    // It begins to look after a second.
    clock.advance(3000);
    clock.freeze(320);
    clock.advance(1000);
    const metrics = await scrape(server);
    const count = (le: string) => metrics.value(`respite_event_loop_delay_seconds_bucket{le="${le}"}`);
    expect([count('0.001'), count('0.25'), count('0.5'), count('+Inf')]).toEqual([75, 75, 76, 76]);
    expect(metrics.value('respite_event_loop_delay_seconds_sum')).toBeCloseTo(0.28);
  });

  it('counts garbage collections', async () => {
    const server = await startServer(HTTP);
    const collections = async () => {
      const { series } = await scrape(server);
      const counts = [...series].filter(([name]) => name.startsWith('respite_gc_duration_seconds_count'));
      return counts.reduce((sum, [, count]) => sum + count, 0);
    };
    const before = await collections();
    // The observer is called after the collection.
    while ((await collections()) === before) Array.from({ length: 1e5 }, (_, i) => ({ i }));
  });

  it('needs a password if the server has one', async () => {
    const server = await startServer({ ...HTTP, requirepass: 'secret' });
    expect(await send(server, '/metrics')).toMatchObject({ status: 401 });
  });
});

describe('the table of metrics', () => {
  it.each(TABLE)('$name keeps to the rules for names', ({ name, type, help, labels = [] }) => {
    expect(name).toMatch(/^respite_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|us|kb|mb|ratio|percent|milliseconds)\b/);
    expect(help).toMatch(/^\S.*\.$/s);
    for (const label of labels) expect(label).toMatch(/^[a-z_]+$/);
  });

  it('has no name twice', () => {
    expect(new Set(TABLE.map(({ name }) => name)).size).toBe(TABLE.length);
  });
});
