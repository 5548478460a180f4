const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** Writes the time of day of a unix timestamp in ms: `14:03:07`. */
export const timeOfDay = (ms: number): string => clock.format(ms);

/** Writes a unix timestamp in ms: `14:03:07` today, `3 Nov 2026, 14:03:07` on another day. */
export function timestamp(ms: number, now: number = Date.now()): string {
  return day.format(ms) === day.format(now) ? timeOfDay(ms) : `${day.format(ms)}, ${timeOfDay(ms)}`;
}
