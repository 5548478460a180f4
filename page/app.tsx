import { useLayoutEffect, useRef } from 'preact/hooks';
import './app.css';
import type { Feed } from './feed/feed.js';
import { useFeed } from './feed/use-feed.js';
import { Header } from './header/header.js';
import { sessionNameText } from './names/key-of-name.js';
import { Overview } from './overview/overview.js';
import { type Route, useRoute } from './route.js';
import { Sessions } from './sessions/sessions.js';
import { useTheme } from './theme.js';

/** The page: the header, and one of its views below it. */
export function App({ feed }: { feed: Feed }) {
  useFeed(feed);
  const [theme, setTheme] = useTheme();
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const shown = useRef(route);
  // Before the next key is handled: it belongs to the new view.
  useLayoutEffect(() => {
    document.title = titleOf(route);
    // A keyboard or screen reader continues where the new view begins.
    if (shown.current !== route) main.current?.focus();
    shown.current = route;
  }, [route]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header feed={feed} here={route.view} theme={theme} onTheme={setTheme} />
      <main id="main" ref={main} tabIndex={-1}>
        {route.view === 'overview' ? <Overview feed={feed} theme={theme} /> : <Sessions feed={feed} route={route} />}
      </main>
    </>
  );
}

function titleOf(route: Route): string {
  if (route.view === 'overview') return 'respite';
  return `${route.name === undefined ? 'Sessions' : sessionNameText(route.name)} – respite`;
}
