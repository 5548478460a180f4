import { CodedError } from '../../errors.js';
import { type OpenStore, type RemoteStore, type StoreOptions, UnusableStoreError } from '../remote-store.js';
import { readLibrary } from './library/library.js';
import { Maintenance } from './maintenance.js';
import { connectNodes } from './nodes/connect.js';
import type { Nodes } from './nodes/nodes.js';
import { SettingsWatch } from './settings-watch.js';
import { settingsOf } from './store-settings.js';
import { askFigures } from './stream/stream-figures.js';
import { StreamRelay, streamKey } from './stream/stream-relay.js';
import { ValkeyStore } from './valkey-store.js';

/** Returns a function that connects to a store: a Valkey or Redis cluster, or a single primary. */
export function valkeyStore(options: StoreOptions): OpenStore {
  return async (host) => {
    const nodes = await connectNodes({ ...options, library: readLibrary() });
    const watch = new SettingsWatch(nodes, host.clock);
    let maintenance: Maintenance | undefined;
    const timers = () => ({
      tickMs: 0,
      wheelSlots: 0,
      pending: maintenance?.pending ?? 0,
      lateP99: maintenance?.lateness.recent(host.clock.now()).p99 ?? 0,
    });
    try {
      const settings = await settingsOf(nodes, options.partitions);
      const store = new ValkeyStore(watch.calls, settings, { maxValueBytes: host.maxValueBytes, timers });
      // If the store has other settings now, this process must not own partitions either: others take them over.
      const guarded: Nodes = {
        ...watch.calls,
        subscribe: (channel, partitions, listener) => nodes.subscribe(channel, partitions, listener),
        state: () => nodes.state(),
        close: () => nodes.close(),
      };
      const { partitions, ids } = store;
      const relay = new StreamRelay({ nodes: guarded, key: streamKey(options.prefix), clock: host.clock });
      maintenance = new Maintenance({ ...host, nodes: guarded, partitions, ids, events: options.events });
      watch.start(settings);
      return remoteStore(nodes, watch, store, maintenance, relay);
    } catch (error) {
      await nodes.close();
      throw error instanceof CodedError ? new UnusableStoreError(`cannot use the store: ${error.message}`) : error;
    }
  };
}

function remoteStore(
  nodes: Nodes,
  watch: SettingsWatch,
  store: ValkeyStore,
  maintenance: Maintenance,
  relay: StreamRelay,
): RemoteStore {
  const { forwarder } = maintenance;
  return {
    sessions: store.sessions,
    watch: (token) => store.watch(token),
    begin: (watched) => store.begin(watched),
    get status() {
      const { kind, version, primaries, reachable, since, lastError, times, failures } = nodes.state();
      const { replacedAt } = watch;
      return {
        kind,
        version,
        nodes: primaries,
        partitions: store.partitions.count,
        owned: maintenance.owned,
        processes: maintenance.processes,
        reachable: reachable && replacedAt === undefined,
        since: replacedAt ?? since,
        lastError: replacedAt === undefined ? lastError : watch.reason,
        calls: times.count + failures,
        failures,
        totalMs: times.ms,
      };
    },
    lateness: maintenance.lateness,
    stream: forwarder && {
      get status() {
        return forwarder.status;
      },
      get waiting() {
        return relay.waiting;
      },
      figures: () => askFigures(relay),
      run: (words, isRead) => relay.run(words, isRead),
      read: (words, ms, signal) => relay.read(words, ms, signal),
    },
    start: () => maintenance.start(),
    follow: (wanted) => maintenance.follow(wanted),
    async close() {
      watch.stop();
      relay.close();
      await maintenance.stop();
      store.flush();
      await nodes.close();
    },
  };
}
