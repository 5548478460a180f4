import { randomBytes } from 'node:crypto';
import { startRespite } from '../processes.js';
import { encodeBulk, encodeRequest } from './ask.js';
import type { Contender } from './contender.js';

const PATTERN = '__session__:expired:*';

/**
 * respite. A duration counts from when the server has the request, so its deadline is a little later than the one
 * reckoned here from when the request was sent: lateness is measured too large rather than too small.
 */
export function respite(): Contender {
  const probed = randomBytes(16).toString('base64url');
  const token = tokens();
  return {
    start: () => startRespite(),
    preparation: {
      request: encodeRequest('SESSION.NEW', 'probed', 0, 'TOKEN', probed, 'DATA', 'key', 'value'),
      reply: encodeBulk(probed),
    },
    subscription: {
      request: encodeRequest('PSUBSCRIBE', PATTERN),
      reply: `*3\r\n${encodeBulk('psubscribe')}${encodeBulk(PATTERN)}:1\r\n`,
    },
    probe: { request: encodeRequest('SESSION.GET', probed, 'key'), reply: encodeBulk('value') },
    create: (session) => ({
      request: encodeRequest('SESSION.NEW', `user:${session}`, 0, 'TOKEN', token(session), 'DATA', 'key', 'value'),
      reply: encodeBulk(token(session)),
    }),
    expire(session, due, sent) {
      const duration = Math.max(1, Math.round(due - sent));
      return {
        request: encodeRequest('SESSION.PEXPIRE', token(session), duration),
        reply: ':1\r\n',
        deadline: sent + duration,
      };
    },
  };
}

/** Tokens that need not be remembered, nor read from a reply: 96 random bits, the same for all, and the number. */
function tokens(): (session: number) => string {
  const bytes = randomBytes(16);
  return (session) => {
    bytes.writeUInt32BE(session);
    return bytes.toString('base64url');
  };
}
