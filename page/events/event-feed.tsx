import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvent, LiveEventKind } from '../../src/http/live/live-data.js';
import type { Feed } from '../feed/feed.js';
import { count, counted } from '../format/count.js';
import { timeOfDay } from '../format/time.js';
import { SessionName } from '../names/session-name.js';
import './event-feed.css';

/** How many events are shown. */
const SHOWN = 100;

/** What an event is called on the page. */
const WORDS: Record<LiveEventKind, string> = {
  new: 'created',
  expired: 'expired',
  cleared: 'cleared',
  keyexpired: 'key expired',
  ended: 'ended',
  limit: 'over limit',
  maxage: 'max age',
  evicted: 'evicted',
  replaced: 'replaced',
  rotated: 'rotated',
  renamed: 'renamed',
};

interface Row extends LiveEvent {
  readonly id: number;
}

interface Log {
  /** Newest first. */
  readonly rows: readonly Row[];
  /** Events that the server left out. */
  readonly omitted: number;
}

/** What happens to sessions, newest first. The list stands still while the pointer or the focus is on it. */
export function EventFeed({ feed }: { feed: Feed }) {
  const [log, setLog] = useState<Log>({ rows: [], omitted: 0 });
  const [stopped, setStopped] = useState(false);
  const [reading, setReading] = useState(false);
  const paused = stopped || reading;
  const kept = useRef(log);
  const nextId = useRef(0);
  const [waiting, setWaiting] = useState(0);
  const isPaused = useRef(paused);
  isPaused.current = paused;

  useEffect(
    () =>
      feed.onEvents(({ entries, omitted }) => {
        const rows = entries.map((entry) => ({ ...entry, id: nextId.current++ })).reverse();
        const { current } = kept;
        kept.current = { rows: [...rows, ...current.rows].slice(0, SHOWN), omitted: current.omitted + omitted };
        if (isPaused.current) setWaiting((before) => before + entries.length + omitted);
        else setLog(kept.current);
      }),
    [feed],
  );

  useEffect(() => {
    if (paused) return;
    setWaiting(0);
    setLog(kept.current);
  }, [paused]);

  return (
    <section class="card events" aria-labelledby="events-title">
      <div class="card-bar">
        <h2 id="events-title">Events</h2>
        <span class="muted">
          {paused ? `Paused, ${count(waiting)} new` : log.omitted > 0 ? `${count(log.omitted)} left out` : ''}
        </span>
        <button type="button" class="quiet" onClick={() => setStopped(!stopped)}>
          {stopped ? 'Resume' : 'Pause'}
        </button>
      </div>
      <ol
        class="event-list"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable with the keyboard.
        tabIndex={0}
        aria-label={`Events of sessions, newest first. ${log.omitted > 0 ? `${counted(log.omitted, 'event')} left out.` : ''}`}
        onPointerEnter={({ pointerType }) => setReading(pointerType === 'mouse')}
        onPointerLeave={() => setReading(false)}
        onFocus={() => setReading(true)}
        onBlur={() => setReading(false)}
      >
        {log.rows.length === 0 && <li class="muted">Nothing has happened since you opened this page.</li>}
        {log.rows.map(({ id, at, event, name }) => (
          <li key={id} class="event">
            <time class="muted" dateTime={new Date(at).toISOString()}>
              {timeOfDay(at)}
            </time>
            <span class={`event-word ${event}`}>{WORDS[event]}</span>
            <SessionName name={name} short />
          </li>
        ))}
      </ol>
    </section>
  );
}
