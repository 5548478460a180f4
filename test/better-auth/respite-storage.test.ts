import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { respiteStorage, type StorageClient } from '../../src/better-auth/index.js';
import type { Server } from '../../src/index.js';
import { Slice } from '../../src/slice.js';
import { startServer, stopServers } from '../embedded-server.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await stopServers();
});

const CLIENTS: Record<string, (server: Server) => Promise<StorageClient>> = {
  async ioredis({ addresses: [address] }) {
    const client = new Redis(address.port);
    closing.push(() => client.disconnect());
    return client;
  },
  async 'node-redis'({ addresses: [address] }) {
    const client = createClient({ socket: { port: address.port } });
    closing.push(() => client.destroy());
    await client.connect();
    return client;
  },
};

const TOKEN = 'Abcdefgh12345678Abcdefgh12345678';
const OTHER = 'Zbcdefgh12345678Abcdefgh12345678';

/** What better-auth stores for a session. @param age How long ago it was created, in ms. */
function stored(token: string, { age = 0, userId = '42', more = {} } = {}): string {
  const created = new Date(Date.now() - age).toISOString();
  const expiresAt = new Date(Date.now() + 600_000).toISOString();
  const session = { token, userId, createdAt: created, updatedAt: created, expiresAt, ipAddress: '192.0.2.1' };
  return JSON.stringify({ session: { ...session, userAgent: 'Firefox', ...more }, user: { id: userId } });
}

