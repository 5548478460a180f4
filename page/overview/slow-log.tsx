import type { LiveSlowLog } from '../../src/http/live/live-data.js';
import { duration } from '../format/duration.js';
import { timestamp } from '../format/time.js';
import { Name } from '../names/name.js';

/** The latest slow commands, newest first. */
export function SlowLog({ slowlog: { fromMs, entries } }: { slowlog: LiveSlowLog }) {
  const from = fromMs === undefined ? 'off' : `from ${duration(fromMs)} on`;
  return (
    <section class="card" aria-labelledby="slow-title">
      <div class="card-bar">
        <h2 id="slow-title">Slow log</h2>
        <span class="muted">{from}</span>
      </div>
      {entries.length === 0 ? (
        <p class="muted note">No command was slow.</p>
      ) : (
        <ol class="slow-log">
          {entries.slice(0, 6).map(({ id, at, ms, words, client }) => (
            <li key={id}>
              <strong>{duration(ms)}</strong>
              <code>
                <Name name={words.join(' ')} short />
              </code>
              <span class="muted">
                {timestamp(at)}, {client}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
