import { CodedError } from '../../errors.js';

/** The longest name of a channel, in bytes. Channels of events have shorter names. */
export const MAX_CHANNEL = 1024;

export const CHANNEL_TOO_LONG = new CodedError(
  'ERR',
  `the name of a channel must not be longer than ${MAX_CHANNEL} bytes`,
);
