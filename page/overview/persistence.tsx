import type { LivePersistence } from '../../src/http/live/live-data.js';
import { bytes } from '../format/bytes.js';
import { duration } from '../format/duration.js';
import { Facts } from './facts.js';

/** The journal: whether it works, its size, its syncs and compactions. */
export function Persistence({ persistence, at }: { persistence: LivePersistence; at: number }) {
  return (
    <section class="card" aria-labelledby="persistence-title">
      <h2 id="persistence-title">Persistence</h2>
      {persistence.on ? (
        <Facts facts={factsOf(persistence, at)} />
      ) : (
        <p class="muted note">Off. Sessions are only in memory and are lost when the server stops.</p>
      )}
    </section>
  );
}

function factsOf(persistence: LivePersistence & { on: true }, at: number): Record<string, string> {
  const { error, policy, size, baseSize, pending, fsync, compaction } = persistence;
  const { runningMs, lastMs, lastSucceeded } = compaction;
  const last = lastMs === undefined ? 'none yet' : `${lastSucceeded ? 'took' : 'failed after'} ${duration(lastMs)}`;
  return {
    journal: error === '' ? 'working' : error,
    'synced to disk': policy,
    size: `${bytes(size)}, ${bytes(size - baseSize)} since the last compaction`,
    'not written yet': bytes(pending),
    'last fsync': fsync === undefined ? '–' : `took ${duration(fsync.ms)}, ${duration(Math.max(0, at - fsync.at))} ago`,
    compaction: runningMs === undefined ? last : `running for ${duration(runningMs)}`,
  };
}
