import { describe, expect, it } from 'vitest';
import { IndexRepair } from '../../../src/store/valkey/names/index-repair.js';
import { FakeClock } from '../../fake-clock.js';
import { pass, SimulatedStore } from './simulated-store.js';

const PARTITIONS = 4;

function start({ owned = [0, 1, 2, 3] } = {}) {
  const clock = new FakeClock();
  const store = new SimulatedStore(clock, PARTITIONS, () => 1);
  const repair = new IndexRepair({
    nodes: store.connect(),
    clock,
    partitions: {
      count: PARTITIONS,
      ofToken: (token) => token.bytes[token.start] % PARTITIONS,
      ofName: (name) => name[name.length - 1] % PARTITIONS,
    },
    owned: () => owned,
    onFault: (fault) => {
      throw fault;
    },
  });
  return { clock, store, repair };
}

/** A session, the partition of its origin and that of its name. */
function session(number: number, name = `name ${number % 7}`) {
  const origin = `${'abcd'[number % 4]}${String(number).padStart(21, '0')}`;
  return {
    member: `${origin}${String(number).padStart(16, '0')}${name}`,
    partition: origin.charCodeAt(0) % PARTITIONS,
    names: name.charCodeAt(name.length - 1) % PARTITIONS,
  };
}

describe('index repair', () => {
  it('removes entries of creations that failed, and keeps those of sessions', async () => {
    const { clock, store, repair } = start();
    repair.start();
    const sessions = Array.from({ length: 100 }, (_, number) => session(number));
    sessions.forEach(({ member, partition, names }, i) => {
      store.partitions[names].index.add(member);
      store.partitions[names].creating.set(member, store.now);
      if (i % 2 === 0) store.create(partition, member, 1e9);
    });
    await pass(clock, 14_000);
    expect(store.partitions.reduce((sum, { index }) => sum + index.size, 0)).toBe(100);
    await pass(clock, 8_000);
    const left = store.partitions.flatMap(({ index }) => [...index]);
    expect(left.sort()).toEqual(
      sessions
        .filter((_, i) => i % 2 === 0)
        .map(({ member }) => member)
        .sort(),
    );
    expect(store.partitions.every(({ creating }) => creating.size === 0)).toBe(true);
  });

  it('removes the entries of any number of sessions that have ended', async () => {
    const { clock, store, repair } = start();
    repair.start();
    for (let number = 0; number < 5000; number++) {
      const { member, partition, names } = session(number);
      store.partitions[names].index.add(member);
      store.partitions[partition].unindexing.set(member, store.now);
    }
    await pass(clock, 8000);
    for (const { index, unindexing } of store.partitions) expect([index.size, unindexing.size]).toEqual([0, 0]);
    // Many members a call.
    expect(store.calls.unindex).toBeLessThan(100);
  });

  it('removes the entries of sessions that have expired soon, and many in each call', async () => {
    const { clock, store, repair } = start();
    repair.start();
    const sessions = Array.from({ length: 1000 }, (_, number) => session(number));
    for (const { member, partition, names } of sessions) {
      store.partitions[names].index.add(member);
      store.partitions[partition].unindexing.set(member, store.now);
      repair.hurry(partition);
      await pass(clock, 1);
    }
    await pass(clock, 1100);
    for (const { index, unindexing } of store.partitions) expect([index.size, unindexing.size]).toEqual([0, 0]);
    expect(store.calls.unindex).toBeLessThan(20);
    expect(store.calls.leftovers).toBeLessThan(20);
  });

  it('removes soon what is more than a page', async () => {
    const { clock, store, repair } = start();
    for (let number = 0; number < 5000; number++) {
      const { member, partition, names } = session(number);
      store.partitions[names].index.add(member);
      store.partitions[partition].unindexing.set(member, store.now);
    }
    repair.hurry(0);
    repair.hurry(1);
    await pass(clock, 2000);
    expect(store.partitions.map(({ unindexing }) => unindexing.size)).toEqual([0, 0, 1250, 1250]);
  });

  it('looks only at its own partitions', async () => {
    const { clock, store, repair } = start({ owned: [1] });
    repair.start();
    const sessions = Array.from({ length: 8 }, (_, number) => session(number));
    for (const { member, partition } of sessions) store.partitions[partition].unindexing.set(member, store.now);
    await pass(clock, 10_000);
    expect(store.partitions.map(({ unindexing }) => unindexing.size)).toEqual([2, 0, 2, 2]);
  });

  it('does the rest when a node serves again', async () => {
    const { clock, store, repair } = start();
    repair.start();
    const sessions = Array.from({ length: 8000 }, (_, number) => session(number));
    for (const { member, partition, names } of sessions) {
      store.partitions[names].index.add(member);
      store.partitions[partition].unindexing.set(member, store.now);
    }
    store.refused.add(2);
    await pass(clock, 10_000);
    // It does not ask again and again at once.
    expect(store.calls.leftovers).toBeLessThan(200);
    store.refused.clear();
    await pass(clock, 10_000);
    for (const { index, unindexing } of store.partitions) expect([index.size, unindexing.size]).toEqual([0, 0]);
    const { leftovers } = store.calls;
    repair.stop();
    await pass(clock, 10_000);
    expect(store.calls.leftovers).toBe(leftovers);
  });
});
