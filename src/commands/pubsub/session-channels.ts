/** What the channels of session events begin with. Only the server publishes there. */
const PREFIX = '__session';

/** Whether a channel is one of session events, or could become one. */
export const isSessionChannel = (channel: string): boolean => channel.startsWith(PREFIX);

/** The prefix, each of its characters escaped or not: `\_` is as literal as `_`. */
const SPELLED_OUT = new RegExp(`^${[...PREFIX].map((character) => `\\\\?${character}`).join('')}`);

/**
 * Whether a pattern spells out the prefix of session channels before any wildcard. Only such patterns match them: events carry
 * tokens and data, and who subscribes to `*` asked for neither.
 */
export const spellsOutSessions = (pattern: string): boolean => SPELLED_OUT.test(pattern);
