import { useEffect, useReducer } from 'preact/hooks';
import type { Feed } from './feed.js';

/** Renders the component again whenever the feed changes. */
export function useFeed(feed: Feed): Feed {
  const [, again] = useReducer((n: number, _: undefined) => n + 1, 0);
  useEffect(() => feed.onChange(() => again(undefined)), [feed]);
  return feed;
}
