import { useEffect, useState } from 'preact/hooks';
import type { JsonBytes } from '../src/http/json-bytes.js';

/** What the page shows. It is in the fragment of the address, which never reaches the server or its logs. */
export type Route = { readonly view: 'overview' } | { readonly view: 'sessions'; readonly name?: JsonBytes };

/** Returns the address of a view. */
export function addressOf(route: Route): string {
  if (route.view === 'overview') return '#/';
  const { name } = route;
  if (name === undefined) return '#/sessions';
  return typeof name === 'string'
    ? `#/sessions/name/${encodeURIComponent(name)}`
    : `#/sessions/base64/${encodeURIComponent(name.base64)}`;
}

/** Returns the view of an address, or undefined if the address is that of a place within a view. */
function routeOf(fragment: string): Route | undefined {
  if (fragment !== '' && !fragment.startsWith('#/')) return undefined;
  const [, view, kind, name] = fragment.split('/');
  if (view !== 'sessions') return { view: 'overview' };
  try {
    if (kind === 'name' && name) return { view, name: decodeURIComponent(name) };
    if (kind === 'base64' && name) return { view, name: { base64: decodeURIComponent(name) } };
  } catch {
    // An address that somebody has mistyped.
  }
  return { view };
}

/** Returns the current view, and renders again when it changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState<Route>(() => routeOf(location.hash) ?? { view: 'overview' });
  useEffect(() => {
    const follow = () => setRoute((before) => routeOf(location.hash) ?? before);
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}
