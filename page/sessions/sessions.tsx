import { useRef, useState } from 'preact/hooks';
import type { Feed } from '../feed/feed.js';
import { count, counted } from '../format/count.js';
import { SessionName } from '../names/session-name.js';
import { addressOf, type Route } from '../route.js';
import { ListBar, rangeText } from './list-bar.js';
import { NameSessions } from './name-sessions.js';
import { ask } from './session-api.js';
import './sessions.css';
import { type Pages, usePages } from './use-pages.js';

/** Finds sessions by name. */
export function Sessions({ feed, route }: { feed: Feed; route: Route & { view: 'sessions' } }) {
  const { name } = route;
  // Kept for when the user comes back from a name.
  const [pattern, setPattern] = useState('');
  const permissions = feed.latest?.hello.permissions;
  if (permissions === undefined) return null;
  if (!permissions.includes('read')) {
    return (
      <section class="sessions">
        <h1>Sessions</h1>
        <p>Your user lacks the permission read, which listing sessions needs.</p>
      </section>
    );
  }
  if (name === undefined) return <Search feed={feed} pattern={pattern} onSearch={setPattern} />;
  return <NameSessions key={JSON.stringify(name)} feed={feed} name={name} mayEnd={permissions.includes('write')} />;
}

function Search(props: { feed: Feed; pattern: string; onSearch: (pattern: string) => void }) {
  const { feed, pattern, onSearch } = props;
  const [typed, setTyped] = useState(pattern);
  const names = usePages(pattern, async (count, cursor) => {
    const page = await ask('/api/names', {
      count,
      ...(pattern !== '' && { match: pattern }),
      ...(cursor && { cursor }),
    });
    return { items: page.names, next: page.cursor };
  });
  const total = feed.latest?.snapshot.names;
  const input = useRef<HTMLInputElement>(null);
  // A search for a part of a name finds nothing, so the page offers the pattern that does.
  const wider = pattern === '' || /[*?[\\]/.test(pattern) ? undefined : `*${pattern}*`;
  return (
    <section class="sessions" aria-labelledby="search-title">
      <h1 id="search-title">Sessions</h1>
      {/* biome-ignore lint/a11y/useSemanticElements: the element <search> is too new for some browsers. */}
      <form
        class="search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === pattern) names.refresh();
          else onSearch(typed);
        }}
      >
        <label for="pattern">Name, or a pattern with * and ?</label>
        <input
          id="pattern"
          ref={input}
          type="search"
          value={typed}
          placeholder="user:*"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        <button type="submit" class="primary">
          Search
        </button>
      </form>
      <ListBar pages={names} text={foundText(names, pattern, total)} />
      {wider !== undefined && !names.loading && names.failure === '' && names.items.length === 0 && (
        <p>
          <button
            type="button"
            onClick={() => {
              setTyped(wider);
              onSearch(wider);
              input.current?.focus();
            }}
          >
            Search for {wider}
          </button>
        </p>
      )}
      {names.failure !== '' && (
        <p class="failure" role="alert">
          {names.failure}
        </p>
      )}
      {names.items.length > 0 && (
        <ul class="card names">
          {names.items.map(({ name, sessions }) => (
            <li key={JSON.stringify(name)}>
              <a href={addressOf({ view: 'sessions', name })}>
                <SessionName name={name} />
                <span class="muted">{counted(sessions, 'session')}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function foundText(names: Pages<unknown>, pattern: string, total: number | undefined): string {
  const { items, before, next, readAt, failure } = names;
  if (readAt === 0) return failure === '' ? 'Searching …' : '';
  if (items.length === 0)
    return before > 0 ? 'No more names.' : pattern === '' ? 'There are no sessions.' : 'No name matches.';
  if (before === 0 && next === undefined) return `${counted(items.length, 'name')}.`;
  const range = rangeText(names, 'Names');
  return pattern === '' && total !== undefined ? `${range} of ${count(total)}.` : `${range} that match.`;
}
