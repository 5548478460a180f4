import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** A page of a long list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** How to get the page after it; undefined at the end. */
  readonly next?: string | undefined;
}

export interface Pages<Item> {
  readonly items: readonly Item[];
  /** Whether there is more. */
  readonly more: boolean;
  readonly loading: boolean;
  /** Why the last page could not be read; empty if it could. */
  readonly failure: string;
  /** When the list was read, as `performance.now()`. */
  readonly readAt: number;
  loadMore(): void;
  /** Reads all pages that are shown again. */
  refresh(): void;
}

interface State<Item> {
  readonly items: readonly Item[];
  readonly next: string | undefined;
  readonly failure: string;
  readonly readAt: number;
}

const EMPTY = { items: [], next: undefined, failure: '', readAt: 0 };

/**
 * Reads a list page by page, and starts again whenever `list` changes.
 * @param load Reads a page of the list, the first without `next`.
 */
export function usePages<Item>(list: string, load: (next?: string) => Promise<Page<Item>>): Pages<Item> {
  const [state, setState] = useState<State<Item>>(EMPTY);
  const [loading, setLoading] = useState(true);
  const current = useRef({ list, load, state, loading });
  current.current = { list, load, state, loading };
  const generation = useRef(0);
  /** Whether to read the list again as soon as it is read. */
  const outdated = useRef(false);

  /** Reads pages until there are as many items as wanted. */
  const read = useCallback(async (from: State<Item>, wanted: number) => {
    const mine = ++generation.current;
    setLoading(true);
    let { items, next } = from;
    let failure = '';
    try {
      do {
        const page = await current.current.load(next);
        items = [...items, ...page.items];
        next = page.next;
      } while (next !== undefined && items.length < wanted && mine === generation.current);
    } catch (error) {
      failure = (error as Error).message;
    }
    // Another list has been asked for meanwhile.
    if (mine !== generation.current) return;
    const readAt = performance.now();
    setState((before) => (failure === '' ? { items, next, failure, readAt } : { ...before, failure }));
    setLoading(false);
    if (outdated.current) {
      outdated.current = false;
      read(EMPTY, items.length);
    }
  }, []);

  useEffect(() => {
    setState(EMPTY);
    read(EMPTY, 1);
  }, [list, read]);

  return {
    items: state.items,
    more: state.next !== undefined,
    loading,
    failure: state.failure,
    readAt: state.readAt,
    loadMore: () => read(current.current.state, current.current.state.items.length + 1),
    refresh: () => {
      if (current.current.loading) outdated.current = true;
      else read(EMPTY, current.current.state.items.length);
    },
  };
}
