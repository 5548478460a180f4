import type { JsonBytes } from '../../src/http/json-bytes.js';
import type { ListedSession } from '../../src/http/sessions/session-api-data.js';
import { bytes } from '../format/bytes.js';
import { count, counted } from '../format/count.js';
import { countdown, duration } from '../format/duration.js';
import { timestamp } from '../format/time.js';
import { Name } from '../names/name.js';
import { Value } from '../names/value.js';

export interface KeyValue {
  readonly key: JsonBytes;
  readonly value: JsonBytes;
}

/** One session. */
export function SessionCard(props: {
  session: ListedSession;
  /** The values to show; undefined to show only the keys. */
  values: readonly KeyValue[] | undefined;
  /** How long ago it was listed. */
  elapsedMs: number;
  /** The server's time in unix ms. */
  serverTime: number;
  onEnd: (() => void) | undefined;
}) {
  const { session, values, elapsedMs, serverTime, onEnd } = props;
  const { id, created, lastUsed, timeLeft, keyCount, keys } = session;
  return (
    <li class="card session">
      <div class="session-bar">
        <code class="session-id">{id}</code>
        <TimeLeft ms={timeLeft === undefined ? undefined : timeLeft - elapsedMs} />
        {onEnd && (
          <button type="button" onClick={onEnd} aria-label={`End session ${id}`}>
            End
          </button>
        )}
      </div>
      <dl class="session-facts">
        <Fact name="created" value={timestamp(created, serverTime)} />
        <Fact
          name="last used"
          value={
            lastUsed === undefined ? 'before the server started' : `${duration(Math.max(0, serverTime - lastUsed))} ago`
          }
        />
        <Fact name="size" value={bytes(session.bytes)} />
      </dl>
      <div class="session-keys">
        <span class="muted">{keyCount === 0 ? 'no keys' : counted(keyCount, 'key')}</span>
        {values === undefined ? (
          <ul>
            {keys.map(({ key, bytes: length }) => (
              <li key={JSON.stringify(key)} class="key" title={bytes(length)}>
                <Name name={key} short />
              </li>
            ))}
            {keyCount > keys.length && <li class="muted">and {count(keyCount - keys.length)} more</li>}
          </ul>
        ) : (
          <dl>
            {values.map(({ key, value }) => (
              <div key={JSON.stringify(key)}>
                <dt>
                  <Name name={key} />
                </dt>
                <dd>
                  <Value value={value} />
                </dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </li>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function TimeLeft({ ms }: { ms: number | undefined }) {
  if (ms === undefined) return <span class="time-left muted">no deadline</span>;
  if (ms <= 0) return <span class="time-left over">expired</span>;
  return (
    <span class="time-left">
      {countdown(ms)} <span class="muted">left</span>
    </span>
  );
}
