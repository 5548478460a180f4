/** The prefix of the channels of session events. Only the server publishes there. */
const PREFIX = '__session';

/** Whether a channel is for session events, or could be one day. */
export const isSessionChannel = (channel: string): boolean => channel.startsWith(PREFIX);

/** The prefix, each of its characters escaped or not: `\_` is as literal as `_`. */
const SPELLED_OUT = new RegExp(`^${[...PREFIX].map((character) => `\\\\?${character}`).join('')}`);

/**
 * Whether a pattern spells out the prefix of session channels before any wildcard. Only such patterns match them, because events
 * contain tokens and data, and a subscriber of `*` has not asked for those.
 */
export const spellsOutSessions = (pattern: string): boolean => SPELLED_OUT.test(pattern);
