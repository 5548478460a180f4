import { afterEach, describe, expect, it } from 'vitest';
import type { Config, Server } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import type { RawClient } from '../raw-client.js';
import { askWith } from './ask.js';

afterEach(stopServers);

/** A server that can be started again on the same directory. */
class Restartable {
  readonly config: Partial<Config>;
  readonly log = keepLog();
  #server: Server | undefined;
  #client: RawClient | undefined;

  constructor(config: Partial<Config> = {}) {
    this.config = { appendonly: true, appendfsync: 'no', dir: temporaryDirectory(), ...config };
  }

  async start(): Promise<this> {
    this.#client?.close();
    await this.#server?.close();
    this.#server = await startServer(this.config, { log: this.log });
    this.#client = await connectTo(this.#server);
    return this;
  }

  ask(...request: string[]): Promise<string> {
    if (this.#client === undefined) throw new Error('the server has not been started');
    return askWith(this.#client, ...request);
  }

  async compact(): Promise<void> {
    const compacted = () => this.log.lines.filter((line) => line.startsWith('compacted')).length;
    const before = compacted();
    await this.ask('BGREWRITEAOF');
    while (compacted() === before) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Creates sessions of one name: new, rotated once and twice, with data that is written in pieces, and a shared one. */
async function createAll(server: Restartable): Promise<string[]> {
  const tokens: string[] = [];
  for (const [data, rotations] of [
    ['x', 0],
    ['x', 1],
    ['x', 2],
    ['x'.repeat(3_000_000), 1],
  ] as const) {
    let token = await server.ask('SESSION.NEW', 'user:1', 'DATA', 'k', data);
    for (let i = 0; i < rotations; i++) token = await server.ask('SESSION.ROTATE', token, 'GRACE', '1000');
    // Other changes are recorded by token, and must not make it lose the id.
    await server.ask('SESSION.EXPIRE', token, '1000');
    await server.ask('SESSION.SET', token, 'other', 'x');
    tokens.push(token);
  }
  await server.ask('SESSION.NEW', 'user:1', 'SHARED');
  return [...tokens, '@user:1'];
}

async function idsFor(server: Restartable, tokens: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const token of tokens) ids.push(await server.ask('SESSION.ID', token));
  expect(new Set(ids).size).toBe(tokens.length);
  for (const id of ids) expect(id).toMatch(/^[\w-]{11}$/);
  return ids;
}

describe('public ids', () => {
  it.each([
    ['as they were recorded', async () => {}],
    ['after a compaction', (server: Restartable) => server.compact()],
    [
      'after a compaction, a restart and another compaction',
      async (server: Restartable) => {
        await server.compact();
        await server.start();
        await server.compact();
      },
    ],
  ])('are the same after a restart, %s', async (_, before) => {
    const server = await new Restartable().start();
    const tokens = await createAll(server);
    const ids = await idsFor(server, tokens);
    await before(server);
    await server.start();
    expect(await idsFor(server, tokens)).toEqual(ids);
    // They also stay the same when the sessions are rotated from now on.
    const rotated = [await server.ask('SESSION.ROTATE', tokens[0]), await server.ask('SESSION.ROTATE', tokens[1])];
    await server.start();
    expect(await idsFor(server, rotated)).toEqual(ids.slice(0, 2));
    expect(await server.ask('SESSION.ENDID', 'user:1', ...ids)).toBe('5');
  });

  it('are the same when a data set is loaded, and when the server then restarts', async () => {
    const server = await new Restartable().start();
    const tokens = await createAll(server);
    const ids = await idsFor(server, tokens);
    await server.ask('SESSION.SAVE', 'all');
    await server.ask('SESSION.ENDNAME', 'user:1');
    expect(await server.ask('SESSION.LOAD', 'all')).toContain('sessions 5');
    expect(await idsFor(server, tokens)).toEqual(ids);
    await server.start();
    expect(await idsFor(server, tokens)).toEqual(ids);
    await server.compact();
    await server.start();
    expect(await idsFor(server, tokens)).toEqual(ids);
  });

  it('of a shared session are the same after a restart without a journal if a secret is given, and new otherwise', async () => {
    const idAfter = async (server: Restartable) => {
      await server.start();
      await server.ask('SESSION.NEW', 'user:1', 'SHARED');
      return server.ask('SESSION.ID', '@user:1');
    };
    for (const [secret, isSame] of [
      ['a secret that is given to the server', true],
      ['', false],
    ] as const) {
      const server = new Restartable({ appendonly: false, secret });
      const first = await idAfter(server);
      expect((await idAfter(server)) === first).toBe(isSame);
    }
  });

  it('show whether a session was used since the restart', async () => {
    const server = await new Restartable().start();
    const token = await server.ask('SESSION.NEW', 'user:1', 'DATA', 'k', 'v');
    await server.start();
    expect(await server.ask('SESSION.LIST', 'user:1')).toContain('lastUsed -1 ');
    await server.ask('SESSION.GET', token, 'k');
    expect(await server.ask('SESSION.LIST', 'user:1')).toMatch(/lastUsed \d{13} /);
  });
});
