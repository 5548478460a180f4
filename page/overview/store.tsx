import type { LiveStore } from '../../src/http/live/live-data.js';
import { count } from '../format/count.js';
import { duration } from '../format/duration.js';
import { Facts } from './facts.js';

const KINDS: Record<LiveStore['kind'], string> = {
  cluster: 'a cluster',
  single: 'a single primary',
  sentinel: 'a primary with Sentinels',
};

/** The store that has the sessions. It takes the place of the timing wheel. */
export function Store({ store }: { store: LiveStore }) {
  const { kind, version, nodes, partitions, owned, processes, reachable, calls, failures, meanMs } = store;
  return (
    <section class="card wheel" aria-labelledby="store-title">
      <h2 id="store-title">Store</h2>
      <Facts
        facts={{
          'sessions are in': `${KINDS[kind]}, ${version}`,
          state: reachable ? 'reachable' : 'unreachable',
          primaries: count(nodes),
          'servers that use it': count(processes),
          'partitions that this server looks after': `${count(owned)} of ${count(partitions)}`,
          calls: count(calls),
          'calls that failed': count(failures),
          'mean time of a call': duration(meanMs),
        }}
      />
      <p class="muted note">
        The figures of sessions are those of the whole store, and a few seconds old. Lateness is that of the sessions
        that this server expires. The timing wheel is not shown: it has only the next seconds of this server's
        partitions.
      </p>
    </section>
  );
}
