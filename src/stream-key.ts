/** The key of the stream of session events, in database 0. It is the name of no other key. */
export const STREAM_KEY = '__session__';
