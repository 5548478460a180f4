import './app.css';
import type { Feed } from './feed/feed.js';
import { useFeed } from './feed/use-feed.js';
import { Header } from './header/header.js';
import { Overview } from './overview/overview.js';
import { useRoute } from './route.js';
import { useTheme } from './theme.js';

/** The page: the header, and one of its views below it. */
export function App({ feed }: { feed: Feed }) {
  useFeed(feed);
  const [theme, setTheme] = useTheme();
  const route = useRoute();
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header feed={feed} here={route.view} theme={theme} onTheme={setTheme} />
      <main id="main" tabIndex={-1}>
        <Overview feed={feed} theme={theme} />
      </main>
    </>
  );
}
