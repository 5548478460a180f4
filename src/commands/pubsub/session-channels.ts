/** The prefix of the channels for session events. Only the server publishes on them. */
const PREFIX = '__session';

/** Returns whether a channel is reserved for session events. */
export const isSessionChannel = (channel: string): boolean => channel.startsWith(PREFIX);

/** The prefix, with any of its characters escaped: `\_` is as literal as `_`. */
const SPELLED_OUT = new RegExp(`^${[...PREFIX].map((character) => `\\\\?${character}`).join('')}`);

/**
 * Returns whether a pattern spells out the prefix of session channels before any wildcard. Only such patterns match
 * them, because events carry tokens and data, and a client that subscribes to `*` did not ask for them.
 */
export const spellsOutSessions = (pattern: string): boolean => SPELLED_OUT.test(pattern);
