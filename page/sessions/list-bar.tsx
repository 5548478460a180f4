import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { count } from '../format/count.js';
import type { Pages } from './use-pages.js';

/** What a list shows, and buttons to go through it. It stays in view, so that pages can be turned quickly. */
export function ListBar(props: { pages: Pages<unknown>; text: string; children?: ComponentChildren }) {
  const { pages, text, children } = props;
  const { next, previous } = pages;
  const top = useRef<HTMLDivElement>(null);
  const turn = (read: (() => void) | undefined) => () => {
    read?.();
    const { current } = top;
    if (current !== null && current.getBoundingClientRect().top < 0) current.scrollIntoView();
  };
  return (
    <>
      <div ref={top} />
      <div class="list-bar">
        <p class="muted" role="status">
          {text}
        </p>
        {children}
        {(next ?? previous) && (
          <nav aria-label="Pages of the list">
            <button type="button" aria-disabled={previous === undefined} onClick={turn(previous)}>
              Previous
            </button>
            <button type="button" aria-disabled={next === undefined} onClick={turn(next)}>
              Next
            </button>
          </nav>
        )}
      </div>
    </>
  );
}

/** Returns which items of a list are shown: `Names 101 to 200`. */
export function rangeText({ items, before }: Pages<unknown>, noun: string): string {
  return `${noun} ${count(before + 1)} to ${count(before + items.length)}`;
}
