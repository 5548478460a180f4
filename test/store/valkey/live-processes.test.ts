import { describe, expect, it } from 'vitest';
import { LEASE_MS, LiveProcesses } from '../../../src/store/valkey/owning/live-processes.js';
import { FakeClock } from '../../fake-clock.js';
import { pass, SimulatedStore } from './simulated-store.js';

function startStore() {
  const clock = new FakeClock();
  const store = new SimulatedStore(clock, 1, () => 2);
  const join = () => {
    const nodes = store.connect();
    const changes: (readonly string[])[] = [];
    const processes = new LiveProcesses({
      list: 'processes',
      nodes,
      clock,
      onChange: (ids) => changes.push(ids),
      onFault: (fault) => {
        throw fault;
      },
    });
    return { nodes, processes, changes, started: processes.start() };
  };
  return { clock, store, join };
}

describe('the processes of a store', () => {
  it('know each other half a second after one has joined', async () => {
    const { clock, join } = startStore();
    const first = join();
    await pass(clock, 300);
    await first.started;
    expect(first.changes).toEqual([[first.processes.id]]);
    const second = join();
    await pass(clock, 600);
    const both = [first.processes.id, second.processes.id].sort();
    expect(first.processes.ids).toEqual(both);
    expect(second.processes.ids).toEqual(both);
    await pass(clock, 10_000);
    expect([first.changes.length, second.changes.length]).toEqual([2, 1]);
  });

  it('notice half a second after its lease that one was killed, and not before', async () => {
    const { clock, join } = startStore();
    const [first, second] = [join(), join()];
    await pass(clock, 5000);
    second.nodes.cut();
    await pass(clock, LEASE_MS - 501);
    expect(first.processes.ids).toHaveLength(2);
    await pass(clock, 1010);
    expect(first.processes.ids).toEqual([first.processes.id]);
  });

  it('notice at once that one has stopped', async () => {
    const { clock, join } = startStore();
    const [first, second] = [join(), join()];
    await pass(clock, 5000);
    const stopped = second.processes.stop();
    await pass(clock, 510);
    await stopped;
    expect(first.processes.ids).toEqual([first.processes.id]);
    await pass(clock, 5000);
    expect(first.processes.ids).toHaveLength(1);
  });

  it('keep to the last list while the node that has it does not answer', async () => {
    const { clock, store, join } = startStore();
    const [first, second] = [join(), join()];
    await pass(clock, 5000);
    store.down.add(0);
    await pass(clock, 20_000);
    expect([first.changes.length, second.changes.length]).toEqual([2, 1]);
    store.down.delete(0);
    await pass(clock, 5000);
    expect(first.processes.ids).toEqual(second.processes.ids);
    expect(first.processes.ids).toHaveLength(2);
  });

  it('can start while the store does not answer', async () => {
    const { clock, store, join } = startStore();
    store.down.add(0);
    const first = join();
    await pass(clock, 2000);
    await first.started;
    expect(first.processes.ids).toEqual([]);
    store.down.delete(0);
    await pass(clock, 2000);
    expect(first.processes.ids).toEqual([first.processes.id]);
  });
});
