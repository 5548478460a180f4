import { useEffect, useRef, useState } from 'preact/hooks';
import type { JsonBytes } from '../../src/http/json-bytes.js';
import type { ListedSession } from '../../src/http/sessions/session-api-data.js';
import type { Feed } from '../feed/feed.js';
import { counted } from '../format/count.js';
import { sessionNameText } from '../names/key-of-name.js';
import { SessionName } from '../names/session-name.js';
import { addressOf } from '../route.js';
import { ConfirmDialog } from './confirm-dialog.js';
import { ListBar, rangeText } from './list-bar.js';
import { ask } from './session-api.js';
import { type KeyValue, SessionCard } from './session-card.js';
import { type Pages, usePages } from './use-pages.js';
import { useTicks } from './use-ticks.js';

/** Extending a session is no event, so the list is read again this often, in ms. */
const REFRESH_MS = 5000;
/** Events come in groups. The list is read once for each group, this many ms after its last event. */
const GROUP_MS = 200;

/** The most keys whose values are asked for. */
const MOST_KEYS = 100;

/** A session, and those of its values that were asked for. */
interface Item {
  readonly session: ListedSession;
  readonly values: readonly KeyValue[] | undefined;
}

/** The sessions with a name. The list follows what happens to them. */
export function NameSessions({ feed, name, mayEnd }: { feed: Feed; name: JsonBytes; mayEnd: boolean }) {
  const id = JSON.stringify(name);
  const [showValues, setShowValues] = useState(false);
  const sessions = usePages<Item>(id, async (count, cursor) => {
    const request = { name, count, ...(cursor !== undefined && { cursor }) };
    let page = await ask('/api/sessions', request);
    // Values are asked for by key, so the keys must be known first.
    const asked = showValues ? keysOf(page.sessions) : [];
    if (asked.length > 0) page = await ask('/api/sessions', { ...request, keys: asked });
    const items = page.sessions.map((session) => ({
      session,
      values: showValues ? valuesOf(session, asked) : undefined,
    }));
    return { items, next: page.cursor };
  });
  const now = useTicks(250);
  const serverTime = timeOfServer(feed, now);
  const [ending, setEnding] = useState<ListedSession | 'all'>();
  const heading = useRef<HTMLHeadingElement>(null);
  const ended = () => {
    // The button that had the focus is about to go.
    heading.current?.focus();
    sessions.refresh();
  };
  const follow = useRef(() => {});
  follow.current = sessions.refresh;
  useEffect(() => followEvents(feed, id, () => follow.current()), [feed, id]);
  useEffect(() => {
    if (sessions.readAt > 0) sessions.refresh();
  }, [showValues]);
  const found = sessions.items.length;
  const onePage = sessions.before === 0 && sessions.next === undefined;
  return (
    <section class="sessions" aria-labelledby="name-title">
      <p>
        <a href={addressOf({ view: 'sessions' })}>All names</a>
      </p>
      <h1 id="name-title" ref={heading} tabIndex={-1}>
        <SessionName name={name} />
      </h1>
      <ListBar pages={sessions} text={foundText(sessions)}>
        {found > 0 && (
          <button type="button" class="quiet" onClick={() => setShowValues(!showValues)}>
            {showValues ? 'Hide values' : 'Show values'}
          </button>
        )}
        {mayEnd && found > 0 && (
          <button type="button" onClick={() => setEnding('all')}>
            End all
          </button>
        )}
      </ListBar>
      {!mayEnd && found > 0 && <p class="muted">Your user lacks the permission write, which ending sessions needs.</p>}
      {sessions.failure !== '' && (
        <p class="failure" role="alert">
          {sessions.failure}
        </p>
      )}
      <ul class="session-list" aria-label={`Sessions of ${sessionNameText(name)}`}>
        {sessions.items.map(({ session, values }) => (
          <SessionCard
            key={session.id}
            session={session}
            values={values}
            elapsedMs={now - sessions.readAt}
            serverTime={serverTime}
            onEnd={mayEnd ? () => setEnding(session) : undefined}
          />
        ))}
      </ul>
      {ending !== undefined && (
        <EndDialog
          name={name}
          session={ending}
          found={`${onePage ? '' : 'at least '}${counted(sessions.before + found, 'session')}`}
          onEnded={ended}
          onClose={() => setEnding(undefined)}
        />
      )}
    </section>
  );
}

/** Returns the server's time in unix ms: the clock of this machine may be wrong. */
function timeOfServer({ latest }: Feed, now: number): number {
  return latest === undefined ? Date.now() : latest.snapshot.at + now - latest.receivedAt;
}

function foundText(sessions: Pages<unknown>): string {
  const { items, before, next, readAt, failure } = sessions;
  if (readAt === 0) return failure === '' ? 'Reading …' : '';
  if (items.length === 0)
    return before > 0 ? 'No more sessions.' : 'No session has this name. A new one appears here at once.';
  if (before > 0 || next !== undefined) return `${rangeText(sessions, 'Sessions')}, the oldest first.`;
  return items.length === 1 ? '1 session.' : `${counted(items.length, 'session')}, the oldest first.`;
}

/** Asks before it ends a session, or all with the name. */
function EndDialog(props: {
  name: JsonBytes;
  session: ListedSession | 'all';
  /** How many sessions have the name, in words. */
  found: string;
  onEnded: () => void;
  onClose: () => void;
}) {
  const { name, session, found, onEnded, onClose } = props;
  const all = session === 'all';
  return (
    <ConfirmDialog
      title={all ? 'End all sessions with this name?' : 'End this session?'}
      action={all ? 'End all' : 'End'}
      onConfirm={async () => {
        if (all) await ask('/api/end-name', { name });
        else await ask('/api/end-session', { name, ids: [session.id] });
      }}
      onDone={onEnded}
      onClose={onClose}
    >
      <p>
        <SessionName name={name} />, {all ? found : <code>{session.id}</code>}
      </p>
      <p>
        {all ? 'They are gone at once, with their data' : 'It is gone at once, with its data'}. This cannot be undone.
      </p>
    </ConfirmDialog>
  );
}

/** Returns the keys of sessions, each once. */
function keysOf(sessions: readonly ListedSession[]): JsonBytes[] {
  const keys = new Map<string, JsonBytes>();
  for (const session of sessions) {
    for (const { key } of session.keys) keys.set(JSON.stringify(key), key);
  }
  return [...keys.values()].slice(0, MOST_KEYS);
}

function valuesOf({ values }: ListedSession, keys: readonly JsonBytes[]): KeyValue[] {
  return keys.flatMap((key, i) => {
    const value = values[i];
    return value == null ? [] : [{ key, value }];
  });
}

/**
 * Calls `refresh` when something has happened to sessions with a name, and every few seconds. Returns a function that
 * stops this.
 */
function followEvents(feed: Feed, name: string, refresh: () => void): () => void {
  let group = 0;
  const stop = feed.onEvents(({ entries }) => {
    if (!entries.some((event) => JSON.stringify(event.name) === name)) return;
    clearTimeout(group);
    group = window.setTimeout(refresh, GROUP_MS);
  });
  const regularly = setInterval(refresh, REFRESH_MS);
  return () => {
    stop();
    clearTimeout(group);
    clearInterval(regularly);
  };
}
