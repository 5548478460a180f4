import { EVENT_NAMES } from './event-names.js';
import { globMatcher } from './glob.js';
import { nearest } from './nearest.js';

/** Returns whether an event of a session is wanted. `name` has one character per byte. */
export type EventFilter = (event: string, name: string) => boolean;

/**
 * Makes a filter of its text: conditions separated by spaces, of which one must hold. A condition is a list of events
 * separated by commas, or `*`, and optionally a colon and a glob pattern for the name: `expired,limit ended:user:*`.
 * An empty text lets everything through.
 * @throws Error if the text is not a filter. The message says what is wrong.
 */
export function eventFilter(text: string): EventFilter {
  const conditions = text.split(' ').filter((word) => word !== '');
  if (conditions.length === 0) return () => true;
  const byEvent = new Map<string, ((name: string) => boolean)[]>();
  for (const condition of conditions) {
    const colon = condition.indexOf(':');
    const events = colon < 0 ? condition : condition.slice(0, colon);
    const matches = colon < 0 ? () => true : globMatcher(condition.slice(colon + 1));
    for (const event of eventsIn(events)) byEvent.set(event, [...(byEvent.get(event) ?? []), matches]);
  }
  return (event, name) => {
    const patterns = byEvent.get(event);
    if (patterns === undefined) return false;
    for (const matches of patterns) if (matches(name)) return true;
    return false;
  };
}

function eventsIn(list: string): readonly string[] {
  if (list === '*') return EVENT_NAMES;
  const events = list.split(',');
  for (const event of events) {
    if (EVENT_NAMES.some((name) => name === event)) continue;
    const [meant] = nearest(event, EVENT_NAMES);
    throw new Error(
      `"${event}" is not an event${meant === undefined ? '.' : `: did you mean "${meant}"?`} Expected events and patterns such as "expired,limit ended:user:*"`,
    );
  }
  return events;
}
