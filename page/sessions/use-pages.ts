import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** Part of a long list. */
export interface Part<Item> {
  readonly items: readonly Item[];
  /** How to get what comes after it; undefined at the end. */
  readonly next?: string | undefined;
}

/** The page that is shown. There is only one, so a list may have millions of items. */
export interface Pages<Item> {
  readonly items: readonly Item[];
  /** How many items are on the pages before it. */
  readonly before: number;
  readonly loading: boolean;
  /** Why the page could not be read; empty if it could. */
  readonly failure: string;
  /** When it was read, as `performance.now()`; 0 until then. */
  readonly readAt: number;
  /** Reads the next page; undefined at the end. */
  readonly next: (() => void) | undefined;
  /** Reads the previous page; undefined on the first. */
  readonly previous: (() => void) | undefined;
  /** Reads the page again. */
  refresh(): void;
}

/** Where a page begins. */
interface Place {
  readonly cursor: string | undefined;
  readonly before: number;
}

interface State<Item> {
  /** Where the pages up to this one begin. */
  readonly places: readonly Place[];
  readonly items: readonly Item[];
  readonly next: string | undefined;
  readonly failure: string;
  readonly readAt: number;
}

/** About how many items a page has. */
const PAGE = 100;
/**
 * A page gets shorter rather than be read in more parts than this. Parts are small if time is short or values are long.
 */
const MOST_PARTS = 8;

const START: readonly Place[] = [{ cursor: undefined, before: 0 }];
const EMPTY = { places: START, items: [], next: undefined, failure: '', readAt: 0 };

/**
 * Reads a list page by page, and starts again whenever `list` changes.
 * @param load Reads about `count` items, the first ones without `cursor`. It may read fewer.
 */
export function usePages<Item>(
  list: string,
  load: (count: number, cursor?: string) => Promise<Part<Item>>,
): Pages<Item> {
  const [state, setState] = useState<State<Item>>(EMPTY);
  const [loading, setLoading] = useState(true);
  const current = useRef({ load, places: state.places, loading });
  current.current = { load, places: state.places, loading };
  const generation = useRef(0);
  /** Whether to read the page again as soon as it is read. */
  const outdated = useRef(false);

  /** Reads the page that begins at the last of the places. */
  const read = useCallback(async (places: readonly Place[]) => {
    const mine = ++generation.current;
    setLoading(true);
    const items: Item[] = [];
    let next = places.at(-1)?.cursor;
    let failure = '';
    try {
      for (let parts = 1; ; parts++) {
        const part = await current.current.load(PAGE - items.length, next);
        items.push(...part.items);
        next = part.next;
        if (next === undefined || mine !== generation.current) break;
        if (items.length >= PAGE || (items.length > 0 && parts === MOST_PARTS)) break;
      }
    } catch (error) {
      failure = (error as Error).message;
    }
    // Another page has been asked for meanwhile.
    if (mine !== generation.current) return;
    setState((before) =>
      failure === '' ? { places, items, next, failure, readAt: performance.now() } : { ...before, failure },
    );
    setLoading(false);
    if (outdated.current) {
      outdated.current = false;
      read(places);
    }
  }, []);

  useEffect(() => {
    setState(EMPTY);
    read(START);
  }, [list, read]);

  const { places, items, next, failure, readAt } = state;
  const before = places.at(-1)?.before ?? 0;
  return {
    items,
    before,
    loading,
    failure,
    readAt,
    next: next === undefined ? undefined : () => read([...places, { cursor: next, before: before + items.length }]),
    previous: places.length === 1 ? undefined : () => read(places.slice(0, -1)),
    refresh: () => {
      if (current.current.loading) outdated.current = true;
      else read(current.current.places);
    },
  };
}
