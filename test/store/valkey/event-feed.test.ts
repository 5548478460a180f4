import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventFeed } from '../../../src/store/valkey/events/event-feed.js';
import { FakeClock } from '../../fake-clock.js';
import { pass, SimulatedStore } from './simulated-store.js';

function start({ partitions = 2, latency = (): number => 1 } = {}) {
  const clock = new FakeClock();
  const store = new SimulatedStore(clock, partitions, latency);
  const nodes = store.connect();
  const received: string[] = [];
  const faults: unknown[] = [];
  const feed = new EventFeed({
    nodes,
    partitions,
    clock,
    onEvent: (payload) => {
      if (String(payload) === 'fault') throw new Error('fault');
      received.push(String(payload));
    },
    onFault: (fault) => faults.push(fault),
  });
  return { clock, store, nodes, received, faults, feed };
}

describe('the feed of events', () => {
  it('costs nothing while there are no subscribers', async () => {
    const { clock, store, received, feed } = start();
    for (let i = 0; i < 10; i++) store.event(0, `before ${i}`);
    await pass(clock, 20_000);
    expect([received, store.calls, clock.waiting]).toEqual([[], {}, 0]);
    void feed.follow(true);
    await pass(clock, 10);
    void feed.follow(false);
    const calls = { ...store.calls };
    store.event(0, 'after');
    await pass(clock, 20_000);
    expect([received, store.calls, clock.waiting]).toEqual([[], calls, 0]);
  });

  it('passes on each event from the moment it is followed, also those that came while it subscribed', async () => {
    const { clock, store, received, feed } = start({ latency: () => 20 });
    store.event(0, 'before');
    let ready = false;
    void feed.follow(true).then(() => {
      ready = true;
    });
    await pass(clock, 19);
    store.event(0, 'too early');
    await pass(clock, 2);
    store.event(0, 'first');
    expect(ready).toBe(false);
    await pass(clock, 30);
    expect(ready).toBe(true);
    store.event(1, 'second');
    await pass(clock, 100);
    expect(received).toEqual(['first', 'second']);
  });

  it('passes on each event once and in order, with interruptions and partitions that do not answer', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ events: fc.integer({ min: 1, max: 200 }), partition: fc.nat(1) }) },
      { weight: 2, arbitrary: fc.record({ pass: fc.nat(1500) }) },
      { weight: 1, arbitrary: fc.record({ interrupt: fc.nat(1000) }) },
      { weight: 1, arbitrary: fc.record({ down: fc.nat(1) }) },
      { weight: 1, arbitrary: fc.record({ up: fc.nat(1) }) },
    );
    const how = fc.constantFrom(true, true, true, 'without payload' as const, false);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 20 }),
        fc.array(how, { minLength: 1 }),
        fc.array(fc.nat(20), { minLength: 1 }),
        async (steps, hows, ms) => {
          let turn = 0;
          const { clock, store, nodes, received, feed } = start({ latency: () => ms[turn++ % ms.length] });
          void feed.follow(true);
          await pass(clock, 200);
          const sent: string[][] = [[], []];
          let count = 0;
          for (const one of steps) {
            if ('events' in one) {
              for (let i = 0; i < one.events; i++) {
                sent[one.partition].push(`${one.partition}: ${count}`);
                // A message that is lost without an interruption is only noticed if a later one is not there either.
                const isLast = i === one.events - 1;
                store.event(one.partition, `${one.partition}: ${count++}`, isLast ? hows[count % hows.length] : true);
                if (i % 8 === 0) await pass(clock, 1);
              }
              if (hows[count % hows.length] === false) await pass(clock, 12_000);
            } else if ('pass' in one) await pass(clock, one.pass);
            else if ('interrupt' in one) nodes.interrupt(one.interrupt);
            else if ('down' in one) store.down.add(one.down);
            else store.down.delete(one.up);
          }
          store.down.clear();
          await pass(clock, 12_000);
          for (const partition of [0, 1]) {
            expect(received.filter((payload) => payload.startsWith(`${partition}`))).toEqual(sent[partition]);
          }
          feed.stop();
        },
      ),
      { numRuns: 30 },
    );
  });

  it('passes on what the outbox has after a failover, although the old primary has published something later', async () => {
    const { clock, store, nodes, received, feed } = start();
    void feed.follow(true);
    await pass(clock, 50);
    for (const old of ['one', 'two']) store.event(0, old);
    // The outbox of the new primary does not have it.
    store.publish(0, 'events', '1000-0 lost');
    store.event(0, 'missed', false);
    await pass(clock, 50);
    nodes.interrupt(10);
    await pass(clock, 100);
    store.event(0, 'next');
    await pass(clock, 50);
    expect(received).toEqual(['one', 'two', 'lost', 'missed', 'next']);
    nodes.interrupt(10);
    await pass(clock, 12_000);
    expect(received).toHaveLength(5);
  });

  it('passes on what happens after it was asked to, even if the store does not answer at first', async () => {
    const { clock, store, received, feed } = start();
    store.event(0, 'before');
    await pass(clock, 50);
    store.refused.add(0);
    await Promise.all([feed.follow(true), pass(clock, 50)]);
    store.event(0, 'first');
    await pass(clock, 50);
    store.refused.clear();
    await pass(clock, 1000);
    expect(received).toEqual(['first']);
  });

  it('passes on nothing out of order while the outbox cannot be read', async () => {
    const { clock, store, nodes, received, feed } = start();
    void feed.follow(true);
    await pass(clock, 50);
    nodes.interrupt(10);
    store.event(0, 'missed');
    store.refused.add(0);
    await pass(clock, 100);
    store.event(0, 'next');
    await pass(clock, 100);
    expect(received).toEqual([]);
    store.refused.clear();
    await pass(clock, 1000);
    expect(received).toEqual(['missed', 'next']);
  });

  it('keeps few messages while it reads the outbox, and reads the others from it', async () => {
    const { clock, store, nodes, received, feed } = start({ latency: () => 50 });
    store.messageLatency = () => 1;
    void feed.follow(true);
    await pass(clock, 500);
    nodes.interrupt(0);
    // The node has read its outbox, but the reply is still on its way.
    await pass(clock, 60);
    for (let i = 0; i < 300; i++) store.event(0, `event ${i}`);
    await pass(clock, 30);
    expect(received).toEqual([]);
    await pass(clock, 1000);
    store.event(0, 'event 300');
    await pass(clock, 10);
    expect(received).toEqual(Array.from({ length: 301 }, (_, i) => `event ${i}`));
  });

  it('reports an event that cannot be passed on, and goes on', async () => {
    const { clock, store, received, faults, feed } = start();
    void feed.follow(true);
    await pass(clock, 50);
    for (const payload of ['one', 'fault', 'two']) store.event(0, payload);
    await pass(clock, 50);
    expect(received).toEqual(['one', 'two']);
    expect(faults).toHaveLength(1);
  });

  it('goes on after a failover in which the store has lost events', async () => {
    const { clock, store, nodes, received, feed } = start();
    void feed.follow(true);
    await pass(clock, 50);
    for (let i = 1; i <= 5; i++) store.event(0, `event ${i}`);
    await pass(clock, 50);
    store.partitions[0].outbox.splice(2);
    store.partitions[0].lastId = 2;
    nodes.interrupt(100);
    await pass(clock, 200);
    store.event(0, 'event 6');
    await pass(clock, 50);
    expect(received).toEqual(['event 1', 'event 2', 'event 3', 'event 4', 'event 5', 'event 6']);
  });
});
