import { afterEach, describe, expect, it } from 'vitest';
import { latencyGraph } from '../../src/commands/server/latency-graph.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import type { RawClient } from '../raw-client.js';
import { ask } from './ask.js';
import { HeldDisk, StandingClock } from './held-disk.js';
import { start } from './start.js';

afterEach(async () => {
  HeldDisk.repairAll();
  await stopServers();
});

/** Unix seconds at the start of the fake clock. */
const START = Date.UTC(2030, 0, 1) / 1000;

/** Runs a command that takes about this many ms. */
async function slowly(clock: FakeClock, client: RawClient, request: string, ms: number): Promise<void> {
  clock.msPerLook = ms;
  await ask(client, request);
  clock.msPerLook = 0;
}

describe('LATENCY', () => {
  it('keeps nothing by default, and says how to change that', async () => {
    const { clock, client } = await start();
    await slowly(clock, client, 'PING', 1000);
    await client.expect('LATENCY LATEST\r\nLATENCY HISTORY command\r\nLATENCY RESET\r\n', '*0\r\n*0\r\n:0\r\n');
    expect(await client.bulk('LATENCY', 'DOCTOR')).toMatch(/latency-monitor-threshold is 0/);
  });

  it('keeps commands that took at least the threshold, in the form of Redis', async () => {
    const { clock, client } = await start({ 'latency-monitor-threshold': 100 });
    expect(await client.bulk('LATENCY', 'DOCTOR')).toMatch(/^Nothing took 100 ms or longer/);
    await slowly(clock, client, 'PING', 99);
    await client.expect('LATENCY LATEST\r\n', '*0\r\n');
    await slowly(clock, client, 'PING', 300);
    clock.advance(2000);
    await slowly(clock, client, 'PING', 100);
    await slowly(clock, client, 'KEYS *', 200);
    expect(await ask(client, 'LATENCY LATEST')).toMatch(/^fast-command \d+ 100 300 command \d+ ([2-9]\d\d) \1$/);
    expect(await client.bulk('LATENCY', 'DOCTOR')).toMatch(
      /^fast-command: 2 samples, on average 200 ms, the longest 300 ms, the latest 100 ms, \d s ago\.\n.*\n\ncommand: 1 sample, .*\nOther clients waited meanwhile\. SLOWLOG GET/,
    );
    await client.expect('LATENCY RESET nope command\r\nLATENCY RESET\r\nLATENCY LATEST\r\n', ':1\r\n:1\r\n*0\r\n');
  });

  it('GRAPH draws the samples as Redis does', () => {
    // Redis 7.0.15 drew this, for the same samples.
    const drawn = [
      'command - high 300 ms, low 10 ms (all time high 400 ms)',
      '-'.repeat(80),
      ' #    ',
      ' |  o ',
      ' | o| ',
      'o|_||_',
      '      ',
      '865421',
      'ssssss',
      '',
    ];
    const ages = [8, 6, 5, 4, 2, 1];
    const samples = [50, 300, 10, 120, 200, 20].map((ms, i) => ({ at: START - ages[i], ms }));
    expect(latencyGraph({ event: 'command', samples, max: 400 }, START)).toBe(drawn.join('\n'));
  });

  it('GRAPH continues below after 80 samples, and shows seconds, minutes, hours and days', () => {
    const samples = [90_000, 7200, 120, 5].map((age) => ({ at: START - age, ms: 7 }));
    const [, , ...one] = latencyGraph({ event: 'command', samples, max: 7 }, START).split('\n');
    expect(one).toEqual(['    ', '    ', '    ', '____', '    ', '1225', 'dhms', '']);
    const many = Array.from({ length: 100 }, () => samples[3]);
    const [, , ...two] = latencyGraph({ event: 'command', samples: many, max: 7 }, START).split('\n');
    expect(two.map(({ length }) => length)).toEqual([...Array(7).fill(80), 0, ...Array(7).fill(20), 0]);
  });

  it('GRAPH answers, or says that there is no sample', async () => {
    const { clock, client } = await start({ 'latency-monitor-threshold': 100 });
    await slowly(clock, client, 'PING', 300);
    expect(await client.bulk('LATENCY', 'GRAPH', 'fast-command')).toMatch(/^fast-command - high 300 ms, low 300 ms/);
    await client.expect('LATENCY GRAPH nope\r\n', "-ERR No samples available for event 'nope'\r\n");
  });

  it('HISTORY has the longest of each second, of the last 160', async () => {
    const { clock, client } = await start({ 'latency-monitor-threshold': 1 });
    for (let i = 0; i < 170; i++) {
      await slowly(clock, client, 'PING', 5);
      await slowly(clock, client, 'PING', 7);
      await slowly(clock, client, 'PING', 6);
      clock.advance(2000 - (clock.wall() % 1000));
    }
    await client.send('LATENCY HISTORY fast-command\r\nECHO end\r\n');
    const [count, ...samples] = (await client.takeUntil('end\r\n')).split('*2\r\n');
    expect(count).toBe('*160\r\n');
    const parsed = samples.map((sample) => /^:(\d+)\r\n:(\d+)\r\n/.exec(sample)?.slice(1).map(Number) ?? []);
    expect(parsed.map(([, ms]) => ms)).toEqual(Array.from({ length: 160 }, () => 7));
    const times = parsed.map(([at]) => at - START);
    expect(times.slice(1).every((time, i) => time > times[i])).toBe(true);
  });

  it('the threshold can be changed while the server runs', async () => {
    const { clock, client } = await start();
    await ask(client, 'CONFIG SET latency-monitor-threshold 10');
    await slowly(clock, client, 'PING', 20);
    await client.expect('LATENCY RESET\r\nCONFIG SET latency-monitor-threshold 0\r\n', ':1\r\n+OK\r\n');
    await slowly(clock, client, 'PING', 20);
    await client.expect('LATENCY RESET\r\n', ':0\r\n');
  });

  it('keeps slices of expiry and eviction', async () => {
    const clock = new FakeClock();
    let isSlow = false;
    const listener = {
      onSession() {
        if (isSlow) clock.freeze(50);
      },
    };
    const config = { 'latency-monitor-threshold': 40, 'maxmemory-policy': 'allsessions-lru' } as const;
    const client = await connectTo(await startServer(config, { clock, listener }));
    await ask(client, 'SESSION.NEW x 1');
    await ask(client, 'SESSION.NEW x');
    isSlow = true;
    clock.advance(2000);
    await client.expect('LATENCY RESET expire-cycle\r\n', ':1\r\n');
    await ask(client, 'CONFIG SET maxmemory 1');
    await client.expect('LATENCY RESET eviction-cycle\r\n', ':1\r\n');
  });

  it('keeps stalls of the event loop', async () => {
    const { clock, client } = await start({ 'latency-monitor-threshold': 60 });
    clock.advance(2000);
    clock.freeze(99);
    clock.advance(1000);
    await client.expect('LATENCY LATEST\r\n', '*0\r\n');
    clock.freeze(140);
    clock.advance(2000);
    expect(await ask(client, 'LATENCY LATEST')).toMatch(/^event-loop-stall \d+ 100 100$/);
  });

  it('keeps syncs of the journal that replies wait for', async () => {
    const disk = new HeldDisk();
    const clock = new StandingClock();
    const config = { appendonly: true, dir: temporaryDirectory(), 'latency-monitor-threshold': 40 };
    const server = await startServer({ ...config, appendfsync: 'always' }, { clock });
    const client = await connectTo(server);
    disk.holdSyncs();
    await client.send('SESSION.NEW x TOKEN AAECAwQFBgcICQoLDA0ODw\r\n');
    await disk.syncing();
    clock.freeze(50);
    disk.release();
    await client.takeUntil('ODw\r\n');
    await client.expect('LATENCY RESET aof-fsync-always\r\n', ':1\r\n');
  });
});
