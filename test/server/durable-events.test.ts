import { cpSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config, Server } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import type { RawClient } from '../raw-client.js';
import { turnEventLoop } from '../turn-event-loop.js';
import { ask, infoNumber } from './ask.js';
import { batchesIn } from './journal-records.js';

afterEach(stopServers);

/** A server with a journal and the event stream, across restarts. */
class Durable {
  readonly clock = new FakeClock();
  readonly log = keepLog();
  readonly dir = temporaryDirectory();
  #server!: Server;
  #client!: RawClient;
  /** Asks while the other client waits for a reply. */
  #admin!: RawClient;

  static async start(config: Partial<Config> = {}): Promise<Durable> {
    const durable = new Durable();
    await durable.start(config);
    return durable;
  }

  async start(config: Partial<Config>): Promise<void> {
    const given = { appendonly: true, appendfsync: 'no', dir: this.dir, 'events-stream': true, ...config } as const;
    this.#server = await startServer(given, { clock: this.clock, log: this.log });
    this.#client = await connectTo(this.#server);
    this.#admin = await connectTo(this.#server);
  }

  async restart(config: Partial<Config> = {}, whileDown = 0): Promise<void> {
    this.#client.close();
    this.#admin.close();
    await this.#server.close();
    this.clock.freeze(whileDown);
    await this.start(config);
  }

  async compact(): Promise<void> {
    const before = await infoNumber(this.#admin, 'aof_rewrites');
    await ask(this.#admin, 'BGREWRITEAOF');
    while ((await infoNumber(this.#admin, 'aof_rewrites')) === before || (await this.isCompacting())) {
      this.clock.advance(1);
      await turnEventLoop();
    }
  }

  /** Lets work in the background go on a little. */
  async work(): Promise<void> {
    this.clock.step();
    this.clock.freeze(5);
    await turnEventLoop();
  }

  async fill(sessions: number): Promise<void> {
    for (let i = 0; i < sessions; i++) await this.ask('SESSION.NEW basket 0 DATA a b');
  }

  async isCompacting(): Promise<boolean> {
    return (await infoNumber(this.#admin, 'aof_rewrite_in_progress')) === 1;
  }

  ask(request: string): Promise<string> {
    return ask(this.#client, request);
  }

  async events(): Promise<string> {
    const text = await this.#admin.bulk('INFO', 'events');
    return text.replace(/events_memory:.*\r\n/, '');
  }
}

describe('the event stream in the journal', () => {
  it.each([
    ['as it was recorded', async (durable: Durable) => durable.restart()],
    [
      'compacted',
      async (durable: Durable) => {
        await durable.compact();
        await durable.restart();
      },
    ],
  ])('is there after a restart, %s', async (_, restart) => {
    const durable = await Durable.start();
    await durable.ask('SESSION.NEW basket 0 DATA a b');
    await durable.ask('SESSION.ENDNAME basket');
    const before = await durable.events();
    expect(before).toContain('events_added:2');
    await restart(durable);
    expect(await durable.events()).toBe(before);
    await durable.ask('SESSION.NEW basket 0');
    expect(await durable.events()).toContain('events_added:3');
  });

  it('has an entry for a session that expired while the server was down, in the batch of its end', async () => {
    const durable = await Durable.start();
    await durable.ask('SESSION.NEW basket 10 DATA a b');
    await durable.restart({}, 20_000);
    durable.clock.advance(100);
    expect(await durable.ask('SESSION.STATS')).toContain('sessions 0');
    expect(await durable.events()).toContain('events_added:2');
    await durable.restart();
    const ends = (await batchesIn(durable.dir)).filter((batch) => batch.includes('GONE'));
    expect(ends).toEqual([['GONE', 'EVENT']]);
  });

  it('is dropped by a start without events-stream, but its ids do not go back', async () => {
    const durable = await Durable.start();
    for (let i = 0; i < 3; i++) await durable.ask('SESSION.NEW basket 0');
    const last = /events_last_generated_id:(\d+)-2/.exec(await durable.events())?.[1];
    await durable.restart({ 'events-stream': false });
    await durable.ask('SESSION.NEW basket 0');
    await durable.compact();
    await durable.restart();
    expect(await durable.events()).toContain('events_length:0');
    durable.clock.setWall(durable.clock.wall() - 3_600_000);
    await durable.ask('SESSION.NEW basket 0');
    expect(await durable.events()).toContain(`events_last_generated_id:${last}-3`);
  });

  it('is there again with events-stream until a compaction has dropped it, of which the log warns', async () => {
    const warned = (durable: Durable) => durable.log.entries.filter(({ fields }) => fields?.event === 'dropped-events');
    const durable = await Durable.start();
    await durable.ask('SESSION.NEW basket 0');
    await durable.restart();
    expect(warned(durable)).toEqual([]);
    await durable.restart({ 'events-stream': false });
    expect(warned(durable)).toHaveLength(1);
    await durable.restart();
    expect(await durable.events()).toContain('events_length:1');
    await durable.restart({ 'events-stream': false });
    expect(warned(durable)).toHaveLength(2);
    await durable.compact();
    await durable.restart({ 'events-stream': false });
    expect(warned(durable)).toHaveLength(2);
  });

  it('begins with a start with events-stream after one without', async () => {
    const durable = await Durable.start({ 'events-stream': false });
    await durable.ask('SESSION.NEW basket 0');
    await durable.restart();
    await durable.ask('SESSION.ENDNAME basket');
    expect(await durable.events()).toContain('events_length:1');
  });

  it.each(['FLUSHALL', 'FLUSHDB', 'SESSION.ENDALL', 'SESSION.ENDNAME basket'])(
    'has an entry for each end that %s acknowledges',
    async (request) => {
      const durable = await Durable.start();
      await durable.fill(300);
      await durable.ask(request);
      expect(await durable.events()).toContain('events_added:600');
      await durable.restart();
      expect(await durable.events()).toContain('events_added:600');
      const records = (await batchesIn(durable.dir)).flat();
      expect(records.filter((name) => name === 'GONE')).toHaveLength(300);
      expect(records).not.toContain('FLUSH');
    },
  );

  it('has an entry for each end that FLUSHALL in a transaction acknowledges', async () => {
    const durable = await Durable.start();
    await durable.fill(300);
    await durable.ask('MULTI');
    await durable.ask('FLUSHALL');
    await durable.ask('EXEC');
    expect(await durable.events()).toContain('events_added:600');
  });

  it('has an entry for each session that is gone after a crash during FLUSHALL', async () => {
    const durable = await Durable.start();
    await durable.fill(600);
    // The journal writes what it has gathered.
    durable.clock.advance(20);
    await turnEventLoop();
    durable.clock.msPerLook = 0.5;
    const flushed = durable.ask('FLUSHALL');
    await turnEventLoop();
    for (let i = 0; i < 3; i++) await durable.work();
    const copy = temporaryDirectory();
    cpSync(durable.dir, copy, { recursive: true });
    const after = await Durable.start({ dir: copy });
    const ended = Number(/events_added:(\d+)/.exec(await after.events())?.[1]) - 600;
    const left = Number(/^sessions (\d+)/.exec(await after.ask('SESSION.STATS'))?.[1]);
    expect(ended + left).toBe(600);
    expect(left).toBeGreaterThan(0);
    let reply: string | undefined;
    void flushed.then((text) => {
      reply = text;
    });
    while (reply === undefined) await durable.work();
    expect(reply).toBe('OK');
  });
});
