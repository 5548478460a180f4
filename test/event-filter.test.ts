import { describe, expect, it } from 'vitest';
import { SESSION_EVENTS } from '../src/engine/index.js';
import { eventFilter } from '../src/event-filter.js';
import { EVENT_NAMES } from '../src/event-names.js';

describe('a filter of events', () => {
  it('knows all events', () => {
    expect([...EVENT_NAMES].sort()).toEqual(Object.keys(SESSION_EVENTS).sort());
  });

  it.each<[filter: string, through: string[]]>([
    ['', ['new a', 'expired a', 'expired user:1']],
    ['*', ['new a', 'expired a', 'expired user:1']],
    ['expired', ['expired a', 'expired user:1']],
    ['expired:user:*', ['expired user:1']],
    [' new,expired:?   ended ', ['new a', 'expired a']],
    ['new:b new:a', ['new a']],
    ['*:user:*', ['expired user:1']],
    ['limit', []],
  ])('%j lets %j through', (filter, through) => {
    const isWanted = eventFilter(filter);
    const all = ['new a', 'expired a', 'expired user:1'];
    expect(all.filter((text) => isWanted(...(text.split(' ') as [string, string])))).toEqual(through);
  });
});