describe.each(Object.keys(CLIENTS))('the storage for better-auth, over %s', (library) => {
  async function open() {
    const server = await startServer();
    const client = await CLIENTS[library](server);
    return { server, storage: respiteStorage({ client }), elsewhere: respiteStorage({ client }) };
  }

  it('keeps a session as a session of its user', async () => {
    const { server, storage } = await open();
    const value = stored(TOKEN);
    await storage.set(TOKEN, value, 600);
    expect(await storage.get(TOKEN)).toBe(value);
    expect(server.engine.sessionsOf(Slice.of('better-auth:user:42'))).toHaveLength(1);
  });

  it('lists the sessions of a user as better-auth does, whatever it writes into its own list', async () => {
    const { storage } = await open();
    expect(await storage.get('active-sessions-42')).toBe(null);
    await storage.set(TOKEN, stored(TOKEN), 600);
    await storage.set(OTHER, stored(OTHER), 600);
    await storage.set('active-sessions-42', JSON.stringify([{ token: TOKEN, expiresAt: 0 }]), 600);
    const list = JSON.parse((await storage.get('active-sessions-42')) ?? '');
    expect(list.map(({ token }: { token: string }) => token)).toEqual([TOKEN, OTHER]);
    expect(list[0].expiresAt).toBeGreaterThan(Date.now());
    await storage.delete('active-sessions-42');
    await storage.delete(TOKEN);
    expect(JSON.parse((await storage.get('active-sessions-42')) ?? '')).toHaveLength(1);
  });

  it('takes numbers as ids and times, as some databases have them', async () => {
    const { server, storage } = await open();
    const value = stored(TOKEN, { more: { userId: 42, createdAt: Date.now(), expiresAt: Date.now() + 600_000 } });
    await storage.set(TOKEN, value, 600);
    expect(server.engine.sessionsOf(Slice.of('better-auth:user:42'))).toHaveLength(1);
    expect(JSON.parse((await storage.get('active-sessions-42')) ?? '')).toHaveLength(1);
  });

  it('refuses a session without a user or with a time that is none, which it could not revoke', async () => {
    const { storage } = await open();
    const put = (more: object) => storage.set(TOKEN, stored(TOKEN, { more }), 600);
    await expect(put({ userId: null })).rejects.toThrow("the session's userId must be a text or a number, not null");
    await expect(put({ createdAt: 'soon' })).rejects.toThrow(
      "the session's createdAt must be a time in the form of ISO",
    );
    await expect(put({ expiresAt: null })).rejects.toThrow("the session's expiresAt must be a time");
    expect(await storage.get(TOKEN)).toBe(null);
  });

  it('does not bring a revoked session back, however young, and whichever process revoked it', async () => {
    const { storage, elsewhere } = await open();
    await storage.set(TOKEN, stored(TOKEN), 600);
    // A request of each process has read it and is about to write it.
    expect(await elsewhere.get(TOKEN)).not.toBe(null);
    await storage.delete(TOKEN);
    await storage.set(TOKEN, stored(TOKEN, { more: { updated: true } }), 600);
    await elsewhere.set(TOKEN, stored(TOKEN, { more: { updated: true } }), 600);
    expect(await storage.get(TOKEN)).toBe(null);
    expect(await storage.get('active-sessions-42')).toBe(null);
  });

  it('does not create a session that better-auth created long ago', async () => {
    const { storage } = await open();
    await storage.set(TOKEN, stored(TOKEN, { age: 120_000 }), 600);
    expect(await storage.get(TOKEN)).toBe(null);
  });

  it('refreshes a session, and its duration', async () => {
    const { server, storage } = await open();
    await storage.set(TOKEN, stored(TOKEN), 600);
    const value = stored(TOKEN, { more: { refreshed: true } });
    await storage.set(TOKEN, value, 6000);
    expect(await storage.get(TOKEN)).toBe(value);
    const [session] = server.engine.sessionsOf(Slice.of('better-auth:user:42'));
    expect(server.engine.timeLeft(session)).toBeGreaterThan(5_000_000);
  });

  it('keeps everything else under plain keys', async () => {
    const { storage } = await open();
    await storage.set('verification:a', 'value', 600);
    expect(await storage.get('verification:a')).toBe('value');
    expect(await storage.getAndDelete('verification:a')).toBe('value');
    expect(await storage.getAndDelete('verification:a')).toBe(null);
    await storage.set('forever', '1');
    expect(await storage.get('forever')).toBe('1');
    // A key that looks like a token, with something else in it.
    await storage.set(TOKEN, 'not a session', 600);
    expect(await storage.get(TOKEN)).toBe('not a session');
    await storage.delete(TOKEN);
    expect(await storage.get(TOKEN)).toBe(null);
  });

  it('counts, and extends no counter', async () => {
    const { storage } = await open();
    expect(await storage.increment('rate', 600)).toBe(1);
    expect(await storage.increment('rate', 6000)).toBe(2);
    const { increment } = storage;
    expect(await increment('rate', 600)).toBe(3);
  });

  it('lists devices without their tokens, and ends them', async () => {
    const { storage } = await open();
    await storage.set(TOKEN, stored(TOKEN), 600);
    await storage.set(OTHER, stored(OTHER, { more: { userAgent: 'Safari' } }), 600);
    const devices = await storage.listDevices('42');
    expect(devices.map(({ userAgent, ipAddress }) => [userAgent, ipAddress])).toEqual([
      ['Firefox', '192.0.2.1'],
      ['Safari', '192.0.2.1'],
    ]);
    expect(JSON.stringify(devices)).not.toContain(TOKEN);
    expect(await storage.deviceId(OTHER)).toBe(devices[1].id);
    expect(await storage.endDevices('42', [devices[0].id])).toBe(1);
    expect(await storage.get(TOKEN)).toBe(null);
    expect(await storage.get(OTHER)).not.toBe(null);
  });
});

describe('the options of the storage', () => {
  it.each([
    [{}, 'client must be a client of ioredis or node-redis, as in respiteStorage({ client: redis }), not undefined'],
    [{ client: {} }, 'not an object'],
    [{ client: new Redis({ lazyConnect: true }), prefx: '' }, 'unknown option "prefx"'],
    [{ client: new Redis({ lazyConnect: true }), prefix: 1 }, 'prefix must be a string'],
  ])('are checked: %#', (options, message) => {
    expect(() => respiteStorage(options as never)).toThrow(message);
  });
});
