/** The most data that an event has, in bytes: a store keeps no more, and `event-data-max-bytes` may not be larger. */
export const MAX_EVENT_BYTES = 4 * 1024 * 1024;

/** The most keys that an event has. More would take longer than the same number of bytes in values. */
export const MAX_EVENT_KEYS = 10_000;
