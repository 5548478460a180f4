import { CodedError } from '../../errors.js';
import { type OpenStore, type RemoteStore, type StoreOptions, UnusableStoreError } from '../remote-store.js';
import { connectNodes } from './connect.js';
import { readLibrary } from './library.js';
import { Maintenance } from './maintenance.js';
import type { Nodes } from './nodes.js';
import { openSessions, type ValkeyStore } from './valkey-store.js';

/** Returns what connects to the store in a Valkey or Redis cluster, or a single primary. */
export function valkeyStore(options: StoreOptions): OpenStore {
  return async (host) => {
    const nodes = await connectNodes({ ...options, library: readLibrary() });
    let maintenance: Maintenance | undefined;
    const timers = () => ({
      tickMs: 0,
      wheelSlots: 0,
      pending: maintenance?.pending ?? 0,
      lateP99: maintenance?.lateness.recent(host.clock.now()).p99 ?? 0,
    });
    try {
      const store = await openSessions(nodes, {
        partitions: options.partitions,
        maxValueBytes: host.maxValueBytes,
        timers,
      });
      maintenance = new Maintenance({ ...host, nodes, partitions: store.partitions, events: options.events });
      return remoteStore(nodes, store, maintenance);
    } catch (error) {
      await nodes.close();
      throw error instanceof CodedError ? new UnusableStoreError(`cannot use the store: ${error.message}`) : error;
    }
  };
}

function remoteStore(nodes: Nodes, store: ValkeyStore, maintenance: Maintenance): RemoteStore {
  return {
    sessions: store.sessions,
    watch: (token) => store.watch(token),
    begin: (watched) => store.begin(watched),
    get status() {
      const { kind, version, primaries, reachable, since, lastError, times, failures } = nodes.state();
      return {
        kind,
        version,
        nodes: primaries,
        partitions: store.partitions.count,
        owned: maintenance.owned,
        processes: maintenance.processes,
        reachable,
        since,
        lastError,
        calls: times.count + failures,
        failures,
        totalMs: times.ms,
      };
    },
    lateness: maintenance.lateness,
    start: () => maintenance.start(),
    follow: (wanted) => maintenance.follow(wanted),
    async close() {
      await maintenance.stop();
      await nodes.close();
    },
  };
}
