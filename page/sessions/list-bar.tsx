import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { count } from '../format/count.js';
import type { Pages } from './use-pages.js';

/** What a list shows, and buttons to go through it. It stays in view, so that pages can be turned quickly. */
export function ListBar(props: { pages: Pages<unknown>; text: string; children?: ComponentChildren }) {
  const { pages, text, children } = props;
  const { next, previous } = pages;
  const bar = useRef<HTMLDivElement>(null);
  const turn = (read: (() => void) | undefined) => () => {
    read?.();
    // The bar itself is always in view. A page begins below what is above the bar.
    const above = bar.current?.previousElementSibling;
    if (above && above.getBoundingClientRect().top < 0) above.scrollIntoView();
  };
  return (
    <div ref={bar} class="list-bar">
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
  );
}

/** Returns which items of a list are shown: `Names 101 to 200`. */
export function rangeText({ items, before }: Pages<unknown>, noun: string): string {
  return `${noun} ${count(before + 1)} to ${count(before + items.length)}`;
}
