import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Owner } from '../../../src/store/valkey/owning/owner.js';
import { FakeClock } from '../../fake-clock.js';
import { pass, SimulatedStore } from './simulated-store.js';

/** The wheel's tick. */
const TICK = 10;

/** A store with one process that owns all partitions. */
function start({ partitions = 4, latency = (): number => 0 } = {}) {
  const clock = new FakeClock();
  const store = new SimulatedStore(clock, partitions, latency);
  const nodes = store.connect();
  const expired: { late: number; partition: number; isIndexed: boolean }[] = [];
  const owner = new Owner({
    nodes,
    events: 1000,
    clock,
    onExpired: (late, partition, isIndexed) => expired.push({ late, partition, isIndexed }),
    onFault: (fault) => {
      throw fault;
    },
  });
  const all = Array.from({ length: partitions }, (_, number) => number);
  return { clock, store, nodes, owner, all, expired };
}

describe('the owner of partitions', () => {
  it('expires sessions that were there before it, on time and once', async () => {
    const { clock, store, owner, all } = start();
    for (let i = 0; i < 100; i++) store.create(i % 4, `old ${i}`, i * 100);
    await pass(clock, 3000);
    owner.own(all);
    await pass(clock, 8000);
    expect(store.expiries).toHaveLength(100);
    expect(new Set(store.expiries.map(({ member }) => member)).size).toBe(100);
    // What was due before it came is late, and counted as such.
    expect(owner.lateness.total()).toMatchObject({
      count: 100,
      max: Math.max(...store.expiries.map((one) => one.late)),
    });
    const inTime = store.expiries.filter(({ member }) => Number(member.slice(4)) > 30);
    expect(Math.max(...inTime.map(({ late }) => late))).toBeLessThanOrEqual(TICK + 1);
  });

  it('expires sessions and keys with any deadline on time, whatever happens to them', async () => {
    const operation = fc.record({
      after: fc.nat(800),
      partition: fc.nat(1),
      session: fc.nat(5),
      kind: fc.constantFrom('create', 'create', 'extend', 'setFor', 'setFor', 'end'),
      ttl: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 12_000 })),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 30 }),
        fc.array(fc.nat(8), { minLength: 1 }),
        async (ops, ms) => {
          let turn = 0;
          const { clock, store, owner, all } = start({ partitions: 2, latency: () => ms[turn++ % ms.length] });
          owner.own(all);
          await pass(clock, 50);
          for (const { after, partition, session, kind, ttl } of ops) {
            await pass(clock, after);
            if (kind === 'create') store.create(partition, `session ${session}`, ttl);
            else if (kind === 'extend') store.extend(partition, `session ${session}`, ttl);
            else if (kind === 'setFor') store.setFor(partition, `session ${session}`, ttl);
            else store.end(partition, `session ${session}`);
          }
          await pass(clock, 12_500);
          for (const { deadlines, due } of store.partitions) expect([deadlines.size, due.size]).toEqual([0, 0]);
          // An announcement, a call that comes too early and its reply, and another call, each up to 8 ms.
          for (const { late } of store.expiries) expect(late).toBeLessThanOrEqual(4 * 8 + 2 * TICK);
          expect(owner.known).toBe(0);
          expect(owner.lateness.total().count).toBe(store.expiries.length);
          owner.stop();
          expect(clock.waiting).toBeLessThan(50);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('reads what is due in pages, and never knows more than a few of them', async () => {
    const { clock, store, owner, all } = start({ partitions: 1, latency: () => 1 });
    for (let i = 0; i < 20_000; i++) store.create(0, `session ${i}`, 2000 + (i % 100));
    owner.own(all);
    let most = 0;
    for (let ms = 0; ms < 5000; ms += 10) {
      await pass(clock, 10);
      most = Math.max(most, owner.known);
    }
    expect(store.expiries).toHaveLength(20_000);
    expect(most).toBeLessThanOrEqual(2048);
    expect(store.largestBatch).toBeLessThanOrEqual(32);
  });

  it('says of which sessions the entry in the index is still to be removed', async () => {
    const { clock, store, owner, all, expired } = start({ partitions: 2 });
    owner.own(all);
    await pass(clock, 10);
    store.create(0, 'at home', 100);
    store.create(1, 'elsewhere', 200);
    store.indexed.add('elsewhere');
    await pass(clock, 300);
    expect(expired).toEqual([
      { late: expect.any(Number), partition: 0, isIndexed: false },
      { late: expect.any(Number), partition: 1, isIndexed: true },
    ]);
  });

  it('reads each partition about every three seconds', async () => {
    const { clock, store, owner, all } = start({ partitions: 4 });
    owner.own(all);
    await pass(clock, 30_000);
    expect(store.calls.due).toBeGreaterThan(4 * 8);
    expect(store.calls.due).toBeLessThan(4 * 13);
  });

  it('forgets the last of too many announced deadlines, and reads them again in time', async () => {
    const { clock, store, owner, all } = start({ partitions: 1 });
    owner.own(all);
    await pass(clock, 10);
    for (let i = 0; i < 10_000; i++) store.create(0, `session ${i}`, 4000 - (i % 100) * 20);
    await pass(clock, 1);
    expect(owner.known).toBeLessThanOrEqual(4096);
    await pass(clock, 6000);
    expect(store.expiries).toHaveLength(10_000);
    // The fake node reaps any number at a time, so all are in time: 32 a call, a call a tick.
    expect(owner.known).toBe(0);
  });

  it('reads again what it missed while a subscription was interrupted', async () => {
    const { clock, store, nodes, owner, all } = start();
    owner.own(all);
    await pass(clock, 100);
    nodes.interrupt(500);
    for (let i = 0; i < 40; i++) store.create(i % 4, `session ${i}`, 600 + i);
    await pass(clock, 1000);
    expect(store.expiries).toHaveLength(40);
    expect(Math.max(...store.expiries.map(({ late }) => late))).toBeLessThanOrEqual(TICK + 1);
  });

  it('carries on when a node answers again, and serves the other partitions meanwhile', async () => {
    const { clock, store, owner, all } = start({ latency: () => 1 });
    owner.own(all);
    await pass(clock, 50);
    for (let i = 0; i < 400; i++) store.create(i % 4, `session ${i}`, 10 + i * 10);
    await pass(clock, 5);
    store.down.add(0);
    await pass(clock, 4500);
    expect(store.expiries.filter(({ partition }) => partition !== 0)).toHaveLength(300);
    expect(Math.max(...store.expiries.map(({ late }) => late))).toBeLessThanOrEqual(2 * TICK);
    store.down.clear();
    await pass(clock, 3000);
    expect(store.expiries).toHaveLength(400);
  });

  it('reads again soon after a call that failed', async () => {
    const { clock, store, owner, all } = start({ partitions: 1 });
    owner.own(all);
    await pass(clock, 20);
    store.create(0, 'first', 100);
    store.create(0, 'second', 200);
    await pass(clock, 50);
    store.refused.add(0);
    await pass(clock, 120);
    store.refused.clear();
    await pass(clock, 400);
    expect(store.expiries.map(({ member }) => member).sort()).toEqual(['first', 'second']);
  });

  it('goes on reading after a call that failed while it was reading', async () => {
    // Reading takes 900 ms, and begins at least every 3.5 s. So one of these fails meanwhile.
    for (let ttl = 600; ttl <= 3800; ttl += 200) {
      let latency = 0;
      const { clock, store, owner, all } = start({ partitions: 1, latency: () => latency });
      owner.own(all);
      await pass(clock, 20);
      store.create(0, 'soon', ttl);
      await pass(clock, 10);
      latency = 450;
      await pass(clock, ttl);
      store.refused.add(0);
      await pass(clock, 600);
      store.refused.clear();
      await pass(clock, 5000);
      // Too late to be announced.
      store.create(0, 'later', 6000);
      await pass(clock, 9000);
      expect(store.expiries.map(({ member }) => member)).toEqual(['soon', 'later']);
      owner.stop();
    }
  });

  it('knows a deadline that was set while the session was being reaped', async () => {
    const { clock, store, owner, all } = start({ partitions: 1, latency: () => 20 });
    owner.own(all);
    await pass(clock, 100);
    store.create(0, 'session', 200);
    while (store.expiries.length === 0) await pass(clock, 1);
    // The announcement arrives right after the reply, or before it.
    store.create(0, 'session', 300);
    await pass(clock, 500);
    expect(store.expiries).toHaveLength(2);
  });

  it('knows the deadline of a session that was extended', async () => {
    const { clock, store, owner, all } = start({ partitions: 1, latency: () => 1 });
    owner.own(all);
    await pass(clock, 100);
    for (let i = 0; i < 30; i++) store.create(0, `session ${i}`, 100);
    await pass(clock, 50);
    for (let i = 0; i < 30; i++) store.extend(0, `session ${i}`, 100 * i + 100);
    await pass(clock, 5000);
    expect(store.expiries).toHaveLength(30);
    expect(Math.max(...store.expiries.map(({ late }) => late))).toBeLessThanOrEqual(TICK + 3);
  });

  it('follows a clock that is set', async () => {
    const { clock, store, owner, all } = start({ partitions: 1 });
    owner.own(all);
    await pass(clock, 10);
    store.create(0, 'session', 4900);
    await pass(clock, 100);
    store.ahead += 3000;
    // It learns this when it reads the partition again.
    await pass(clock, 3500);
    expect(store.expiries.map(({ member }) => member)).toEqual(['session']);
    store.create(0, 'another', 4900);
    await pass(clock, 100);
    store.ahead -= 3_600_000;
    await pass(clock, 10_000);
    store.ahead += 3_600_000;
    await pass(clock, 2500);
    expect(store.expiries.map(({ member }) => member)).toEqual(['session', 'another']);
  });

  it('does nothing for partitions that no longer belong to it', async () => {
    const { clock, store, owner } = start();
    owner.own([0, 1]);
    await pass(clock, 10);
    for (let i = 0; i < 4; i++) store.create(i, `session ${i}`, 1000);
    await pass(clock, 10);
    owner.own([1, 2]);
    await pass(clock, 3000);
    expect(store.expiries.map(({ partition }) => partition).sort()).toEqual([1, 2]);
    expect([...owner.partitions]).toEqual([1, 2]);
    owner.stop();
    store.create(1, 'later', 100);
    await pass(clock, 6000);
    expect(store.expiries).toHaveLength(2);
  });
});
