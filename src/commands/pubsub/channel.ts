import { CodedError } from '../../errors.js';

/** Longest name of a channel, in bytes: more than an event's channel has. */
export const MAX_CHANNEL = 1024;

export const CHANNEL_TOO_LONG = new CodedError(
  'ERR',
  `the name of a channel must not be longer than ${MAX_CHANNEL} bytes`,
);
