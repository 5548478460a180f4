import { randomBytes } from 'node:crypto';
import { startRespite } from '../processes.js';
import { encodeBulk, encodeRequest } from './ask.js';
import type { Contender } from './contender.js';

const PATTERN = '__session__:expired:*';

/**
 * respite. A duration starts when the server receives the request, so the actual deadline is slightly later than the
 * one computed here from the time of sending. Lateness is therefore measured as too high rather than too low.
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

/**
 * Returns tokens that do not have to be stored or read from a reply: 96 random bits, shared by all, and the number.
 */
function tokens(): (session: number) => string {
  const bytes = randomBytes(16);
  return (session) => {
    bytes.writeUInt32BE(session);
    return bytes.toString('base64url');
  };
}
