import { encodeRequest } from '../expiry/ask.js';
import type { Dialect } from './dialect.js';
import { ttlOf, valueIn } from './shape.js';
import { tokenOf } from './token.js';

/** The operations of session middleware, the same for every server: each session is a string under a key. */
export const plainKeys: Pick<Dialect, 'setString' | 'getString'> = {
  setString: (shape) => ({
    request: (session) => encodeRequest('SET', keyOf(session), valueIn(shape), 'EX', ttlOf(shape, session)),
    replies: ['+OK'],
  }),
  getString: ({ valueLength }) => ({
    request: (session) => encodeRequest('GET', keyOf(session)),
    replies: [`$${valueLength}`],
  }),
};

function keyOf(session: number): string {
  return `sess:${tokenOf(session)}`;
}
